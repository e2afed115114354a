#include "ops/select.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/same.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/fill.h"
#include "ops/order.h"
#include "ops/reshape.h"
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

/// ONNX Tile, operator sets 1 to 5: inputs tiles and axis, one number each; the repeats are 1 but along that axis.
Result<Values> import_tile_1(OnnxNodeView& node, Builder& build) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (!node.has_input(i)) return invalid_argument("input ", i, " is missing");
  }
  const Dims one = {1};
  const Dims rank = {node.rank(0)};
  const ValueId single = build.integers("one", one);
  Values numbers;  // tiles and axis as i64 [1] and []
  for (std::size_t i = 1; i <= 2; ++i) {
    TRY(const ValueId number, build.add(Cast{.to = DataType::kI64}, {node.in(i)}));
    const ValueId sizes = i == 1 ? single : build.integers("sizes", Dims{});
    TRY(const ValueId plain, build.add(Reshape{}, {number, sizes}));
    numbers.push_back(plain);
  }
  TRY(const ValueId off_on, build.add(Concat{.axis = 0}, {single, numbers[0]}));
  TRY(const ValueId repeats, build.add(OneHot{}, {numbers[1], build.integers("rank", rank), off_on}));
  TRY(const ValueId y, build.add(Tile{}, {node.in(0), repeats}));
  return Values{y};
}

}  // namespace bolide::onnx
