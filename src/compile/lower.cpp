#include "compile/lower.h"

#include <map>

namespace bolide {

Result<std::shared_ptr<const StepGraph>> lower(const Graph& graph) {
  auto steps = std::make_shared<StepGraph>();
  steps->name = graph.name;
  std::map<ValueId, int> values;
  std::map<const Tensor*, int> constants;
  const auto value_of = [&](ValueId id) {
    if (id == kNoValue) return kNone;
    const auto [known, fresh] = values.try_emplace(id, static_cast<int>(steps->values.size()));
    if (!fresh) return known->second;
    const Value& value = graph.value(id);
    StepGraph::Value lowered{.name = value.name, .type = value.type};
    if (value.constant) {
      const auto [at, is_new] = constants.try_emplace(value.constant.get(), static_cast<int>(steps->constants.size()));
      if (is_new) steps->constants.push_back(*value.constant);
      lowered.constant = at->second;
    }
    steps->values.push_back(std::move(lowered));
    return known->second;
  };
  for (const ValueId input : graph.inputs()) steps->inputs.push_back(value_of(input));
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    StepGraph::Step step{.name = node.name, .op = node.op, .members = node.members};
    for (const ValueId input : node.inputs) step.inputs.push_back(value_of(input));
    for (const ValueId output : node.outputs) step.outputs.push_back(value_of(output));
    for (const auto& body : node.subgraphs) {
      TRY(auto lowered, lower(*body));
      step.bodies.push_back(std::move(lowered));
    }
    steps->steps.push_back(std::move(step));
  }
  for (const ValueId output : graph.outputs()) steps->outputs.push_back(value_of(output));
  TRY_OK(check(*steps));
  return std::shared_ptr<const StepGraph>(std::move(steps));
}

}  // namespace bolide
