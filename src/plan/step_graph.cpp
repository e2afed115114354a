#include "plan/step_graph.h"

namespace bolide {
namespace {

bool in_range(int index, std::size_t size) { return index >= 0 && static_cast<std::size_t>(index) < size; }

Status check_value(const StepGraph& graph, const StepGraph::Value& value) {
  if (value.constant == kNone) return {};
  if (!in_range(value.constant, graph.constants.size())) {
    return bad_file("value '", value.name, "' refers to constant ", value.constant, " of ", graph.constants.size());
  }
  const Tensor& tensor = graph.constants[static_cast<std::size_t>(value.constant)];
  if (tensor.type() != value.type) {
    return bad_file("value '", value.name, "' is ", value.type, " but its constant is ", tensor.type());
  }
  return {};
}

Status check_step(const StepGraph& graph, const StepGraph::Step& step, std::vector<bool>& known) {
  const OpInfo& info = step.op.info();
  const auto inputs = static_cast<int>(step.inputs.size());
  if (inputs < info.min_inputs || (info.max_inputs >= 0 && inputs > info.max_inputs)) {
    return bad_file("step '", step.name, "': ", info.name, " with ", inputs, " inputs");
  }
  for (int i = 0; i < inputs; ++i) {
    const int input = step.inputs[static_cast<std::size_t>(i)];
    if (input == kNone && i >= info.min_inputs) continue;
    if (!in_range(input, graph.values.size()) || !known[static_cast<std::size_t>(input)]) {
      return bad_file("step '", step.name, "' reads value ", input, " before it exists");
    }
  }
  if (step.outputs.empty() || (info.outputs >= 0 && step.outputs.size() > static_cast<std::size_t>(info.outputs))) {
    return bad_file("step '", step.name, "': ", info.name, " with ", step.outputs.size(), " outputs");
  }
  for (const int output : step.outputs) {
    if (output == kNone) continue;
    if (!in_range(output, graph.values.size()) || known[static_cast<std::size_t>(output)]) {
      return bad_file("step '", step.name, "' produces value ", output, ", which does not exist or exists already");
    }
    known[static_cast<std::size_t>(output)] = true;
  }
  for (const auto& body : step.bodies) {
    if (body == nullptr) return bad_file("step '", step.name, "' has an empty body");
    TRY_OK(check(*body).within(strings::join("body of step '", step.name, "'")));
  }
  return {};
}

}  // namespace

Result<TensorTypes> body_types(const StepGraph::Step& step, int index) {
  if (index < 0 || static_cast<std::size_t>(index) >= step.bodies.size()) {
    return bad_file("step '", step.name, "' has no body ", index);
  }
  const StepGraph& body = *step.bodies[static_cast<std::size_t>(index)];
  TensorTypes types;
  for (const int output : body.outputs) types.push_back(body.values[static_cast<std::size_t>(output)].type);
  return types;
}

Status check(const StepGraph& graph) {
  std::vector<bool> known(graph.values.size(), false);
  for (std::size_t i = 0; i < graph.values.size(); ++i) {
    TRY_OK(check_value(graph, graph.values[i]));
    known[i] = graph.values[i].constant != kNone;
  }
  for (const int input : graph.inputs) {
    if (!in_range(input, graph.values.size()) || known[static_cast<std::size_t>(input)]) {
      return bad_file("graph input ", input, " does not exist or is produced twice");
    }
    known[static_cast<std::size_t>(input)] = true;
  }
  for (const StepGraph::Step& step : graph.steps) TRY_OK(check_step(graph, step, known));
  for (const int output : graph.outputs) {
    if (!in_range(output, graph.values.size()) || !known[static_cast<std::size_t>(output)]) {
      return bad_file("graph output ", output, " is not produced");
    }
  }
  return {};
}

}  // namespace bolide
