#include "ops/lrn.h"

#include "ops/along_axis.h"

#include <algorithm>
#include <cmath>

namespace bolide {

Result<TensorTypes> LRN::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context));
  if (context.rank(0) < 2) return invalid_argument("LRN: x is ", context.shape(0), "; needs batch and channels");
  if (size < 1) return invalid_argument("LRN: size is ", size);
  return TensorTypes{context.type(0)};
}

Result<Tensors> LRN::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  const Dims& dims = inputs[0]->dims();
  if (product(dims) == 0) {
    TRY(Tensor empty, context.allocate(inputs[0]->dtype(), dims));
    return one(std::move(empty));
  }
  const std::int64_t channels = dims[1];
  const std::int64_t below = std::min((size - 1) / 2, channels);
  const std::int64_t above = std::min(size / 2, channels);
  const double factor = double{alpha} / static_cast<double>(size);
  const bool root = beta == 0.75F;  // what networks take: two square roots instead of a power
  const auto normalize = [&](std::span<double> line) {
    thread_local std::vector<double> squares;
    squares.assign(line.begin(), line.end());
    for (double& value : squares) value *= value;
    for (std::int64_t c = 0; c < channels; ++c) {
      double sum = 0;
      for (std::int64_t k = std::max<std::int64_t>(0, c - below); k <= std::min(channels - 1, c + above); ++k) {
        sum += squares[static_cast<std::size_t>(k)];
      }
      const double base = double{bias} + factor * sum;
      const double power = root ? std::sqrt(base) * std::sqrt(std::sqrt(base)) : std::pow(base, double{beta});
      line[static_cast<std::size_t>(c)] /= power;
    }
  };
  TRY(Tensor y, along_axis(*inputs[0], 1, context, normalize));
  return one(std::move(y));
}

Result<TensorTypes> LpNormalization::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context));
  TRY_OK(checked_axis(kInfo, axis, context.rank(0)));
  if (p != 1 && p != 2) return invalid_argument("LpNormalization: p is ", p, ", expected 1 or 2");
  return TensorTypes{context.type(0)};
}

Result<Tensors> LpNormalization::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(infer_known(*this, inputs, context));
  TRY(const int at, checked_axis(kInfo, axis, inputs[0]->rank()));
  const auto normalize = [this](std::span<double> line) {
    std::array<double, 4> parts{};  // side by side, which is what the processor does at once
    const std::size_t whole = line.size() / 4 * 4;
    for (std::size_t i = 0; i < whole; i += 4) {
      for (std::size_t j = 0; j < 4; ++j) parts[j] += p == 1 ? std::abs(line[i + j]) : line[i + j] * line[i + j];
    }
    double norm = (parts[0] + parts[1]) + (parts[2] + parts[3]);
    for (const double value : line.subspan(whole)) norm += p == 1 ? std::abs(value) : value * value;
    if (p == 2) norm = std::sqrt(norm);
    if (norm == 0) {
      std::ranges::fill(line, 0);
    } else {
      for (double& value : line) value /= norm;
    }
  };
  TRY(Tensor y, along_axis(*inputs[0], static_cast<std::size_t>(at), context, normalize));
  return one(std::move(y));
}

}  // namespace bolide
