/// fuse-elementwise: chains and small graphs of elementwise operators become one Elementwise.
///
///     a, b -> Add -> Relu -> Mul(c) -> y     =>     a, b, c -> Elementwise{t0=add(x0,x1);t1=max(t0,0);mul(t1,x2)} -> y
///
/// Fires when   a node and producers that are elementwise, have its result's shape and are read by nothing else form a
///              set of two or more, within 8 inputs and 64 steps. DequantizeLinear nodes join the sets of all that read
///              them, whatever their shape. Constants of one element become numbers.
/// Exact        for f32 and f64. Results of 16-bit floats are not rounded between the operations.
#include "ops/fused_elementwise.h"
#include "passes/elementwise_node.h"
#include "passes/passes.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::size_t kMaxInputs = 8;
constexpr std::size_t kMaxSteps = 64;

class Region {
 public:
  Region(const Graph& graph, NodeId last) : graph_(graph), last_(last), nodes_{last} { grow(); }

  /// Producers before readers, the last node at the end.
  const std::vector<NodeId>& nodes() const { return nodes_; }

 private:
  bool inside(NodeId id) const { return std::find(nodes_.begin(), nodes_.end(), id) != nodes_.end(); }

  bool joins(NodeId id) const {
    if (id == kNoNode || inside(id) || graph_.node(id).erased || !is_elementwise(graph_, id)) return false;
    if (real_type(graph_, id) != real_type(graph_, last_)) return false;
    if (is_free_load(graph_, id)) return true;
    const ValueId result = graph_.node(id).outputs[0];
    const auto readers = graph_.readers(result);
    return graph_.value(result).type.shape == graph_.value(graph_.node(last_).outputs[0]).type.shape &&
           !graph_.is_output(result) &&
           std::all_of(readers.begin(), readers.end(), [this](NodeId reader) { return dies(reader); });
  }

  /// Inside, and read by nothing outside: not a load that stays for others.
  bool dies(NodeId id) const {
    if (id == last_) return true;
    const ValueId result = graph_.node(id).outputs[0];
    const auto readers = graph_.readers(result);
    return inside(id) && !graph_.is_output(result) &&
           std::all_of(readers.begin(), readers.end(), [this](NodeId reader) { return inside(reader); });
  }

  bool fits() const {
    ExprBuilder builder(graph_, 0);
    append_region(graph_, nodes_, {}, builder);
    return builder.inputs().size() <= kMaxInputs && builder.steps() <= kMaxSteps;
  }

  void grow() {
    bool grew = true;
    while (grew) {
      grew = false;
      for (std::size_t i = 0; i < nodes_.size() && !grew; ++i) {
        for (const ValueId input : graph_.node(nodes_[i]).inputs) {
          const NodeId producer = graph_.producer_id(input);
          if (!joins(producer) || refused(producer)) continue;
          // In front of all others: whatever reads it is inside, and so stands behind.
          nodes_.insert(nodes_.begin(), producer);
          grew = fits();
          if (grew) break;
          nodes_.erase(nodes_.begin());
          refused_.push_back(producer);
        }
      }
    }
  }
  bool refused(NodeId id) const { return std::find(refused_.begin(), refused_.end(), id) != refused_.end(); }

  const Graph& graph_;
  NodeId last_;
  std::vector<NodeId> nodes_;
  std::vector<NodeId> refused_;
};

Result<std::optional<Patch>> fused(Graph& graph, NodeId last) {
  std::optional<Patch> none;
  if (!is_elementwise(graph, last)) return none;
  const Region region(graph, last);
  if (region.nodes().size() < 2) return none;
  const ValueId replaced = graph.node(last).outputs[0];
  const TensorType wanted = graph.value(replaced).type;
  ExprBuilder builder(graph, 0);
  const Expr::Arg result = append_region(graph, region.nodes(), {}, builder);
  if (builder.inputs().empty()) return none;
  Patch patch(graph, last);
  const std::vector<ValueId> inputs = builder.values(patch);
  auto y = patch.add(Elementwise{builder.finish(result), wanted.dtype}, inputs);
  if (!y || graph.value(*y).type != wanted) return none;
  patch.replace(replaced, *y);
  return std::optional<Patch>(std::move(patch));
}

}  // namespace

Result<int> fuse_elementwise(Graph& graph) {
  int rewrites = 0;
  std::vector<NodeId> order = graph.order();
  std::reverse(order.begin(), order.end());
  for (const NodeId id : order) {
    if (graph.node(id).erased) continue;
    TRY(std::optional<Patch> patch, fused(graph, id));
    if (!patch) continue;
    std::move(*patch).apply();
    ++rewrites;
  }
  return rewrites;
}

}  // namespace bolide
