#include "plan/batch_slices.h"

#include "ops/concat.h"
#include "ops/gather.h"
#include "ops/layer_normalization.h"
#include "ops/slice.h"
#include "ops/softmax.h"
#include "tensor/number.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace bolide {
namespace {

using Value = StepGraph::Value;

const Value& value_at(const StepGraph& graph, int index) { return graph.values[static_cast<std::size_t>(index)]; }

bool begins_with(const Shape& shape, const Dim& batch) { return !shape.empty() && shape[0] == batch; }

/// `name` stands in dim 0 alone, if anywhere.
bool elsewhere(const Shape& shape, const std::string& name) {
  for (std::size_t d = 1; d < shape.size(); ++d) {
    const std::vector<std::string> names = shape[d].names();
    if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  }
  return false;
}

/// Operators whose results begin with the batch only if their work does not cross it.
bool keeps_entries_apart(std::string_view name) {
  static const std::set<std::string_view> kNames = {"Conv",
                                                    "ConvTranspose",
                                                    "MaxPool",
                                                    "AveragePool",
                                                    "LpPool",
                                                    "Resize",
                                                    "Reshape",
                                                    "Transpose",
                                                    "Concat",
                                                    "Split",
                                                    "Reduce",
                                                    "Identity",
                                                    "Attention",
                                                    "DepthToSpace",
                                                    "LRN",
                                                    "InstanceNormalization",
                                                    "GroupNormalization",
                                                    "SpaceToDepth"};
  return kNames.contains(name);
}

bool past_first(std::int64_t axis, std::size_t rank) {
  return axis < 0 ? axis + static_cast<std::int64_t>(rank) > 0 : axis > 0;
}

/// Inputs that begin with the batch are aligned with the output's dim 0 when they have its rank.
bool aligned(const StepGraph& graph, const StepGraph::Step& step, const Dim& batch) {
  const std::size_t rank = value_at(graph, step.outputs[0]).type.shape.size();
  return std::all_of(step.inputs.begin(), step.inputs.end(), [&](int input) {
    if (input == kNone) return true;
    const Shape& shape = value_at(graph, input).type.shape;
    return !begins_with(shape, batch) || shape.size() == rank;
  });
}

/// The axes are constants, and the batch is none of them.
bool slices_later_axes(const StepGraph& graph, const StepGraph::Step& step, std::size_t rank) {
  const Tensor* axes = step.inputs.size() > 3 ? graph.constant(step.inputs[3]) : nullptr;
  const auto numbers = axes != nullptr ? to_i64(*axes) : Result<std::vector<std::int64_t>>(unsupported("axes"));
  return numbers &&
         std::all_of(numbers->begin(), numbers->end(), [&](std::int64_t axis) { return past_first(axis, rank); });
}

bool step_splits(const StepGraph& graph, const StepGraph::Step& step, const Dim& batch) {
  const auto batched = [&](std::size_t i) {
    return i < step.inputs.size() && step.inputs[i] != kNone &&
           begins_with(value_at(graph, step.inputs[i]).type.shape, batch);
  };
  const bool any = std::any_of(step.outputs.begin(), step.outputs.end(), [&](int output) {
    return output != kNone && begins_with(value_at(graph, output).type.shape, batch);
  });
  bool reads = false;
  for (std::size_t i = 0; i < step.inputs.size(); ++i) reads |= batched(i);
  if (!any && !reads) return step.op.info().pure;
  for (const int output : step.outputs) {
    if (output != kNone && !begins_with(value_at(graph, output).type.shape, batch)) return false;
  }
  if (!reads || !step.bodies.empty()) return false;  // a size of the batch from somewhere else
  const std::size_t rank = value_at(graph, step.outputs[0]).type.shape.size();
  if (step.op.expression() || step.op.name() == "Elementwise") return aligned(graph, step, batch);
  // The batch is a dim of the stack, or that of A's rows.
  if (step.op.name() == "MatMul") return aligned(graph, step, batch) && (rank > 2 || !batched(1));
  if (step.op.name() == "Conv" || step.op.name() == "ConvTranspose") return aligned(graph, step, batch) && !batched(1);
  if (const auto* op = step.op.as<Softmax>()) return past_first(op->axis, rank);
  if (const auto* op = step.op.as<LogSoftmax>()) return past_first(op->axis, rank);
  if (const auto* op = step.op.as<LayerNormalization>()) return past_first(op->axis, rank);
  if (const auto* op = step.op.as<RMSNormalization>()) return past_first(op->axis, rank);
  if (step.op.is<Slice>()) return !batched(1) && slices_later_axes(graph, step, rank);
  if (const auto* op = step.op.as<Gather>()) {
    if (!batched(0)) return true;
    return !batched(1) && past_first(op->axis, value_at(graph, step.inputs[0]).type.shape.size());
  }
  return keeps_entries_apart(step.op.name());
}

/// Finds the value in whose memory a value lies: itself, what it is a view of, or the concatenation it becomes a part
/// of.
std::vector<int> homes(const StepGraph& graph) {
  std::vector<int> home(graph.values.size());
  std::iota(home.begin(), home.end(), 0);
  const auto root = [&](int v) {
    while (home[static_cast<std::size_t>(v)] != v) v = home[static_cast<std::size_t>(v)];
    return v;
  };
  for (const StepGraph::Step& step : graph.steps) {
    const bool concat = step.op.is<Concat>();
    if (!concat && !step.op.info().view) continue;
    const int to = concat ? step.outputs[0] : root(step.inputs[0]);
    for (const int part : concat ? step.inputs : step.outputs) {
      if (part == kNone || root(part) == root(to)) continue;
      home[static_cast<std::size_t>(root(part))] = root(to);
    }
  }
  for (std::size_t v = 0; v < home.size(); ++v) home[v] = root(static_cast<int>(v));
  return home;
}

}  // namespace

bool splits_by_batch(const StepGraph& graph) {
  if (graph.inputs.empty()) return false;
  const Shape& first = value_at(graph, graph.inputs[0]).type.shape;
  if (first.empty() || first[0].is_constant()) return false;
  const Dim batch = first[0];
  const std::vector<std::string> names = batch.names();
  if (names.size() != 1 || batch != Dim(names[0])) return false;
  for (const std::vector<int>& ports : {graph.inputs, graph.outputs}) {
    for (const int port : ports) {
      const TensorType& type = value_at(graph, port).type;
      const bool whole_bytes = type.dtype != DataType::kString && bit_width(type.dtype) >= 8;
      if (!whole_bytes || !begins_with(type.shape, batch)) return false;
    }
  }
  for (const Value& value : graph.values) {
    const Shape& shape = value.type.shape;
    if (elsewhere(shape, names[0])) return false;
    if (shape.empty() || shape[0] == batch) continue;
    const std::vector<std::string> of_first = shape[0].names();
    if (std::find(of_first.begin(), of_first.end(), names[0]) != of_first.end()) return false;
  }
  return std::all_of(graph.steps.begin(), graph.steps.end(),
                     [&](const StepGraph::Step& step) { return step_splits(graph, step, batch); });
}

std::int64_t live_bytes(const StepGraph& graph, const Sizes& sizes) {
  const std::vector<int> home = homes(graph);
  const int steps = static_cast<int>(graph.steps.size());
  std::vector<int> first(graph.values.size(), steps);
  std::vector<int> last(graph.values.size(), -1);
  std::vector<bool> outside(graph.values.size(), false);  // memory of the caller's or of a constant
  const auto touch = [&](int value, int step) {
    if (value == kNone) return;
    const auto h = static_cast<std::size_t>(home[static_cast<std::size_t>(value)]);
    first[h] = std::min(first[h], step);
    last[h] = std::max(last[h], step);
  };
  for (int s = 0; s < steps; ++s) {
    for (const int value : graph.steps[static_cast<std::size_t>(s)].inputs) touch(value, s);
    for (const int value : graph.steps[static_cast<std::size_t>(s)].outputs) touch(value, s);
  }
  for (const std::vector<int>& ports : {graph.inputs, graph.outputs}) {
    for (const int port : ports) outside[static_cast<std::size_t>(home[static_cast<std::size_t>(port)])] = true;
  }
  std::vector<std::int64_t> change(static_cast<std::size_t>(steps) + 2, 0);
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    if (last[v] < 0 || outside[v] || graph.values[v].constant != kNone || !sizes.known[v]) continue;
    const Result<std::int64_t> count = element_count(sizes.dims[v]);
    if (!count) continue;
    const auto bytes = static_cast<std::int64_t>(packed_bytes(graph.values[v].type.dtype, *count));
    change[static_cast<std::size_t>(first[v])] += bytes;
    change[static_cast<std::size_t>(last[v]) + 1] -= bytes;
  }
  std::int64_t live = 0;
  std::int64_t most = 0;
  for (const std::int64_t bytes : change) most = std::max(most, live += bytes);
  return most;
}

std::int64_t slice_size(const StepGraph& graph, const Sizes& sizes, std::int64_t max_bytes) {
  const std::int64_t batch = sizes.dims[static_cast<std::size_t>(graph.inputs[0])][0];
  if (batch < 2 || !sizes.all_known) return batch;
  const std::int64_t live = live_bytes(graph, sizes);
  if (live <= max_bytes) return batch;
  const std::int64_t fits = std::max<std::int64_t>(1, max_bytes / std::max<std::int64_t>(1, live / batch));
  std::int64_t size = std::min(fits, batch);
  while (batch % size != 0) --size;
  return size;
}

}  // namespace bolide
