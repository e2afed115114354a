#include "ops/attention.h"

#include "ops/contraction.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bolide {
namespace {

/// [rows, columns] to [columns, rows].
void transpose(const double* from, std::int64_t rows, std::int64_t columns, double* to) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) to[j * rows + i] = from[i * columns + j];
  }
}

void softmax(double* line, std::int64_t count) {
  const double top = *std::max_element(line, line + count);
  double sum = 0;
  for (std::int64_t j = 0; j < count; ++j) sum += line[j] = std::exp(line[j] - top);
  for (std::int64_t j = 0; j < count; ++j) line[j] /= sum;
}

}  // namespace

Result<TensorTypes> Attention::infer(const InferContext& context) const {
  TRY_OK(require_float(kInfo, context));
  for (int i = 0; i < context.input_count(); ++i) {
    if (!context.has(i)) continue;
    const bool mask = i == 3 && is_float(context.dtype(i));  // which may have numbers beyond the others' range
    if (!mask && context.dtype(i) != context.dtype(0)) {
      return unsupported("Attention: input ", i, " is ", context.type(i), " and q is ", context.type(0));
    }
    if (i < 3 && context.rank(i) != 4) {
      return invalid_argument("Attention: input ", i, " is ", context.shape(i), "; needs [batch, heads, length, size]");
    }
  }
  const Shape& q = context.shape(0);
  const Shape& k = context.shape(1);
  const Shape& v = context.shape(2);
  for (std::size_t d = 0; d < 2; ++d) {
    TRY_OK(require_equal(kInfo, d == 0 ? "batch of k" : "heads of k", k[d], q[d]));
    TRY_OK(require_equal(kInfo, d == 0 ? "batch of v" : "heads of v", v[d], q[d]));
  }
  TRY_OK(require_equal(kInfo, "size of k", k[3], q[3]));
  TRY_OK(require_equal(kInfo, "length of v", v[2], k[2]));
  if (context.has(3)) {
    const Shape scores = {q[0], q[1], q[2], k[2]};
    Result<Shape> both = broadcast(scores, context.shape(3));
    if (!both) return std::move(both).within("Attention: mask").error();
    const auto got = constant_dims(*both);
    const auto want = constant_dims(scores);
    if (both->size() != 4 || (got && want && *got != *want)) {
      return invalid_argument("Attention: mask ", context.shape(3), " does not broadcast to ", scores);
    }
  }
  return TensorTypes{{context.dtype(0), {q[0], q[1], q[2], v[3]}}};
}

Result<Tensors> Attention::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  const Dims& q_dims = inputs[0]->dims();
  const std::int64_t s = q_dims[2];
  const std::int64_t d = q_dims[3];
  const std::int64_t t = inputs[1]->dims()[2];
  const std::int64_t e = inputs[2]->dims()[3];
  TRY(Tensor y, context.allocate(DataType::kF64, results[0].dims));
  TRY(const Tensor q, as_f64(*inputs[0]));
  TRY(const Tensor k, as_f64(*inputs[1]));
  TRY(const Tensor v, as_f64(*inputs[2]));
  TRY(Tensor scores, context.allocate(DataType::kF64, {s, t}));
  TRY(Tensor turned, context.allocate(DataType::kF64, {d, t}));
  Tensor mask;
  Dims mask_strides(4, 0);
  if (input_at(inputs, 3) != nullptr) {
    TRY(mask, as_f64(*inputs[3]));
    const Dims strides = contiguous_strides(mask.dims());
    const std::size_t offset = 4 - strides.size();
    for (std::size_t i = 0; i < strides.size(); ++i) mask_strides[i + offset] = mask.dims()[i] == 1 ? 0 : strides[i];
  }
  double* score = scores.span<double>().data();
  const std::int64_t heads = y.count() == 0 ? 0 : q_dims[0] * q_dims[1];
  for (std::int64_t head = 0; head < heads && t > 0; ++head) {
    transpose(k.span<double>().data() + head * t * d, t, d, turned.span<double>().data());
    contract_matrices(s, t, d, q.span<double>().data() + head * s * d, turned.span<double>().data(), score);
    for (std::int64_t i = 0; i < s; ++i) {
      const std::int64_t row =
          head / q_dims[1] * mask_strides[0] + head % q_dims[1] * mask_strides[1] + i * mask_strides[2];
      for (std::int64_t j = 0; j < t; ++j) {
        double& value = score[i * t + j];
        value *= double{scale};
        if (mask.count() > 0) value += mask.span<double>()[static_cast<std::size_t>(row + j * mask_strides[3])];
        if (causal && j > i) value = -std::numeric_limits<double>::infinity();
      }
      softmax(score + i * t, t);
    }
    contract_matrices(s, e, t, score, v.span<double>().data() + head * t * e, y.span<double>().data() + head * s * e);
  }
  TRY(Tensor stored, store_f64(y, results[0].dtype));
  return one(std::move(stored));
}

}  // namespace bolide
