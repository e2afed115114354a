#include "ops/quantize.h"

#include "ops/reference.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

bool is_one_number(const Shape& shape) { return shape.empty() || (shape.size() == 1 && shape[0] == Dim(1)); }

Status check_parameters(const OpInfo& info, std::int64_t axis, std::int64_t block_size, const InferContext& context) {
  TRY_OK(require_float(info, context, 1));
  const Shape& x = context.shape(0);
  const Shape& scale = context.shape(1);
  if (context.has(2) && context.rank(2) != context.rank(1) &&
      !(is_one_number(scale) && is_one_number(context.shape(2)))) {
    return invalid_argument(info.name, ": scale is ", scale, " and zero is ", context.shape(2));
  }
  for (std::size_t d = 0; context.has(2) && d < std::min(scale.size(), context.shape(2).size()); ++d) {
    TRY_OK(require_equal(info, "zero point count", context.shape(2)[d], scale[d]));
  }
  if (block_size < 0) return invalid_argument(info.name, ": block_size is ", block_size);
  if (block_size == 0) {
    if (is_one_number(scale)) return ok();
    if (scale.size() != 1) return invalid_argument(info.name, ": scale is ", scale, " without block_size");
    TRY(const int at, checked_axis(info, axis, context.rank(0)));
    return require_equal(info, "scale count", scale[0], x[static_cast<std::size_t>(at)]);
  }
  TRY(const int at, checked_axis(info, axis, context.rank(0)));
  if (scale.size() != x.size()) return invalid_argument(info.name, ": scale is ", scale, ", x is ", x);
  for (std::size_t d = 0; d < x.size(); ++d) {
    const Dim want = d == static_cast<std::size_t>(at) ? x[d].ceil_div(block_size) : x[d];
    TRY_OK(require_equal(info, "scale size", scale[d], want));
  }
  return ok();
}

/// Which scale belongs to element i of x.
class ScaleIndex {
 public:
  ScaleIndex(const Dims& x, const Tensor& scale, std::int64_t axis, std::int64_t block_size) {
    single_ = block_size == 0 && scale.count() == 1;
    if (single_) return;
    const auto at = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(x.size()) : axis);
    size_ = x[at];
    inner_ = product(x, at + 1, x.size());
    block_ = block_size;
    if (block_ > 0) blocks_ = (size_ + block_ - 1) / block_;
  }
  std::size_t operator()(std::int64_t i) const {
    if (single_) return 0;
    const std::int64_t along = i / inner_ % size_;
    if (block_ == 0) return static_cast<std::size_t>(along);
    return static_cast<std::size_t>((i / inner_ / size_ * blocks_ + along / block_) * inner_ + i % inner_);
  }

 private:
  bool single_ = false;
  std::int64_t size_ = 1;
  std::int64_t inner_ = 1;
  std::int64_t block_ = 0;
  std::int64_t blocks_ = 1;
};

struct Parameters {
  Tensor x;
  std::vector<double> scale;
  std::vector<double> zero;
};

Result<Parameters> parameters_of(TensorInputs inputs) {
  Parameters out;
  TRY(out.x, as_f64(*inputs[0]));
  TRY(out.scale, to_f64(*inputs[1]));
  if (input_at(inputs, 2) != nullptr) {
    TRY(out.zero, to_f64(*inputs[2]));
  } else {
    out.zero.assign(out.scale.size(), 0);
  }
  return out;
}

/// Rounded to f32, unless the numbers are f64.
double rounded(double value, bool wide) { return wide ? value : double{static_cast<float>(value)}; }

}  // namespace

Result<TensorTypes> QuantizeLinear::infer(const InferContext& context) const {
  const DataType x = context.dtype(0);
  if (!is_float(x) && x != DataType::kI32) return unsupported("QuantizeLinear: x is ", context.type(0));
  const bool integer = is_integer(out) && bit_width(out) <= 16;
  if (!integer && !(is_float(out) && bit_width(out) <= 8))
    return unsupported("QuantizeLinear: cannot quantize to ", out);
  if (context.has(2) && context.dtype(2) != out) {
    return invalid_argument("QuantizeLinear: zero is ", context.dtype(2), " and the result ", out);
  }
  TRY_OK(check_parameters(kInfo, axis, block_size, context));
  return TensorTypes{{out, context.shape(0)}};
}

Result<Tensors> QuantizeLinear::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  TRY(const Parameters p, parameters_of(inputs));
  const ScaleIndex at(inputs[0]->dims(), *inputs[1], axis, block_size);
  const bool wide = inputs[0]->dtype() == DataType::kF64;
  TRY(Tensor y, context.allocate(DataType::kF64, inputs[0]->dims()));
  parallel_ranges(y.count(), 16384, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::size_t s = at(i);
      const double quotient = rounded(p.x.span<double>()[static_cast<std::size_t>(i)] / p.scale[s], wide);
      y.span<double>()[static_cast<std::size_t>(i)] = (is_float(out) ? quotient : std::nearbyint(quotient)) + p.zero[s];
    }
  });
  TRY(Tensor stored, is_float(out) ? cast(y, out, {.saturate = saturate}) : store_f64(y, out));
  return one(std::move(stored));
}

Result<TensorTypes> DequantizeLinear::infer(const InferContext& context) const {
  const DataType x = context.dtype(0);
  if (!(is_integer(x) && bit_width(x) <= 32) && !(is_float(x) && bit_width(x) <= 8)) {
    return unsupported("DequantizeLinear: x is ", context.type(0));
  }
  if (!is_float(out)) return unsupported("DequantizeLinear: cannot dequantize to ", out);
  if (context.has(2) && context.dtype(2) != x) {
    return invalid_argument("DequantizeLinear: zero is ", context.dtype(2), " and x is ", x);
  }
  TRY_OK(check_parameters(kInfo, axis, block_size, context));
  return TensorTypes{{out, context.shape(0)}};
}

Result<Tensors> DequantizeLinear::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  TRY(const Parameters p, parameters_of(inputs));
  const ScaleIndex at(inputs[0]->dims(), *inputs[1], axis, block_size);
  const bool wide = inputs[1]->dtype() == DataType::kF64;
  TRY(Tensor y, context.allocate(DataType::kF64, inputs[0]->dims()));
  parallel_ranges(y.count(), 16384, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::size_t s = at(i);
      const double difference = rounded(p.x.span<double>()[static_cast<std::size_t>(i)] - p.zero[s], wide);
      y.span<double>()[static_cast<std::size_t>(i)] = rounded(difference * p.scale[s], wide);
    }
  });
  TRY(Tensor stored, store_f64(y, out));
  return one(std::move(stored));
}

}  // namespace bolide
