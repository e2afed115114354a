#include "ops/quantize.h"

#include "ops/reference.h"

#include <algorithm>
#include <cmath>

namespace bolide {

Result<TensorTypes> DynamicQuantizeLinear::infer(const InferContext& context) const {
  if (context.dtype(0) != DataType::kF32) {
    return unsupported("DynamicQuantizeLinear: x is ", context.type(0), "; needs f32");
  }
  TensorTypes types = {{DataType::kU8, context.shape(0)}, {DataType::kF32, {}}, {DataType::kU8, {}}};
  types.resize(static_cast<std::size_t>(std::clamp(context.output_count(), 1, 3)));
  return types;
}

Result<Tensors> DynamicQuantizeLinear::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  const auto x = inputs[0]->span<float>();
  float low = 0;
  float high = 0;
  for (const float value : x) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  const float scale = high == low ? 1.0F : (high - low) / 255.0F;
  const float zero = std::clamp(std::nearbyint(-low / scale), 0.0F, 255.0F);
  TRY(Tensor y, context.allocate(DataType::kU8, inputs[0]->dims()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float value = std::nearbyint(x[i] / scale) + zero;
    y.span<std::uint8_t>()[i] = value > 0 ? static_cast<std::uint8_t>(std::min(value, 255.0F)) : std::uint8_t{0};
  }
  Tensors out = one(std::move(y));
  out.push_back(Tensor::scalar(scale));
  out.push_back(Tensor::scalar(static_cast<std::uint8_t>(zero)));
  out.resize(results.size());
  return out;
}

}  // namespace bolide
