#include "ops/slice.h"

#include "import/onnx/rules/all.h"
#include "ops/cast.h"
#include "ops/concat.h"

namespace bolide::onnx {

/// ONNX Slice, operator sets 1 to 9: positions are attributes.
Result<Values> import_slice_1(OnnxNodeView& node, Builder& build) {
  Values inputs = {node.in(0), build.integers("starts", node.integers("starts")),
                   build.integers("ends", node.integers("ends"))};
  if (node.has("axes")) inputs.push_back(build.integers("axes", node.integers("axes")));
  TRY(const ValueId y, build.add(Slice{}, std::move(inputs)));
  return Values{y};
}

/// ONNX Concat; `axis` is 1 by default up to operator set 3.
Result<Values> import_concat(OnnxNodeView& node, Builder& build) {
  const std::int64_t axis = node.integer("axis", 1);
  if (node.version() >= 4 && !node.has("axis")) return bad_file("attribute 'axis' is missing");
  TRY(const ValueId y, build.add(Concat{.axis = axis}, node.inputs()));
  return Values{y};
}

/// ONNX Split: sizes as an attribute (up to operator set 12), as an input (13 on; also in 1), or as many parts as there
/// are outputs (`num_outputs`, 18 on, repeats that number).
Result<Values> import_split(OnnxNodeView& node, Builder& build) {
  Split split{.axis = node.integer("axis", 0), .sizes = node.has_input(1) ? Dims() : node.integers("split")};
  const auto parts = static_cast<std::int64_t>(node.output_count());
  if (const std::int64_t stated = node.integer("num_outputs", parts); stated != parts) {
    return bad_file("attribute 'num_outputs' is ", stated, ", and the node has ", parts, " outputs");
  }
  Values inputs = node.inputs();
  if (node.has_input(1) && is_float(node.dtype(1))) {  // in operator set 1 of the dtype of the data
    TRY(inputs[1], build.add(Cast{.to = DataType::kI64}, {inputs[1]}));
    return build.add_node(std::move(split), std::move(inputs), node.output_count());
  }
  TRY(const std::optional<Dims> sizes, node.known_integers(1, "split"));
  if (sizes) {
    split.sizes = *sizes;
    inputs.resize(1);
  }
  return build.add_node(std::move(split), std::move(inputs), node.output_count());
}

}  // namespace bolide::onnx
