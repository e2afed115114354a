#include "ops/matmul.h"

#include "ops/contraction.h"

#include <algorithm>

namespace bolide {
namespace {

bool is_wide_integer(DataType type) { return is_integer(type) && bit_width(type) > 8; }

/// Which matrix of an operand belongs to each matrix of the result.
std::vector<std::int64_t> matrix_indices(std::span<const std::int64_t> batch, std::span<const std::int64_t> operand) {
  Dims strides(batch.size(), 0);
  std::int64_t stride = 1;
  for (std::size_t d = operand.size(); d-- > 0;) {
    if (operand[d] != 1) strides[d + batch.size() - operand.size()] = stride;
    stride *= operand[d];
  }
  std::vector<std::int64_t> out;
  Dims index(batch.size(), 0);
  for (std::int64_t i = product(batch); i > 0; --i, next_index(index, batch)) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < batch.size(); ++d) at += index[d] * strides[d];
    out.push_back(at);
  }
  return out;
}

void multiply_integers(std::int64_t m, std::int64_t n, std::int64_t k, const std::uint64_t* a, std::uint64_t a_zero,
                       const std::uint64_t* b, std::uint64_t b_zero, std::uint64_t* y) {
  parallel_ranges(m, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::int64_t p = 0; p < k; ++p) {
        const std::uint64_t factor = a[i * k + p] - a_zero;
        for (std::int64_t j = 0; j < n; ++j) y[i * n + j] += factor * (b[p * n + j] - b_zero);
      }
    }
  });
}

struct Problem {
  std::int64_t m = 1;
  std::int64_t n = 1;
  std::int64_t k = 0;
  std::vector<std::int64_t> a_at;
  std::vector<std::int64_t> b_at;
};

/// `dims` of a vector operand become those of a matrix.
Problem problem_of(Dims a, Dims b) {
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  Problem out{a[a.size() - 2], b.back(), a.back(), {}, {}};
  a.resize(a.size() - 2);
  b.resize(b.size() - 2);
  const Result<Dims> batch = broadcast(a, b);  // infer() has checked it
  if (!batch) return out;
  out.a_at = matrix_indices(*batch, a);
  out.b_at = matrix_indices(*batch, b);
  return out;
}

}  // namespace

Result<TensorTypes> MatMul::infer(const InferContext& context) const {
  if (!(is_wide_integer(context.dtype(0)) && context.dtype(0) == context.dtype(1))) {
    TRY_OK(check_contraction_types(kInfo, context));
  }
  Shape a = context.shape(0);
  Shape b = context.shape(1);
  if (a.empty() || b.empty()) return invalid_argument("MatMul: a is ", a, " and b is ", b, "; scalars have no product");
  const bool a_vector = a.size() == 1;
  const bool b_vector = b.size() == 1;
  if (a_vector) a.insert(a.begin(), Dim(1));
  if (b_vector) b.push_back(Dim(1));
  const Dim m = a[a.size() - 2];
  const Dim n = b.back();
  const Dim inner_a = a.back();
  const Dim inner_b = b[b.size() - 2];
  if (inner_a.constant() && inner_b.constant() && *inner_a.constant() != *inner_b.constant()) {
    return invalid_argument("MatMul: a is ", context.shape(0), " and b is ", context.shape(1), "; inner sizes differ");
  }
  a.resize(a.size() - 2);
  b.resize(b.size() - 2);
  Result<Shape> batch = broadcast(a, b);
  if (!batch) return std::move(batch).within("MatMul").error();
  Shape y = *std::move(batch);
  if (!a_vector) y.push_back(m);
  if (!b_vector) y.push_back(n);
  if (context.has(2)) {
    if (context.rank(2) != 1) return invalid_argument("MatMul: bias is ", context.shape(2), ", expected [", n, "]");
    TRY_OK(require_equal(kInfo, "bias", context.shape(2)[0], n));
  }
  TRY_OK(check_epilogue(kInfo, epilogue, context, y));
  return TensorTypes{{out, std::move(y)}};
}

Result<Tensors> MatMul::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  if (product(results[0].dims) == 0) {
    TRY(Tensor empty, context.allocate(out, results[0].dims));
    return one(std::move(empty));
  }
  const Problem p = problem_of(inputs[0]->dims(), inputs[1]->dims());
  const Tensor* bias = input_at(inputs, 2);
  if (is_wide_integer(inputs[0]->dtype())) {
    if (bias != nullptr || !epilogue.is_identity() || !is_integer(out)) {
      return unsupported("MatMul: ", inputs[0]->dtype(), " takes no bias, no epilogue and gives integers");
    }
    TRY(Tensor y, context.allocate(DataType::kU64, results[0].dims));
    TRY(const Tensor a, cast(*inputs[0], DataType::kU64));
    TRY(const Tensor b, cast(*inputs[1], DataType::kU64));
    for (std::size_t i = 0; i < p.a_at.size(); ++i) {
      multiply_integers(p.m, p.n, p.k, a.span<std::uint64_t>().data() + p.a_at[i] * p.m * p.k,
                        static_cast<std::uint64_t>(a_zero), b.span<std::uint64_t>().data() + p.b_at[i] * p.k * p.n,
                        static_cast<std::uint64_t>(b_zero),
                        y.span<std::uint64_t>().data() + static_cast<std::int64_t>(i) * p.m * p.n);
    }
    TRY(y, cast(y, out));
    return one(std::move(y));
  }
  TRY(Tensor acc, context.allocate(DataType::kF64, results[0].dims));
  TRY(const Tensor a, shifted_f64(*inputs[0], a_zero));
  TRY(const Tensor b, shifted_f64(*inputs[1], b_zero));
  double* y = acc.span<double>().data();
  for (std::size_t i = 0; i < p.a_at.size(); ++i) {
    contract_matrices(p.m, p.n, p.k, a.span<double>().data() + p.a_at[i] * p.m * p.k,
                      b.span<double>().data() + p.b_at[i] * p.k * p.n, y + static_cast<std::int64_t>(i) * p.m * p.n);
  }
  if (bias != nullptr) {
    TRY(const Tensor shift, as_f64(*bias));
    for (std::int64_t i = 0; i < acc.count(); ++i) y[i] += shift.span<double>()[static_cast<std::size_t>(i % p.n)];
  }
  TRY(Tensor result, finish_contraction(acc, epilogue, inputs, out));
  return one(std::move(result));
}

}  // namespace bolide
