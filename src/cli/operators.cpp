#include "cli/command.h"
#include "cli/json_output.h"
#include "cli/table.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace bolide::cli {
namespace {

int operators(bool json) {
  nlohmann::json document = nlohmann::json::array();
  Table table({"operator", "inputs", "cuda", "attributes"});
  for (const OperatorInfo& info : operator_list()) {
    std::string attributes;
    for (const std::string& attribute : info.attributes) attributes += (attributes.empty() ? "" : ", ") + attribute;
    const std::string most = info.max_inputs < 0 ? "any" : std::to_string(info.max_inputs);
    table.row({info.name, info.min_inputs == info.max_inputs ? most : std::to_string(info.min_inputs) + " to " + most,
               info.cuda ? "kernels" : "host", attributes});
    document.push_back({{"name", info.name},
                        {"min_inputs", info.min_inputs},
                        {"max_inputs", info.max_inputs},
                        {"attributes", info.attributes},
                        {"cuda", info.cuda}});
  }
  if (json) {
    print_json(document);
  } else {
    table.print(std::cout);
  }
  return kDone;
}

}  // namespace

std::function<int()> add_operators(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "print one JSON document");
  return [json] { return operators(*json); };
}

}  // namespace bolide::cli
