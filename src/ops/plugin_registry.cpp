#include "ops/plugin_registry.h"

#include <dlfcn.h>

#include <algorithm>
#include <deque>
#include <mutex>

namespace bolide {
namespace {

/// Entries never move and are never removed, so that they can be pointed to.
struct Registry {
  std::mutex mutex;
  std::deque<PluginOperator> operators;
  std::vector<std::pair<std::string, std::string>> plugins;  // name, version
  std::vector<const bolide_plugin*> tables;
};

Registry& registry() {
  static Registry one;
  return one;
}

const PluginOperator* find_locked(const Registry& all, std::string_view domain, std::string_view name) {
  const auto found = std::find_if(all.operators.begin(), all.operators.end(), [&](const PluginOperator& candidate) {
    return candidate.domain == domain && candidate.name == name;
  });
  return found == all.operators.end() ? nullptr : &*found;
}

Status check_table(const bolide_plugin& plugin) {
  if (plugin.abi != BOLIDE_PLUGIN_ABI) {
    return unsupported("the plugin is written for interface ", plugin.abi, ", this is ", BOLIDE_PLUGIN_ABI,
                       "; compile it against this version of bolide/plugin.h");
  }
  if (plugin.name == nullptr || plugin.version == nullptr ||
      (plugin.operator_count > 0 && plugin.operators == nullptr)) {
    return invalid_argument("the plugin's table has no name, version or operators");
  }
  for (std::size_t i = 0; i < plugin.operator_count; ++i) {
    const bolide_plugin_operator& one = plugin.operators[i];
    const bool complete = one.struct_size == sizeof(bolide_plugin_operator) && one.domain != nullptr &&
                          one.name != nullptr && one.infer != nullptr && one.evaluate != nullptr &&
                          one.min_inputs >= 0 && one.outputs >= 1;
    if (!complete) return invalid_argument("operator ", i, " of plugin '", plugin.name, "' is not complete");
  }
  return ok();
}

}  // namespace

Status register_plugin(const bolide_plugin& plugin) {
  TRY_OK(check_table(plugin));
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  if (std::find(all.tables.begin(), all.tables.end(), &plugin) != all.tables.end()) return ok();
  for (const auto& [name, version] : all.plugins) {
    if (name != plugin.name) continue;
    if (version == plugin.version) return ok();
    return invalid_argument("plugin '", name, "' is there in version ", version, ", version ", plugin.version,
                            " cannot be added");
  }
  for (std::size_t i = 0; i < plugin.operator_count; ++i) {
    const bolide_plugin_operator& one = plugin.operators[i];
    if (const PluginOperator* other = find_locked(all, one.domain, one.name)) {
      return invalid_argument("operator ", one.domain, ".", one.name, " comes from plugin '", other->plugin,
                              "' already, plugin '", plugin.name, "' has it, too");
    }
  }
  for (std::size_t i = 0; i < plugin.operator_count; ++i) {
    const bolide_plugin_operator& one = plugin.operators[i];
    all.operators.push_back({&one, one.domain, one.name, plugin.name, plugin.version});
  }
  all.plugins.emplace_back(plugin.name, plugin.version);
  all.tables.push_back(&plugin);
  return ok();
}

Status load_plugin_file(const std::string& path) {
  const std::string shown = strings::join("plugin '", path, "'");
  // A bare name would be looked for in the folders of the system.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return not_found(shown, ": ", dlerror());
  auto* const entry = reinterpret_cast<decltype(&bolide_plugin_entry)>(dlsym(library, "bolide_plugin_entry"));
  const bolide_plugin* plugin = entry != nullptr ? entry() : nullptr;
  if (plugin == nullptr) {
    dlclose(library);
    return not_found(shown, " exports no bolide_plugin_entry() that gives a table");
  }
  return register_plugin(*plugin).within(shown);
}

const PluginOperator* find_plugin_operator(std::string_view domain, std::string_view name) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  return find_locked(all, domain, name);
}

std::vector<std::string> plugin_names() {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  std::vector<std::string> out;
  for (const auto& [name, version] : all.plugins) out.push_back(strings::join(name, " ", version));
  return out;
}

}  // namespace bolide
