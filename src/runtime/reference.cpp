#include "runtime/reference.h"

#include "base/memory_size.h"
#include "base/time_limit.h"
#include "plan/sizes.h"

namespace bolide {
namespace {

std::vector<int> last_readers(const StepGraph& graph) {
  std::vector<int> last(graph.values.size(), kNone);
  for (std::size_t s = 0; s < graph.steps.size(); ++s) {
    for (const int input : graph.steps[s].inputs) {
      if (input != kNone) last[static_cast<std::size_t>(input)] = static_cast<int>(s);
    }
  }
  for (const int output : graph.outputs) last[static_cast<std::size_t>(output)] = static_cast<int>(graph.steps.size());
  return last;
}

}  // namespace

Result<Tensors> evaluate_step(const StepGraph::Step& step, std::span<const std::optional<Tensor>> values,
                              const BodyRunner& run_body) {
  std::vector<const Tensor*> inputs;
  for (const int input : step.inputs) {
    inputs.push_back(input == kNone ? nullptr : &*values[static_cast<std::size_t>(input)]);
  }
  EvalContext context{.output_count = static_cast<int>(step.outputs.size())};
  context.run_subgraph = run_body;
  context.subgraph_types = [&step](int index) { return body_types(step, index); };
  context.max_bytes = physical_memory();
  Result<Tensors> evaluated = step.op.evaluate(inputs, context);
  // What was ended halfway looks like a result.
  if (Status in_time = TimeLimit::check(); evaluated && !in_time) evaluated = std::move(in_time).error();
  TRY(Tensors results, std::move(evaluated).within(strings::join("step '", step.name, "' (", step.op.name(), ")")));
  if (results.size() < step.outputs.size()) {
    return internal_error("step '", step.name, "' gave ", results.size(), " results of ", step.outputs.size());
  }
  return results;
}

Status check_inputs(const StepGraph& graph, std::span<const Tensor> inputs) {
  std::vector<Dims> dims;
  for (const Tensor& input : inputs) dims.push_back(input.dims());
  TRY_OK(resolve_dims(graph, dims));
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const StepGraph::Value& value = graph.values[static_cast<std::size_t>(graph.inputs[i])];
    if (inputs[i].dtype() != value.type.dtype) {
      return invalid_argument("input '", value.name, "' is ", inputs[i].dtype(), ", the model takes ",
                              value.type.dtype);
    }
    if (is_container(value.type.dtype) && !compatible(inputs[i].type(), value.type)) {
      return invalid_argument("input '", value.name, "' is ", inputs[i].type(), ", the model takes ", value.type);
    }
  }
  return {};
}

Result<Tensors> run_reference(const StepGraph& graph, std::span<const Tensor> inputs, const ValueObserver& observe) {
  TRY_OK(check_inputs(graph, inputs));
  std::vector<std::optional<Tensor>> values(graph.values.size());
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    if (const Tensor* constant = graph.constant(static_cast<int>(v))) values[v] = *constant;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) values[static_cast<std::size_t>(graph.inputs[i])] = inputs[i];
  const std::vector<int> last = last_readers(graph);
  for (std::size_t s = 0; s < graph.steps.size(); ++s) {
    const StepGraph::Step& step = graph.steps[s];
    const auto run_body = [&step](int index, std::span<const Tensor> captures) -> Result<Tensors> {
      if (index < 0 || static_cast<std::size_t>(index) >= step.bodies.size()) {
        return internal_error("step '", step.name, "' has no body ", index);
      }
      return run_reference(*step.bodies[static_cast<std::size_t>(index)], captures);
    };
    TRY(Tensors results, evaluate_step(step, values, run_body));
    for (std::size_t i = 0; i < step.outputs.size(); ++i) {
      if (step.outputs[i] == kNone) continue;
      if (observe) observe(step.outputs[i], results[i]);
      values[static_cast<std::size_t>(step.outputs[i])] = std::move(results[i]);
    }
    for (const int input : step.inputs) {
      if (input != kNone && last[static_cast<std::size_t>(input)] == static_cast<int>(s)) {
        values[static_cast<std::size_t>(input)].reset();
      }
    }
  }
  Tensors outputs;
  for (const int output : graph.outputs) outputs.push_back(*values[static_cast<std::size_t>(output)]);
  return outputs;
}

}  // namespace bolide
