/// common-subexpressions: the same computation once.
///
///     x -> Exp -> a            x -> Exp -> a
///     x -> Exp -> b     =>                 a (read for b)
///
/// Fires when   two pure nodes have the same operator, attributes and inputs (in either order for commutative
///              operators), or two constants have the same dtype, sizes and bytes
/// Exact        the same numbers
#include "base/hash.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

#include <algorithm>
#include <map>

namespace bolide {
namespace {

/// Large constants that agree at both ends are compared in full; the rest are told apart by this.
Digest fingerprint(const Tensor& tensor) {
  constexpr std::size_t kSample = 512;
  std::string key = text(tensor.type());
  const auto bytes = std::span(tensor.data(), tensor.bytes());
  key.append(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kSample));
  const auto tail = bytes.last(std::min(bytes.size(), kSample));
  key.append(reinterpret_cast<const char*>(tail.data()), tail.size());
  return digest(key);
}

int merge_constants(Graph& graph) {
  int merged = 0;
  std::map<Digest, std::vector<ValueId>> seen;
  for (ValueId id = 0; id < static_cast<ValueId>(graph.value_count()); ++id) {
    const Tensor* constant = graph.constant(id);
    if (constant == nullptr || constant->dtype() == DataType::kString || graph.readers(id).empty()) continue;
    std::vector<ValueId>& similar = seen[fingerprint(*constant)];
    const auto same = std::find_if(similar.begin(), similar.end(), [&](ValueId other) {
      const Tensor& known = *graph.constant(other);
      return (known.data() == constant->data() && known.type() == constant->type()) || known == *constant;
    });
    if (same == similar.end()) {
      similar.push_back(id);
    } else {
      // A returned constant keeps its place among the outputs.
      const bool returned = graph.is_output(id);
      if (returned) continue;
      graph.replace_uses(id, *same);
      ++merged;
    }
  }
  return merged;
}

bool is_commutative(const Op& op) {
  constexpr std::string_view kNames[] = {"Add", "And", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Equal",
                                         "Max", "Min", "Mul",        "Or",        "Xor"};
  return std::find(std::begin(kNames), std::end(kNames), op.name()) != std::end(kNames);
}

bool same_outputs(const Node& a, const Node& b) {
  return a.outputs.size() == b.outputs.size() &&
         std::equal(a.outputs.begin(), a.outputs.end(), b.outputs.begin(),
                    [](ValueId x, ValueId y) { return (x == kNoValue) == (y == kNoValue); });
}

}  // namespace

Result<int> common_subexpressions(Graph& graph) {
  const int constants = merge_constants(graph);
  std::map<std::pair<std::string_view, std::vector<ValueId>>, std::vector<NodeId>> seen;
  TRY(const int nodes, rewrite_all(graph, [&seen](Graph& g, NodeId id) -> std::optional<Patch> {
        const Node& node = g.node(id);
        if (!node.op.info().pure || !node.subgraphs.empty()) return std::nullopt;
        std::vector<ValueId> inputs = node.inputs;
        if (is_commutative(node.op)) std::sort(inputs.begin(), inputs.end());
        std::vector<NodeId>& similar = seen[{node.op.name(), std::move(inputs)}];
        for (const NodeId other : similar) {
          const Node& first = g.node(other);
          if (!(first.op == node.op) || !same_outputs(first, node)) continue;
          Patch patch(g, id);
          for (std::size_t i = 0; i < node.outputs.size(); ++i) {
            if (node.outputs[i] == kNoValue) continue;
            if (!can_replace(g, node.outputs[i], first.outputs[i])) return std::nullopt;
            patch.replace(node.outputs[i], first.outputs[i]);
          }
          return patch;
        }
        similar.push_back(id);
        return std::nullopt;
      }));
  return constants + nodes;
}

}  // namespace bolide
