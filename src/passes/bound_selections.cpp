/// bound-selections: sizes that the data decide come after the work, not before.
///
///     boxes, scores -> NonMaxSuppression -> n boxes   =>   boxes, scores -> NonMaxSuppression slots -> places, count
///                                                          places, count -> Slice -> n boxes
///
/// What has slots is planned with what stands before it and runs on any device; only the Slice waits for the count.
///
/// Fires when   the places are not many: at most 2^18 rows, or sizes are named and few boxes or one class are wanted
/// Exact        the same boxes in the same order
#include "ops/non_max_suppression.h"
#include "ops/slice.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "passes/sizes.h"

namespace bolide {
namespace {

constexpr std::int64_t kMostRows = 1 << 18;
constexpr std::int64_t kFew = 4096;              // boxes of a class, where sizes have names
constexpr std::int64_t kAny = INT64_C(1) << 31;  // more boxes than there are

/// Most boxes of a class; nothing where none are wanted.
std::optional<std::int64_t> most_boxes(const Graph& graph, const Node& node) {
  if (node.inputs.size() < 3 || node.inputs[2] == kNoValue) return std::nullopt;
  const Tensor* most = graph.constant(node.inputs[2]);
  if (most == nullptr) return kAny;
  const auto numbers = to_i64(*most);
  if (!numbers || numbers->size() != 1 || numbers->front() <= 0) return std::nullopt;
  return std::min(numbers->front(), kAny);
}

bool worthwhile(const Graph& graph, const Node& node, std::int64_t most) {
  const Shape& scores = graph.value(node.inputs[1]).type.shape;
  const Dim rows = scores[0] * scores[1] * Dim::min(most, graph.value(node.inputs[0]).type.shape[1]);
  if (const auto number = rows.constant()) return *number <= kMostRows;
  return most <= kFew || scores[1].constant() == 1;
}

Result<std::optional<Patch>> rule(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  NonMaxSuppression op = *node.op.as<NonMaxSuppression>();
  const auto most = op.slots == 0 ? most_boxes(graph, node) : std::nullopt;
  if (!most || !worthwhile(graph, node, *most)) return std::optional<Patch>();
  op.slots = *most;
  Patch patch(graph, id);
  TRY(const auto places, patch.add_node(op, node.inputs, 2));
  const ValueId first = patch.constant("first", sizes_tensor({0}));
  TRY(const ValueId selected, patch.add(Slice{}, {places[0], first, places[1], first}));
  patch.replace(node.outputs.front(), selected);
  return std::optional<Patch>(std::move(patch));
}

}  // namespace

Result<int> bound_selections(Graph& graph) { return rewrite_each<NonMaxSuppression>(graph, rule); }

}  // namespace bolide
