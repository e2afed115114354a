/// Giving the process operators of your own. How one is written: bolide/plugin.hpp, docs/recipes/write-a-plugin.md.
#pragma once

#include <bolide/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace bolide {

/// Opens a shared library that exports bolide_plugin_entry(), for the life of the process. From then on models may use
/// its operators, and engines that name it load. The same file may come again. Any thread.
/// Errors: NotFound when it cannot be opened or has no entry; Unsupported for another interface; InvalidArgument for an
/// incomplete table, another version of the same plugin, or an operator that another plugin has.
BOLIDE_API Status load_plugin(const std::filesystem::path& path);
/// "name version" of each.
BOLIDE_API std::vector<std::string> loaded_plugins();

}  // namespace bolide
