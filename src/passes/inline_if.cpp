/// inline-if: a branch that is always taken.
///
///     true, a, b -> If { then: Add; else: Mul } -> y      =>   a, b -> Add -> y
///
/// Fires when   the condition is a constant
/// Exact        the body's nodes take the If's place
#include "ops/identity.h"
#include "ops/if.h"
#include "passes/match.h"
#include "passes/passes.h"
#include "passes/rewrite.h"

#include <map>

namespace bolide {
namespace {

/// Values of the body as values of the graph that it is put into.
class Inliner {
 public:
  Inliner(const Graph& body, Patch& patch) : body_(body), patch_(patch) {}

  Status run(std::span<const ValueId> inputs) {
    if (inputs.size() != body_.inputs().size()) {
      return internal_error("a body of ", body_.inputs().size(), " inputs is given ", inputs.size());
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) here_[body_.inputs()[i]] = inputs[i];
    for (const NodeId id : body_.order()) TRY_OK(add(body_.node(id)));
    return {};
  }

  ValueId at(ValueId value) {
    if (value == kNoValue) return kNoValue;
    const auto found = here_.find(value);
    if (found != here_.end()) return found->second;
    const Value& constant = body_.value(value);
    return here_[value] = patch_.constant(constant.name, *constant.constant);
  }

 private:
  Status add(const Node& node) {
    std::vector<ValueId> inputs;
    for (const ValueId input : node.inputs) inputs.push_back(at(input));
    TRY(const std::vector<ValueId> outputs,
        patch_.add_node(node.op, std::move(inputs), node.outputs.size(), node.subgraphs));
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (node.outputs[i] != kNoValue) here_[node.outputs[i]] = outputs[i];
    }
    return {};
  }

  const Graph& body_;
  Patch& patch_;
  std::map<ValueId, ValueId> here_;
};

Result<std::optional<Patch>> rule(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const auto condition = uniform_number(graph, node.inputs[0]);
  if (!condition || node.subgraphs.size() != 2) return std::optional<Patch>();
  const std::shared_ptr<const Graph> body = node.subgraphs[*condition != 0 ? 0 : 1];
  Patch patch(graph, id);
  Inliner inliner(*body, patch);
  TRY_OK(inliner.run(std::span(node.inputs).subspan(1)));
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    const ValueId to = inliner.at(body->outputs()[i]);
    if (!can_replace(graph, node.outputs[i], to)) {
      // The graph's output and an input, or two outputs, would be one value.
      TRY(const ValueId copy, patch.add(Identity{}, {to}));
      patch.replace(node.outputs[i], copy);
    } else {
      patch.replace(node.outputs[i], to);
    }
  }
  return std::optional<Patch>(std::move(patch));
}

}  // namespace

Result<int> inline_if(Graph& graph) { return rewrite_each<If>(graph, rule); }

}  // namespace bolide
