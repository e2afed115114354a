#include "import/onnx/rules/quantize.h"

#include "import/onnx/rules/all.h"
#include "ops/quantize.h"

namespace bolide::onnx {

Result<ValueId> dequantized(Builder& build, ValueId x, ValueId scale, ValueId zero, std::int64_t axis) {
  Values inputs = {x, scale};
  if (zero != kNoValue) inputs.push_back(zero);
  return build.add(DequantizeLinear{.axis = axis}, std::move(inputs));
}

Result<ValueId> quantized(Builder& build, ValueId x, ValueId scale, ValueId zero, DataType fallback,
                          std::int64_t axis) {
  Values inputs = {x, scale};
  if (zero != kNoValue) inputs.push_back(zero);
  const DataType out = zero != kNoValue ? build.type(zero).dtype : fallback;
  return build.add(QuantizeLinear{.axis = axis, .out = out}, std::move(inputs));
}

/// ONNX QuantizeLinear: the dtype is that of the zero point, else `output_dtype` (since operator set 21), else u8.
Result<Values> import_quantize(OnnxNodeView& node, Builder& build) {
  node.ignore("precision");  // of the quotient; it is never below f32 here
  QuantizeLinear op{.axis = node.integer("axis", 1),
                    .block_size = node.integer("block_size", 0),
                    .saturate = node.flag("saturate", true)};
  TRY(op.out, node.has("output_dtype") && node.integer("output_dtype", 0) != 0
                  ? node.data_type("output_dtype", DataType::kU8)
                  : Result<DataType>(node.has_input(2) ? node.dtype(2) : DataType::kU8));
  if (node.has_input(2) && node.dtype(2) != op.out) {
    return bad_file("attribute 'output_dtype' is ", op.out, ", and the zero point is ", node.dtype(2));
  }
  TRY(const ValueId y, build.add(op, node.inputs()));
  return Values{y};
}

/// ONNX DequantizeLinear: the dtype is `output_dtype` (since operator set 23), else that of the scale.
Result<Values> import_dequantize(OnnxNodeView& node, Builder& build) {
  DequantizeLinear op{.axis = node.integer("axis", 1), .block_size = node.integer("block_size", 0)};
  if (!node.has_input(1)) return invalid_argument("input 1 (x_scale) is missing");
  TRY(op.out, node.has("output_dtype") && node.integer("output_dtype", 0) != 0
                  ? node.data_type("output_dtype", node.dtype(1))
                  : Result<DataType>(node.dtype(1)));
  TRY(const ValueId y, build.add(op, node.inputs()));
  return Values{y};
}

}  // namespace bolide::onnx
