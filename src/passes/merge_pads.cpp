/// merge-pads: a Conv pads by itself.
///
///     x -> Pad(zeros, [0,0,1,1, 0,0,1,1]) -> Conv(pads p)      =>   x -> Conv(pads p + 1)
///
/// Fires when   Pad adds a constant 0 (or, before MaxPool, -inf) at spatial axes only, nothing else reads the padded
///              value, and the Conv's padding is explicit and its zero point 0
/// Exact        padding adds nothing to the sums
#include "ops/conv.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

/// Numbers added before and after each spatial axis, all starts first.
std::optional<Dims> spatial_pads(const Graph& graph, const Node& pad, double filler) {
  const Tensor* amounts = graph.constant(pad.inputs[1]);
  const int rank = graph.value(pad.inputs[0]).type.rank();
  const bool has_axes = pad.inputs.size() > 3 && pad.inputs[3] != kNoValue;
  if (pad.op.as<Pad>()->mode != PadMode::kConstant || amounts == nullptr || has_axes || rank < 3) return std::nullopt;
  const bool has_value = pad.inputs.size() > 2 && pad.inputs[2] != kNoValue;
  const auto value = has_value ? uniform_number(graph, pad.inputs[2]) : std::optional(0.0);
  const auto all = to_i64(*amounts);
  if (!value || *value != filler || !all || all->size() != 2 * static_cast<std::size_t>(rank)) return std::nullopt;
  Dims out;
  for (std::size_t i = 0; i < all->size(); ++i) {
    const std::int64_t amount = (*all)[i];
    const bool spatial = i % static_cast<std::size_t>(rank) >= 2;
    if (amount < 0 || amount > 1 << 20 || (!spatial && amount != 0)) return std::nullopt;
    if (spatial) out.push_back(amount);
  }
  return out;
}

template <class Window>
Result<std::optional<Patch>> merge(Graph& graph, NodeId id, double filler) {
  const Node node = graph.node(id);
  Window window = *node.op.as<Window>();
  if (window.auto_pad != AutoPad::kExplicit || sole_producer<Pad>(graph, node.inputs[0]) == nullptr) {
    return std::optional<Patch>();
  }
  const Node pad = *graph.producer(node.inputs[0]);
  const auto amounts = spatial_pads(graph, pad, filler);
  if (!amounts) return std::optional<Patch>();
  window.pads.resize(amounts->size(), 0);
  for (std::size_t i = 0; i < amounts->size(); ++i) window.pads[i] += (*amounts)[i];
  std::vector<ValueId> inputs = node.inputs;
  inputs[0] = pad.inputs[0];
  Patch patch(graph, id);
  TRY(const ValueId result, patch.add(window, std::move(inputs)));
  patch.replace(node.outputs.front(), result);
  return std::optional<Patch>(std::move(patch));
}

Result<std::optional<Patch>> rule(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (const Conv* conv = node.op.as<Conv>(); conv != nullptr && conv->x_zero == 0) return merge<Conv>(graph, id, 0);
  // A pool's own padding must stay smaller than its kernel, and ceil_mode counts from it.
  const MaxPool* pool = node.op.as<MaxPool>();
  if (pool != nullptr && node.outputs.size() == 1 && !pool->ceil_mode) return merge<MaxPool>(graph, id, -INFINITY);
  return std::optional<Patch>();
}

}  // namespace

Result<int> merge_pads(Graph& graph) { return rewrite_all(graph, rule); }

}  // namespace bolide
