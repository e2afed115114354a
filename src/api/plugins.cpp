#include <bolide/plugins.h>

#include "ops/plugin_registry.h"

namespace bolide {

Status load_plugin(const std::filesystem::path& path) { return load_plugin_file(path.string()); }

std::vector<std::string> loaded_plugins() { return plugin_names(); }

}  // namespace bolide
