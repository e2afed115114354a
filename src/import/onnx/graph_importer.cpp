#include "import/onnx/graph_importer.h"

#include "base/log.h"
#include "import/onnx/input_types.h"
#include "import/onnx/node_importer.h"
#include "import/onnx/parts.h"
#include "import/onnx/sparse.h"
#include "import/onnx/topology.h"
#include "ops/identity.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

constexpr std::size_t kMostMovedNodes = 1U << 15;  // into branches, in a whole file
constexpr int kMostJoinedDepth = 6;                // each level doubles what stands behind it

}  // namespace

const Scope::Binding* Scope::find(std::string_view name) const {
  const auto found = bindings_.find(name);
  return found == bindings_.end() ? nullptr : &found->second;
}

void GraphImporter::import_initializers(const OnnxGraph& from, Scope& scope) {
  const auto add = [&](std::string_view name, Result<Tensor> tensor) {
    Scope::Binding binding;
    if (tensor) {
      binding = graph_.add_constant(std::string(name), *std::move(tensor));
    } else {
      state_.problems.file(std::move(tensor).within(strings::join("initializer '", name, "'")).error());
    }
    if (scope.bind(name, binding)) return;
    const Scope::Binding& first = *scope.find(name);
    const Tensor* was = first ? graph_.constant(*first) : nullptr;
    const Tensor* is = binding ? graph_.constant(*binding) : nullptr;
    if (was != nullptr && is != nullptr && *was == *is) {
      log(LogLevel::kWarn, "initializer '", name, "' stands twice with the same numbers; the second is ignored");
    } else {
      state_.problems.file(bad_file("value '", name, "' is defined twice"));
    }
  };
  for (const OnnxTensor& initializer : from.initializers) {
    if (!initializer.name.empty()) add(initializer.name, to_tensor(initializer, state_.external));
  }
  for (const OnnxSparseTensor& initializer : from.sparse_initializers) {
    add(initializer.values.name, to_dense(initializer, state_.external));
  }
}

bool GraphImporter::has_open_rank(const NodeList& list, const OnnxNode& node) const {
  if (node.attributes.size() != 2 || node.inputs.size() != 1) return false;
  const bool in_order = node.attributes[0].name == "then_branch";
  const auto& then_branch = node.attributes[in_order ? 0 : 1].graphs;
  const auto& else_branch = node.attributes[in_order ? 1 : 0].graphs;
  if (then_branch.size() != 1 || else_branch.size() != 1) return false;
  const Scope::Binding* condition = list.scope.find(node.inputs[0]);
  return condition != nullptr && *condition && graph_.constant(**condition) == nullptr &&
         is_conditional_squeeze(then_branch[0], else_branch[0]);
}

void GraphImporter::import_in_order(const NodeList& list, std::span<const std::size_t> order, bool tried,
                                    std::vector<bool>& bad) {
  std::optional<RestOfIf> rest;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t index = order[i];
    const OnnxNode& node = list.nodes[index];
    if (rest && rest->holds(node)) {
      rest->take(index);
      continue;
    }
    const bool is_first = std::ranges::none_of(
        node.outputs, [&list](std::string_view output) { return list.scope.find(output) != nullptr; });
    const bool may_wait = node.op_type == "If" && is_first && !(tried && i == 0) &&
                          state_.moved_nodes < kMostMovedNodes && state_.joined_depth < kMostJoinedDepth;
    bool waits = may_wait && has_open_rank(list, node);
    if (!waits) {
      const Problems before = may_wait ? state_.problems : Problems();
      const std::size_t count = state_.problems.count();
      NodeImporter(*this, list, index).import();
      bad[index] = state_.problems.count() != count;
      // Types of results that no one value has are the one thing that the rule itself does not support.
      const auto& told = state_.problems.of_nodes();
      waits = may_wait && state_.problems.count() == count + 1 && told.size() == before.of_nodes().size() + 1 &&
              told.back().node.place == strings::join(list.place, index) &&
              told.back().error.code == Code::kUnsupported;
      if (!waits) continue;
      state_.problems = before;
      for (const std::string_view output : node.outputs) list.scope.forget(output);
    }
    if (rest) {
      rest->take(index);
    } else {
      rest.emplace(list.nodes, index);
    }
  }
  if (!rest || import_joined(list, *rest)) return;
  import_in_order(list, rest->nodes(), true, bad);
}

bool GraphImporter::import_joined(const NodeList& list, const RestOfIf& rest) {
  state_.moved_nodes += rest.nodes().size();
  const std::optional<OnnxNode> joined = rest.joined(list.results);
  if (!joined || state_.moved_nodes > kMostMovedNodes) return false;
  const Problems problems = state_.problems;
  Outcomes outcomes = state_.outcomes;
  ++state_.joined_depth;
  NodeImporter(*this, list, *joined, strings::join(list.place, rest.index())).import();
  --state_.joined_depth;
  state_.outcomes = std::move(outcomes);  // those of the moved nodes stand under the places that they have in the file
  if (state_.problems.count() != problems.count()) {
    state_.problems = problems;
    for (const std::string_view output : joined->outputs) list.scope.forget(output);
    return false;
  }
  for (const std::size_t index : rest.nodes()) {
    state_.outcomes.note(NodeImporter(*this, list, index).label(), ImportReport::Outcome::kRead);
  }
  return true;
}

void GraphImporter::import_nodes(const NodeList& list) {
  for (const OnnxNode& node : list.nodes) reserved_.insert(node.outputs.begin(), node.outputs.end());
  const NodeOrder order = dependency_order(list.nodes);
  for (const auto& cycle : order.cycles) {
    std::string names;
    for (const std::size_t index : cycle) {
      names += strings::join(names.empty() ? "" : ", ", list.place, index, " '",
                             node_name(list.nodes[index], list.prefix), "'");
    }
    state_.problems.file(bad_file("nodes ", names, " wait for each other's results in a circle"));
  }
  for (const std::size_t index : order.blocked) {
    for (const std::string_view output : list.nodes[index].outputs) (void)list.scope.bind(output, std::nullopt);
  }
  std::vector<bool> bad(list.nodes.size(), false);
  for (const std::size_t index : order.blocked) bad[index] = true;
  import_in_order(list, order.order, false, bad);
  if (list.depth > 0 || !list.prefix.empty() || !state_.problems.has_unknown()) return;
  std::vector<std::string> names;
  for (const OnnxNode& node : list.nodes) names.push_back(node_name(node, list.prefix));
  state_.problems.set_rest(runnable_parts(list.nodes, order.order, bad, names));
}

void GraphImporter::finish(const OnnxGraph& from, const Scope& scope) {
  Values outputs;
  for (const OnnxValueInfo& output : from.outputs) {
    const Scope::Binding* binding = scope.find(output.name);
    if (binding == nullptr) {
      state_.problems.file(bad_file("graph output '", output.name, "' is not produced by any node"));
      continue;
    }
    if (!*binding) continue;
    ValueId id = **binding;
    if (const auto declared = from_onnx_type(output.type.elem_type);
        declared && output.type.kind == OnnxType::Kind::kTensor && *declared != graph_.value(id).type.dtype) {
      state_.problems.file(bad_file("graph output '", output.name, "' is declared ", *declared, ", but its nodes make ",
                                    graph_.value(id).type.dtype));
    }
    if (graph_.value(id).name != output.name) {
      // The value has another name that the file uses, or is shared: the output needs one of its own.
      const auto copy = graph_.add_node(Identity{}, {id}, std::string(output.name), {std::string(output.name)});
      if (!copy) {
        state_.problems.file(copy.error());
        continue;
      }
      id = copy->front();
    }
    outputs.push_back(id);
  }
  graph_.set_outputs(std::move(outputs));
}

}  // namespace bolide::onnx
