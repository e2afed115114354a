#include "ops/select.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/same.h"
#include "ops/expand.h"
#include "ops/fill.h"
#include "ops/order.h"
#include "ops/scatter.h"
#include "ops/unique.h"

namespace bolide::onnx {

/// ONNX Scatter, operator sets 9 and 10, is ScatterElements under another name.
Result<Values> import_scatter_9(OnnxNodeView& node, Builder& build) {
  TRY(const ValueId y, build.add(ScatterElements{.axis = node.integer("axis", 0)}, node.inputs()));
  return Values{y};
}

/// ONNX TopK, operator sets 1 to 9: k is an attribute.
Result<Values> import_top_k_1(OnnxNodeView& node, Builder& build) {
  const Dims k = {node.integer("k", 1)};
  return build.add_node(TopK{.axis = node.integer("axis", -1)}, {node.in(0), build.integers("k", k)},
                        node.output_count());
}

/// ONNX Compress: without `axis` the input is taken as flat.
Result<Values> import_compress(OnnxNodeView& node, Builder& build) {
  const Compress compress{.axis = node.integer("axis", 0), .flatten = !node.has("axis")};
  TRY(const ValueId y, build.add(compress, node.inputs()));
  return Values{y};
}

/// ONNX Unique: without `axis` the input is taken as flat.
Result<Values> import_unique(OnnxNodeView& node, Builder& build) {
  const Unique unique{
      .axis = node.integer("axis", 0), .flatten = !node.has("axis"), .sorted = node.flag("sorted", true)};
  return build.add_node(unique, node.inputs(), node.output_count());
}

/// ONNX EyeLike: `dtype` is the input's by default.
Result<Values> import_eye_like(OnnxNodeView& node, Builder& build) {
  EyeLike eye{.k = node.integer("k", 0), .same_dtype = !node.has("dtype")};
  TRY(eye.dtype, node.data_type("dtype", DataType::kF32));
  TRY(const ValueId y, build.add(eye, node.inputs()));
  return Values{y};
}

/// ONNX Tile, operator sets 1 to 5: inputs tiles and axis, one number each.
Result<Values> import_tile_1(OnnxNodeView& node, Builder& build) {
  TRY(const double tiles, node.number_of(1, "tiles"));
  TRY(const double axis, node.number_of(2, "axis"));
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  const std::int64_t rank = node.rank(0);
  if (!(axis >= 0 && axis < static_cast<double>(rank)) || !(tiles >= 0 && tiles < 1e9)) {
    return invalid_argument("tiles ", tiles, " along axis ", axis, " of the input ", node.type(0));
  }
  Dims repeats(static_cast<std::size_t>(rank), 1);
  repeats[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(tiles);
  TRY(const ValueId y, build.add(Tile{}, {node.in(0), build.integers("repeats", repeats)}));
  return Values{y};
}

}  // namespace bolide::onnx
