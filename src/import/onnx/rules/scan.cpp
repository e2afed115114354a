#include "ops/scan.h"

#include "import/onnx/rules/all.h"

#include <array>

namespace bolide::onnx {
namespace {

/// The node, once the attributes are read. Its first `skipped` inputs are not of the body.
Result<Values> add_scan(OnnxNodeView& node, Builder& build, Scan scan, std::size_t skipped) {
  const OnnxGraph* body = node.graph("body");
  if (body == nullptr) return bad_file("attribute 'body' is missing");
  const std::size_t count = node.input_count() < skipped ? 0 : node.input_count() - skipped;
  if (scan.scans < 1 || static_cast<std::size_t>(scan.scans) > count) {
    return bad_file("num_scan_inputs is ", scan.scans, " of ", count, " inputs");
  }
  scan.states = static_cast<std::int64_t>(count) - scan.scans;
  std::vector<TensorType> types;
  for (std::size_t i = 0; i < count; ++i) {
    if (!node.has_input(i + skipped)) return bad_file("input ", i + skipped, " is left out");
    TensorType type = node.type(i + skipped);
    const auto scanned = static_cast<std::int64_t>(i) - scan.states;
    if (scanned >= 0) {
      TRY(type, scan.element_type(static_cast<std::size_t>(scanned), type));
    } else if (scan.batched) {
      if (type.rank() < 1) return bad_file("state ", i, " is ", type, ", which has no batch");
      type.shape.erase(type.shape.begin());
    }
    types.push_back(std::move(type));
  }
  const std::array<const OnnxGraph*, 1> graphs = {body};
  TRY(Bodies bodies, build.import_bodies(graphs, types));
  Values inputs = node.inputs();
  inputs.insert(inputs.end(), bodies.captures.begin(), bodies.captures.end());
  const std::size_t outputs = std::max(node.output_count(), bodies.graphs[0]->outputs().size());
  return build.add_node(scan, std::move(inputs), outputs, std::move(bodies.graphs));
}

}  // namespace

/// ONNX Scan, operator set 8: a batch, with its lengths as the first input.
Result<Values> import_scan_8(OnnxNodeView& node, Builder& build) {
  Scan scan{.batched = true};
  scan.scans = node.integer("num_scan_inputs", 0);
  scan.input_directions = node.integers("directions");
  return add_scan(node, build, std::move(scan), 1);
}

/// ONNX Scan since operator set 9.
Result<Values> import_scan(OnnxNodeView& node, Builder& build) {
  Scan scan;
  scan.scans = node.integer("num_scan_inputs", 0);
  scan.input_axes = node.integers("scan_input_axes");
  scan.input_directions = node.integers("scan_input_directions");
  scan.output_axes = node.integers("scan_output_axes");
  scan.output_directions = node.integers("scan_output_directions");
  return add_scan(node, build, std::move(scan), 0);
}

}  // namespace bolide::onnx
