#include "ops/quantize.h"

#include "ops/reference.h"
#include "ops/result_places.h"

#include <algorithm>
#include <cmath>
#include <mutex>

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
  std::mutex both;
  const auto total = static_cast<std::int64_t>(x.size());
  parallel_ranges(total, 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    float least = 0;
    float most = 0;
    for (std::int64_t i = begin; i < end; ++i) {
      const float value = x[static_cast<std::size_t>(i)];
      least = value < least ? value : least;
      most = value > most ? value : most;
    }
    const std::lock_guard lock(both);
    low = std::min(low, least);
    high = std::max(high, most);
  });
  const float scale = high == low ? 1.0F : (high - low) / 255.0F;
  const float zero = std::clamp(std::nearbyint(-low / scale), 0.0F, 255.0F);
  TRY(Tensor y, allocate_raw(context, DataType::kU8, inputs[0]->dims()));
  const auto codes = y.span<std::uint8_t>();
  parallel_ranges(total, 1 << 14, [&](std::int64_t begin, std::int64_t end) {
    constexpr float kRound = 0x1.8p23F;  // adding and taking it away rounds what is below 2^22 to nearest even
    for (std::int64_t i = begin; i < end; ++i) {
      const float quotient = std::min(std::max(x[static_cast<std::size_t>(i)] / scale, -512.0F), 512.0F);
      const float value = quotient + kRound - kRound + zero;
      const float clamped = value > 0 ? std::min(value, 255.0F) : 0.0F;
      codes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(static_cast<std::int32_t>(clamped));
    }
  });
  Tensors out = one(std::move(y));
  out.push_back(Tensor::scalar(scale));
  out.push_back(Tensor::scalar(static_cast<std::uint8_t>(zero)));
  out.resize(results.size());
  return out;
}

}  // namespace bolide
