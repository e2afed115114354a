#include <bolide/io.h>
#include "api/engine_state.h"

#include "api/network_state.h"
#include "ops/all.h"
#include "runtime/regions.h"

#include <algorithm>

namespace bolide {
namespace {

/// "nchw", "nhwc" for ranks with familiar names, else the order of the dims.
std::string layout_text(const Operand& operand) {
  std::vector<int> order(operand.dims.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return operand.strides[static_cast<std::size_t>(a)] > operand.strides[static_cast<std::size_t>(b)];
  });
  static constexpr std::string_view kNames[] = {"", "n", "nc", "ncw", "nchw", "ncdhw"};
  std::string out;
  for (const int dim : order) {
    if (order.size() < std::size(kNames)) {
      out += kNames[order.size()][static_cast<std::size_t>(dim)];
    } else {
      out += strings::join(out.empty() ? "" : ",", dim);
    }
  }
  return out;
}

std::string operand_text(const StepGraph& graph, int value, const Operand& operand) {
  const std::string name = value == kNone ? std::string() : graph.values[static_cast<std::size_t>(value)].name;
  return strings::join(name, name.empty() ? "" : " ", operand.dtype, operand.dims, operand.rank() > 1 ? " " : "",
                       operand.rank() > 1 ? layout_text(operand) : std::string());
}

std::int64_t bytes_of(const Operand& operand) {
  return operand.absent ? 0 : static_cast<std::int64_t>(packed_bytes(operand.dtype, operand.count()));
}

/// Multiplications and additions of the contractions, where arithmetic is what costs.
double operations_of(const Problem& problem) {
  if (problem.outputs.empty() || problem.outputs[0].absent) return 0;
  const auto out = static_cast<double>(problem.outputs[0].count());
  if (problem.op->is<Conv>()) {
    const Operand& w = problem.inputs[1];
    return 2 * out * static_cast<double>(w.count()) / static_cast<double>(std::max<std::int64_t>(w.dims[0], 1));
  }
  if (problem.op->is<ConvTranspose>()) {
    const Operand& w = problem.inputs[1];
    const auto x = static_cast<double>(problem.inputs[0].count());
    return 2 * x * static_cast<double>(w.count()) / static_cast<double>(std::max<std::int64_t>(w.dims[0], 1));
  }
  if (problem.op->is<MatMul>())
    return 2 * out * static_cast<double>(problem.inputs[0].dims.empty() ? 1 : problem.inputs[0].dims.back());
  if (problem.op->is<Attention>()) {
    return 4 * static_cast<double>(problem.inputs[0].count()) * static_cast<double>(problem.inputs[1].dims[2]);
  }
  return 0;
}

void add_steps(const StepGraph& graph, const Schedule& schedule, bool own_memory, PlanInfo& info) {
  for (const ScheduledStep& step : schedule.steps) {
    StepInfo out{.name = step.name, .op = std::string(step.problem.op->name())};
    out.tactic = method_of(step);
    out.reference = step.tactic != nullptr && step.tactic->is_reference();
    out.copy = step.step == kNone;
    out.on_host =
        own_memory && step.transfer == Transfer::kNot && (step.kernel == nullptr || !step.kernel->on_device());
    info.host_steps += out.on_host ? 1 : 0;
    out.microseconds = step.us;
    out.measured = step.measured;
    out.operations = operations_of(step.problem);
    const StepGraph::Step* source = step.step == kNone ? nullptr : &graph.steps[static_cast<std::size_t>(step.step)];
    if (source != nullptr) out.members = source->members;
    for (std::size_t i = 0; i < step.problem.inputs.size(); ++i) {
      const Operand& operand = step.problem.inputs[i];
      if (operand.absent) continue;
      out.inputs.push_back(operand_text(graph, source != nullptr ? source->inputs[i] : kNone, operand));
      out.bytes += bytes_of(operand);
    }
    for (std::size_t i = 0; i < step.problem.outputs.size(); ++i) {
      const Operand& operand = step.problem.outputs[i];
      if (operand.absent) continue;
      out.outputs.push_back(operand_text(graph, source != nullptr ? source->outputs[i] : kNone, operand));
      out.bytes += bytes_of(operand);
    }
    info.reference_steps += out.reference ? 1 : 0;
    info.copies += out.copy ? 1 : 0;
    info.total_microseconds += out.microseconds;
    info.steps.push_back(std::move(out));
    for (std::size_t b = 0; b < step.bodies.size(); ++b)
      add_steps(*source->bodies[b], *step.bodies[b], own_memory, info);
  }
}

/// Steps of a network that is planned in parts, as their sizes become known.
void add_regions(const EngineCore& core, PlanInfo& info) {
  for (const Region& region : core.regions()) {
    if (region.engine) {
      for (const StepGraph::Step& step : region.engine->graph().steps) {
        info.steps.push_back(
            {.name = step.name, .op = std::string(step.op.name()), .tactic = "by size", .members = step.members});
      }
      continue;
    }
    const StepGraph::Step& step = core.graph().steps[static_cast<std::size_t>(region.step)];
    info.steps.push_back({.name = step.name,
                          .op = std::string(step.op.name()),
                          .tactic = "reference",
                          .members = step.members,
                          .reference = true});
    ++info.reference_steps;
  }
}

}  // namespace

Result<PlanInfo> Engine::plan(const std::vector<std::pair<std::string, Dims>>& shapes) const {
  EngineCore& core = *state_->core;
  PlanInfo info{.threads = core.backend().target().threads};
  for (const Tensor& constant : core.graph().constants)
    info.weight_bytes += static_cast<std::int64_t>(constant.bytes());
  TRY(const auto complete, complete_shapes(shapes));
  std::vector<Dims> dims;
  for (const auto& [name, sizes] : complete) dims.push_back(sizes);
  if (!core.sizes_known()) {
    add_regions(core, info);
    return info;
  }
  TRY(const std::int64_t slices, core.cut_batch(dims));
  TRY(const auto prepared, core.prepare(dims));
  add_steps(core.graph(), prepared->schedule(), core.backend().has_own_memory(), info);
  info.batch_slices = static_cast<int>(slices);
  for (StepInfo& step : info.steps) {
    step.bytes *= slices;
    step.operations *= static_cast<double>(slices);
    step.microseconds *= static_cast<double>(slices);
  }
  info.total_microseconds *= static_cast<double>(slices);
  info.arena_bytes = prepared->schedule().arena_bytes;
  info.arena_lower_bound = prepared->schedule().arena_lower_bound;
  info.packed_bytes = core.packed_bytes();
  return info;
}

}  // namespace bolide
