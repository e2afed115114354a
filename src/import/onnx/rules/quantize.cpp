#include "import/onnx/rules/quantize.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/sizes.h"
#include "ops/arithmetic.h"
#include "ops/cast.h"
#include "ops/expand.h"
#include "ops/fill.h"
#include "ops/quantize.h"
#include "ops/reshape.h"

#include <algorithm>
#include <numeric>

namespace bolide::onnx {

namespace {

bool is_one_number(Builder& build, ValueId value) {
  const Shape& shape = build.type(value).shape;
  return shape.empty() || (shape.size() == 1 && shape[0] == Dim(1));
}

/// x, scale and, where there is one, the zero point. Where one of the two is a single number and the other one a
/// slice, it is repeated: the operators take as many zero points as scales.
Result<Values> parameters(Builder& build, ValueId x, ValueId scale, ValueId zero) {
  if (zero == kNoValue) return Values{x, scale};
  const bool one_scale = is_one_number(build, scale);
  if (one_scale != is_one_number(build, zero)) {
    TRY(const ValueId sizes, sizes_of(build, one_scale ? zero : scale));
    ValueId& single = one_scale ? scale : zero;
    TRY(single, build.add(Expand{}, {single, sizes}));
  }
  return Values{x, scale, zero};
}

}  // namespace

Result<ValueId> dequantized(Builder& build, ValueId x, ValueId scale, ValueId zero, std::int64_t axis) {
  TRY(Values inputs, parameters(build, x, scale, zero));
  return build.add(DequantizeLinear{.axis = axis}, std::move(inputs));
}

Result<ValueId> quantized(Builder& build, ValueId x, ValueId scale, ValueId zero, DataType fallback,
                          std::int64_t axis) {
  TRY(Values inputs, parameters(build, x, scale, zero));
  const DataType out = zero != kNoValue ? build.type(zero).dtype : fallback;
  return build.add(QuantizeLinear{.axis = axis, .out = out}, std::move(inputs));
}

namespace {

/// x / scale in `precision`, and scales of 1 in the place of the given ones.
Result<Values> divided(OnnxNodeView& node, Builder& build, const QuantizeLinear& op, DataType precision) {
  if (op.block_size != 0) return unsupported("attribute 'precision' beside 'block_size'; f32 works");
  TRY(const ValueId x, build.add(Cast{.to = precision}, {node.in(0)}));
  TRY(ValueId scale, build.add(Cast{.to = precision}, {node.in(1)}));
  TRY(const ValueId sizes, sizes_of(build, scale));
  if (build.rank(scale) == 1 && !(build.type(scale).shape[0] == Dim(1))) {
    TRY(const std::size_t axis, normalize_axis(op.axis, static_cast<int>(node.rank(0))));
    Dims after(static_cast<std::size_t>(node.rank(0)) - axis - 1);
    std::iota(after.begin(), after.end(), 1);
    TRY(scale, build.add(Unsqueeze{.axes = after}, {scale}));
  }
  TRY(const ValueId quotient, build.add(Div{}, {x, scale}));
  TRY(const ValueId ones, build.add(ConstantOfShape{.value = Tensor::scalar(1.0F)}, {sizes}));
  return Values{quotient, ones};
}

}  // namespace

/// ONNX QuantizeLinear: the dtype is that of the zero point, else `output_dtype` (since operator set 21), else u8.
/// `precision` (since 23) is the dtype of the division, which is f32 (f64 for f64) by default.
Result<Values> import_quantize(OnnxNodeView& node, Builder& build) {
  QuantizeLinear op{.axis = node.integer("axis", 1),
                    .block_size = node.integer("block_size", 0),
                    .saturate = node.flag("saturate", true)};
  TRY(op.out, node.has("output_dtype") && node.integer("output_dtype", 0) != 0
                  ? node.data_type("output_dtype", DataType::kU8)
                  : Result<DataType>(node.has_input(2) ? node.dtype(2) : DataType::kU8));
  if (node.has_input(2) && node.dtype(2) != op.out) {
    return bad_file("attribute 'output_dtype' is ", op.out, ", and the zero point is ", node.dtype(2));
  }
  Values inputs = node.inputs();
  if (node.integer("precision", 0) != 0 && node.has_input(1)) {
    TRY(const DataType precision, node.data_type("precision", DataType::kF32));
    if (precision != DataType::kF32) {
      TRY(const Values parts, divided(node, build, op, precision));
      std::copy(parts.begin(), parts.end(), inputs.begin());
    }
  }
  if (node.has_input(1)) {
    TRY(inputs, parameters(build, inputs[0], inputs[1], node.has_input(2) ? inputs[2] : kNoValue));
  }
  TRY(const ValueId y, build.add(op, std::move(inputs)));
  return Values{y};
}

/// ONNX DequantizeLinear: the dtype is `output_dtype` (since operator set 23), else that of the scale.
Result<Values> import_dequantize(OnnxNodeView& node, Builder& build) {
  DequantizeLinear op{.axis = node.integer("axis", 1), .block_size = node.integer("block_size", 0)};
  if (!node.has_input(1)) return invalid_argument("input 1 (x_scale) is missing");
  TRY(op.out, node.has("output_dtype") && node.integer("output_dtype", 0) != 0
                  ? node.data_type("output_dtype", node.dtype(1))
                  : Result<DataType>(node.dtype(1)));
  TRY(Values inputs, parameters(build, node.in(0), node.in(1), node.has_input(2) ? node.in(2) : kNoValue));
  TRY(const ValueId y, build.add(op, std::move(inputs)));
  return Values{y};
}

}  // namespace bolide::onnx
