// Operators of the first operator sets that were experimental and are gone; old files still hold them.
#include "import/onnx/rules/all.h"
#include "import/onnx/rules/sizes.h"
#include "ops/activation.h"
#include "ops/arithmetic.h"
#include "ops/concat.h"
#include "ops/expand.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "tensor/number.h"

#include <algorithm>
#include <limits>

namespace bolide::onnx {
namespace {

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

/// x * factor.
Result<ValueId> times(Builder& build, ValueId x, float factor) {
  TRY(const ValueId number, build.scalar(build.type(x).dtype, factor));
  return build.add(Mul{}, {x, number});
}

/// The sizes that ConstantFill and GivenTensorFill make: the attribute `shape`, or the sizes (with `input_as_shape` the
/// contents) of the input; then `extra_shape`.
Result<ValueId> filled_sizes(OnnxNodeView& node, Builder& build) {
  const bool is_contents = node.flag("input_as_shape");
  const Dims extra = node.integers("extra_shape");
  const Dims shape = node.integers("shape");
  ValueId sizes = kNoValue;
  if (!node.has_input(0)) {
    sizes = build.integers("sizes", shape);
  } else if (is_contents) {
    sizes = node.in(0);
  } else {
    TRY(sizes, sizes_of(build, node.in(0)));
  }
  if (extra.empty()) return sizes;
  return build.add(Concat{.axis = 0}, {sizes, build.integers("extra", extra)});
}

}  // namespace

/// Affine: alpha * x + beta.
Result<Values> import_affine(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  TRY(const ValueId beta, build.scalar(node.dtype(0), node.number("beta", 0.0F)));
  TRY(const ValueId scaled, times(build, node.in(0), node.number("alpha", 1.0F)));
  TRY(const ValueId y, build.add(Add{}, {scaled, beta}));
  return Values{y};
}

/// ScaledTanh: alpha * tanh(beta * x).
Result<Values> import_scaled_tanh(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  TRY(const ValueId inner, times(build, node.in(0), node.number("beta", 1.0F)));
  TRY(const ValueId tanh, build.add(Tanh{}, {inner}));
  TRY(const ValueId y, times(build, tanh, node.number("alpha", 1.0F)));
  return Values{y};
}

/// ParametricSoftplus: alpha * log(exp(beta * x) + 1).
Result<Values> import_parametric_softplus(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  TRY(const ValueId inner, times(build, node.in(0), node.number("beta", 1.0F)));
  TRY(const ValueId soft, build.add(Softplus{}, {inner}));
  TRY(const ValueId y, times(build, soft, node.number("alpha", 1.0F)));
  return Values{y};
}

/// Scale: scale * x.
Result<Values> import_scale(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  TRY(const ValueId y, times(build, node.in(0), node.number("scale", 1.0F)));
  return Values{y};
}

/// ImageScaler: scale * x + bias[c] of x [n, c, h, w].
Result<Values> import_image_scaler(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  const std::vector<float> bias = node.numbers("bias");
  TRY(ValueId y, times(build, node.in(0), node.number("scale", 1.0F)));
  if (bias.empty()) return Values{y};
  const Dims column = {static_cast<std::int64_t>(bias.size()), 1, 1};
  TRY(Tensor each, cast(Tensor::of<float>(bias, column), node.dtype(0)));
  TRY(y, build.add(Add{}, {y, build.constant("bias", std::move(each))}));
  return Values{y};
}

/// Crop: x [n, c, h, w] without `border` (left, top, right, bottom), or from there on the height and width `scale`.
Result<Values> import_crop(OnnxNodeView& node, Builder& build) {
  const Dims border = node.integers("border", {0, 0, 0, 0});
  const Dims size = node.integers("scale");
  if (border.size() != 4 || (!size.empty() && size.size() != 2)) {
    return invalid_argument("attributes 'border' and 'scale' have ", border.size(), " and ", size.size(), " numbers");
  }
  for (const Dims* numbers : {&border, &size}) {
    const auto fits = [](std::int64_t number) { return number >= 0 && number < INT64_C(1) << 31; };
    if (!std::all_of(numbers->begin(), numbers->end(), fits)) return invalid_argument("a border or size of ", *numbers);
  }
  const Dims starts = {border[1], border[0]};
  Dims ends = {border[3] == 0 ? kEnd : -border[3], border[2] == 0 ? kEnd : -border[2]};
  if (!size.empty()) ends = {starts[0] + size[0], starts[1] + size[1]};
  const Dims axes = {2, 3};
  TRY(const ValueId y, build.add(Slice{}, {node.in(0), build.integers("starts", starts), build.integers("ends", ends),
                                           build.integers("axes", axes)}));
  return Values{y};
}

/// DynamicSlice: Slice before it had steps.
Result<Values> import_dynamic_slice(OnnxNodeView& node, Builder& build) {
  TRY(const ValueId y, build.add(Slice{}, node.inputs()));
  return Values{y};
}

/// ConstantFill: `value` of `dtype` in every place.
Result<Values> import_constant_fill(OnnxNodeView& node, Builder& build) {
  TRY(const DataType dtype, node.data_type("dtype", DataType::kF32));
  TRY(const ValueId sizes, filled_sizes(node, build));
  TRY(const ValueId value, build.scalar(dtype, node.number("value", 0)));
  TRY(const ValueId y, build.add(Expand{}, {value, sizes}));
  return Values{y};
}

/// GivenTensorFill: the numbers of `values`.
Result<Values> import_given_tensor_fill(OnnxNodeView& node, Builder& build) {
  const std::vector<float> values = node.numbers("values");
  TRY(const ValueId sizes, filled_sizes(node, build));
  TRY(const ValueId y, build.add(Reshape{}, {build.constant("values", Tensor::of<float>(values)), sizes}));
  return Values{y};
}

}  // namespace bolide::onnx
