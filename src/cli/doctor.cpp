#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/table.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace bolide::cli {
namespace {

int doctor(bool json) {
  const auto facts = system_facts();
  if (json) {
    nlohmann::json document = nlohmann::json::object();
    for (const auto& [name, value] : facts) {
      // What was tried for a library has several values.
      const bool list = name.size() > 6 && name.compare(name.size() - 6, 6, " tried") == 0;
      if (list) {
        document[name].push_back(value);
      } else {
        document[name] = value;
      }
    }
    print_json(document);
    return kDone;
  }
  std::size_t width = 0;
  for (const auto& [name, value] : facts) width = std::max(width, name.size());
  for (const auto& [name, value] : facts)
    std::cout << name << std::string(width + 2 - name.size(), ' ') << value << '\n';
  return kDone;
}

}  // namespace

std::function<int()> add_doctor(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "print one JSON document");
  return [json] { return doctor(*json); };
}

}  // namespace bolide::cli
