#include "import/onnx/rules/all.h"
#include "import/onnx/rules/pullback.h"
#include "ops/fill.h"
#include "ops/shape.h"
#include "tensor/number.h"

#include <map>
#include <set>

namespace bolide::onnx {
namespace {

/// The nodes from `sources` (not beyond) to y that depend on them, in running order.
std::vector<NodeId> nodes_between(const Graph& graph, const std::set<ValueId>& sources, ValueId y) {
  std::set<NodeId> above;  // everything that y is computed from
  Values open = {y};
  while (!open.empty()) {
    const ValueId value = open.back();
    open.pop_back();
    const NodeId producer = value == kNoValue || sources.contains(value) ? kNoNode : graph.value(value).producer;
    if (producer == kNoNode || !above.insert(producer).second) continue;
    open.insert(open.end(), graph.node(producer).inputs.begin(), graph.node(producer).inputs.end());
  }
  std::vector<NodeId> out;
  std::set<ValueId> dependent = sources;
  for (const NodeId id : above) {  // a node comes after those that it reads
    const Node& node = graph.node(id);
    bool reads = false;
    for (const ValueId input : node.inputs) reads = reads || dependent.contains(input);
    if (!reads) continue;
    out.push_back(id);
    dependent.insert(node.outputs.begin(), node.outputs.end());
    dependent.erase(kNoValue);
  }
  return out;
}

/// The nodes again, with other values for some that they read; `now` takes the new values.
std::vector<NodeId> copied(Builder& build, Formula& f, const std::vector<NodeId>& nodes,
                           std::map<ValueId, ValueId>& now) {
  std::vector<NodeId> out;
  for (const NodeId id : nodes) {
    const Node node = build.graph().node(id);
    Values inputs = node.inputs;
    for (ValueId& input : inputs) {
      if (const auto found = now.find(input); found != now.end()) input = found->second;
    }
    if (!node.subgraphs.empty()) f.fail(unsupported("there is no gradient of the operator ", node.op.name()));
    Values made = f.op(node.op, std::move(inputs), node.outputs.size());
    if (f.failed()) break;
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (node.outputs[i] != kNoValue) now[node.outputs[i]] = made[i];
    }
    if (const NodeId producer = build.graph().value(made[0]).producer; producer != kNoNode) out.push_back(producer);
  }
  return out;
}

/// A tensor of the sizes of x, every element `number`.
ValueId filled_like(Formula& f, ValueId x, double number) {
  Result<Tensor> value = cast(Tensor::of<double>(std::vector<double>{number}, Dims{1}), f.dtype(x));
  if (!value) return f.fail(value.error()), kNoValue;
  return f.op(ConstantOfShape{.value = *std::move(value)}, {f.op(ShapeOf{}, {x})});
}

/// Gradients of the sum of y by every value on the way.
std::map<ValueId, ValueId> gradients_of(const Builder& build, Formula& f, const std::vector<NodeId>& nodes,
                                        const std::set<ValueId>& sources, ValueId y) {
  std::set<ValueId> dependent = sources;
  for (const NodeId id : nodes) {
    for (const ValueId output : build.graph().node(id).outputs) dependent.insert(output);
  }
  std::map<ValueId, ValueId> out = {{y, filled_like(f, y, 1)}};
  for (auto id = nodes.rbegin(); id != nodes.rend() && !f.failed(); ++id) {
    const Node node = build.graph().node(*id);
    Values of_outputs;
    bool any = false;
    for (const ValueId output : node.outputs) {
      const auto found = out.find(output);
      of_outputs.push_back(found == out.end() ? kNoValue : found->second);
      any = any || found != out.end();
    }
    std::vector<bool> wanted;
    for (const ValueId input : node.inputs) {
      wanted.push_back(input != kNoValue && dependent.contains(input) && is_float(f.dtype(input)));
    }
    if (!any) continue;
    const Values of_inputs = pullback(f, node, of_outputs, wanted);
    for (std::size_t i = 0; i < of_inputs.size() && !f.failed(); ++i) {
      if (of_inputs[i] == kNoValue) continue;
      const auto [place, is_first] = out.emplace(node.inputs[i], of_inputs[i]);
      if (!is_first) place->second = f.add(place->second, of_inputs[i]);
    }
  }
  return out;
}

}  // namespace

/// ONNX Gradient-1 (ai.onnx.preview.training): the derivative of the sum of the value named `y` by each value named in
/// `xs`, at the node's inputs, which stand for `xs` and then `zs`. In reverse mode over the nodes between them, which
/// are written again when the inputs are other values than the named ones.
Result<Values> import_gradient(OnnxNodeView& node, Builder& build) {
  std::vector<std::string> names = node.texts("xs");
  const std::size_t wanted = names.size();
  for (std::string& name : node.texts("zs")) names.push_back(std::move(name));
  if (wanted == 0 || names.size() != node.input_count()) {
    return invalid_argument("'xs' and 'zs' name ", names.size(), " values, and there are ", node.input_count(),
                            " inputs");
  }
  const std::string target = node.text("y", "");
  ValueId y = build.find(target);
  if (y == kNoValue) return invalid_argument("attribute 'y' names '", target, "', which is not computed before");
  std::set<ValueId> sources;
  std::map<ValueId, ValueId> now;
  bool other = false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const ValueId named = build.find(names[i]);
    if (named == kNoValue || !node.has_input(i)) return invalid_argument("there is no value '", names[i], "'");
    sources.insert(named);
    now[named] = node.in(i);
    other = other || named != node.in(i);
  }
  Formula f(build);
  std::vector<NodeId> nodes = nodes_between(build.graph(), sources, y);
  if (other) {
    nodes = copied(build, f, nodes, now);
    if (const auto found = now.find(y); found != now.end()) y = found->second;
    sources.clear();
    for (const ValueId input : node.inputs()) sources.insert(input);
  }
  const auto gradients = gradients_of(build, f, nodes, sources, y);
  Values out;
  for (std::size_t i = 0; i < wanted; ++i) {
    const auto found = gradients.find(node.in(i));
    out.push_back(found == gradients.end() ? filled_like(f, node.in(i), 0) : found->second);
  }
  return f.result(std::move(out));
}

}  // namespace bolide::onnx
