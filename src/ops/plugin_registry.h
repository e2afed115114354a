/// The operators of plugins that this process has been given.
#pragma once

#include "base/error.h"

#include <bolide/plugin.h>

#include <string>
#include <vector>

namespace bolide {

struct PluginOperator {
  const bolide_plugin_operator* functions = nullptr;
  std::string domain;
  std::string name;
  std::string plugin;
  std::string version;
};

/// Takes the table, which must live as long as the process. The same table may come again. Any thread.
/// Errors: InvalidArgument for a table that is not complete, another version of a plugin that is there, or an operator
/// of the same domain and name; Unsupported for another ABI.
Status register_plugin(const bolide_plugin& plugin);
/// Opens a shared library and registers what its bolide_plugin_entry() gives; it stays open.
/// Errors: NotFound when it cannot be opened or has no entry, with the loader's message; those above.
Status load_plugin_file(const std::string& path);
/// Null when no plugin has it. Valid for the life of the process.
const PluginOperator* find_plugin_operator(std::string_view domain, std::string_view name);
/// "name version" of every plugin.
std::vector<std::string> plugin_names();

}  // namespace bolide
