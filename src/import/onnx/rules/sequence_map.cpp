#include "import/onnx/rules/all.h"
#include "import/onnx/rules/carried_types.h"
#include "ops/sequence.h"

#include <array>

namespace bolide::onnx {

/// ONNX SequenceMap.
Result<Values> import_sequence_map(OnnxNodeView& node, Builder& build) {
  const OnnxGraph* body = node.graph("body");
  if (body == nullptr) return bad_file("attribute 'body' is missing");
  if (body->inputs.size() != node.input_count()) {
    return bad_file("the body has ", body->inputs.size(), " inputs, where ", node.input_count(), " are expected");
  }
  CarriedTypes names(node.name());
  std::vector<TensorType> types;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    if (!node.has_input(i)) return bad_file("input ", i, " is left out");
    const TensorType& type = node.type(i);
    if (type.dtype != DataType::kSequence) {
      types.push_back(type);
      continue;
    }
    TensorType element = type.element();
    if (!element.ranked) {
      const Result<TensorType> stated = declared_type(body->inputs[i]);
      if (!stated || !stated->ranked) return unsupported("the values of the ", type, " have no known rank");
      element = *stated;
    }
    types.push_back(names.loosened(element));
  }
  const std::array<const OnnxGraph*, 1> graphs = {body};
  TRY(Bodies bodies, build.import_bodies(graphs, types));
  Values inputs = node.inputs();
  inputs.insert(inputs.end(), bodies.captures.begin(), bodies.captures.end());
  return build.add_node(SequenceMap{.mapped = static_cast<std::int64_t>(node.input_count())}, std::move(inputs),
                        node.output_count(), std::move(bodies.graphs));
}

}  // namespace bolide::onnx
