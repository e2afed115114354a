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
  for (const std::size_t index : order.order) {
    const std::size_t before = state_.problems.count();
    NodeImporter(*this, list, index).import();
    bad[index] = state_.problems.count() != before;
  }
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
