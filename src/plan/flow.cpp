#include "plan/flow.h"

#include "ops/identity.h"
#include "plan/known_values.h"

#include <algorithm>

namespace bolide {

Operand written_operand(const StepGraph& graph, const Sizes& sizes, const std::vector<Order>& orders, int value) {
  const auto index = static_cast<std::size_t>(value);
  Operand operand{.dtype = graph.values[index].type.dtype, .dims = sizes.dims[index]};
  operand.constant = graph.constant(value);
  const Tensor* known = sizes.value(value);
  if (known != nullptr && known->count() <= kMostBuiltOn) operand.constant = known;
  operand.strides = dense_strides(operand.dims, operand.constant != nullptr || known != nullptr || orders[index].empty()
                                                    ? row_major(operand.rank())
                                                    : orders[index]);
  return operand;
}

namespace {

/// The operand a reader sees: through views down to the value that was written.
Operand seen_operand(const StepGraph& graph, const Sizes& sizes, const std::vector<Order>& orders, const Flow& flow,
                     int value) {
  const int p = flow.producer[static_cast<std::size_t>(value)];
  Operand own = written_operand(graph, sizes, orders, value);
  if (p == kNone || sizes.value(value) != nullptr) return own;
  const StepGraph::Step& step = graph.steps[static_cast<std::size_t>(p)];
  if (!step.op.info().view) return own;
  std::vector<Operand> inputs;
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    if (step.inputs[i] == kNone) {
      inputs.push_back({.absent = true});
    } else if (i == 0) {
      inputs.push_back(seen_operand(graph, sizes, orders, flow, step.inputs[i]));
    } else {
      inputs.push_back(written_operand(graph, sizes, orders, step.inputs[i]));
    }
  }
  const auto index = std::find(step.outputs.begin(), step.outputs.end(), value) - step.outputs.begin();
  if (const auto view = view_of(step.op, inputs, static_cast<int>(index), own.dims)) own.strides = view->strides;
  return own;
}

}  // namespace

Flow::Flow(const StepGraph& graph) : producer(graph.values.size(), kNone), readers(graph.values.size()) {
  for (std::size_t s = 0; s < graph.steps.size(); ++s) {
    for (const int output : graph.steps[s].outputs) {
      if (output != kNone) producer[static_cast<std::size_t>(output)] = static_cast<int>(s);
    }
    for (const int input : graph.steps[s].inputs) {
      if (input != kNone) readers[static_cast<std::size_t>(input)].push_back(static_cast<int>(s));
    }
  }
}

Problem problem_of(const StepGraph& graph, const Flow& flow, const Sizes& sizes, const std::vector<Order>& orders,
                   int step_index, int threads) {
  const StepGraph::Step& step = graph.steps[static_cast<std::size_t>(step_index)];
  Problem problem{.op = &step.op, .threads = threads};
  for (const int input : step.inputs) {
    problem.inputs.push_back(input == kNone ? Operand{.absent = true}
                                            : seen_operand(graph, sizes, orders, flow, input));
  }
  for (const int output : step.outputs) {
    problem.outputs.push_back(output == kNone ? Operand{.absent = true}
                                              : written_operand(graph, sizes, orders, output));
  }
  return problem;
}

Problem copy_problem(Operand from, Dims to_strides, int threads) {
  static const Op op{Identity{}};
  Operand to{.dtype = from.dtype, .dims = from.dims, .strides = std::move(to_strides)};
  Problem problem{.op = &op, .threads = threads};
  problem.inputs.push_back(std::move(from));
  problem.outputs.push_back(std::move(to));
  return problem;
}

}  // namespace bolide
