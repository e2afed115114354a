/// Every part of a model that a mutation may pick.
#pragma once

#include "import/onnx/model.h"

namespace bolide::onnx {

/// Pointers into a model, which stays as it is while they are used.
struct Parts {
  std::vector<OnnxGraph*> graphs;
  std::vector<std::vector<OnnxNode>*> lists;  ///< that hold nodes
  std::vector<OnnxNode*> nodes;
  std::vector<OnnxAttribute*> attributes;
  std::vector<OnnxTensor*> tensors;
  std::vector<OnnxValueInfo*> values;
  std::vector<std::string_view> names;

  void visit(std::vector<OnnxNode>& list) {
    lists.push_back(&list);
    for (OnnxNode& node : list) {
      nodes.push_back(&node);
      names.insert(names.end(), node.inputs.begin(), node.inputs.end());
      names.insert(names.end(), node.outputs.begin(), node.outputs.end());
      for (OnnxAttribute& attribute : node.attributes) {
        attributes.push_back(&attribute);
        for (OnnxTensor& tensor : attribute.tensors) tensors.push_back(&tensor);
        for (OnnxGraph& body : attribute.graphs) visit(body);
      }
    }
  }
  void visit(OnnxGraph& graph) {
    graphs.push_back(&graph);
    for (OnnxTensor& tensor : graph.initializers) {
      tensors.push_back(&tensor);
      names.push_back(tensor.name);
    }
    for (auto* list : {&graph.inputs, &graph.outputs, &graph.value_infos}) {
      for (OnnxValueInfo& value : *list) {
        values.push_back(&value);
        names.push_back(value.name);
      }
    }
    visit(graph.nodes);
  }
  explicit Parts(OnnxModel& model) {
    visit(model.graph);
    for (OnnxFunction& function : model.functions) visit(function.nodes);
  }
};

}  // namespace bolide::onnx
