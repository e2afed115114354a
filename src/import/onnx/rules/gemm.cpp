#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "ops/arithmetic.h"
#include "ops/cast.h"
#include "ops/matmul.h"
#include "ops/reshape.h"
#include "ops/transpose.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace bolide::onnx {
namespace {

/// The two last axes exchanged, if asked for.
Result<ValueId> transposed(Builder& build, ValueId x, bool transpose) {
  const std::int64_t rank = build.rank(x);
  if (!transpose || rank < 2) return x;
  Dims perm(static_cast<std::size_t>(rank));
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return build.add(Transpose{.perm = perm}, {x});
}

Result<ValueId> scaled(Builder& build, ValueId x, float factor) {
  if (factor == 1.0F) return x;
  TRY(const ValueId number, build.scalar(build.type(x).dtype, factor));
  return build.add(Mul{}, {x, number});
}

/// A zero point that is one number, also where the file repeats it. Errors: Unsupported for different ones.
Result<std::int64_t> zero_point(const OnnxNodeView& node, std::size_t index, std::string_view what) {
  if (!node.has_input(index)) return 0;
  TRY(const Dims zeros, node.integers_of(index, what));
  if (zeros.empty()) return bad_file("input ", index, " (", what, ") is empty");
  if (std::any_of(zeros.begin(), zeros.end(), [&](std::int64_t z) { return z != zeros[0]; })) {
    return unsupported("input ", index, " (", what, ") differs between rows or columns; one zero point works");
  }
  return zeros[0];
}

}  // namespace

/// ONNX Gemm:  Y[m,n] = alpha * A'[m,k] B'[k,n] + beta * C
/// (A' is A or its transpose, C broadcasts to [m,n] and is optional since operator set 11).
/// C of one number a column is the bias of the MatMul; else Mul and Add only where alpha, beta and C ask for them, in
/// f32 for the 16-bit floats.
Result<Values> import_gemm(OnnxNodeView& node, Builder& build) {
  node.ignore("broadcast");  // up to operator set 6; C that needs none broadcasts the same
  const float alpha = node.number("alpha", 1.0F);
  const float beta = node.number("beta", 1.0F);
  const bool transpose_a = node.flag("transA");
  const bool transpose_b = node.flag("transB");
  if (!node.has_input(0) || !node.has_input(1)) return invalid_argument("inputs A and B are needed");
  if (node.rank(0) != 2 || node.rank(1) != 2) {
    return invalid_argument("A ", node.type(0), " and B ", node.type(1), " must be matrices");
  }
  TRY(const ValueId a, transposed(build, node.in(0), transpose_a));
  TRY(const ValueId b, transposed(build, node.in(1), transpose_b));
  const MatMul product{.out = node.dtype(0)};
  const bool is_bias = node.has_input(2) && alpha == 1.0F && beta == 1.0F && is_float(node.dtype(0)) &&
                       node.rank(2) == 1 && node.shape(2)[0] == build.type(b).shape[1];
  if (is_bias) {
    TRY(const ValueId y, build.add(product, {a, b, node.in(2)}));
    return Values{y};
  }
  const bool adds = node.has_input(2) && beta != 0.0F;
  const bool is_narrow = is_float(node.dtype(0)) && bit_width(node.dtype(0)) == 16 && (adds || alpha != 1.0F);
  TRY(ValueId y, build.add(MatMul{.out = is_narrow ? DataType::kF32 : node.dtype(0)}, {a, b}));
  TRY(y, scaled(build, y, alpha));
  if (adds) {
    ValueId c = node.in(2);
    if (is_narrow) {
      TRY(c, build.add(Cast{.to = DataType::kF32}, {c}));
    }
    TRY(c, scaled(build, c, beta));
    TRY(y, build.add(Add{}, {y, c}));
  }
  if (is_narrow) {
    TRY(y, build.add(Cast{.to = node.dtype(0)}, {y}));
  }
  return Values{y};
}

Result<Values> import_matmul(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  TRY(const ValueId y, build.add(MatMul{.out = node.dtype(0)}, {node.in(0), node.in(1)}));
  return Values{y};
}

namespace {

/// A (B - b_zero) - a_zero * (the sums of the columns of B - b_zero), in i32 as MatMulInteger: the product is that of
/// the codes themselves, for which there are fast kernels. a_zero is one number or one a row.
Result<Values> shifted_product(OnnxNodeView& node, Builder& build, std::int64_t b_zero) {
  Formula f(build);
  const ValueId product = f.op(MatMul{.b_zero = b_zero, .out = DataType::kI32}, {node.in(0), node.in(1)});
  ValueId b = f.cast(node.in(1), DataType::kI32);
  if (b_zero != 0) b = f.add(b, -static_cast<double>(b_zero));
  const ValueId sums = f.reduce(ReduceKind::kSum, b, {-2}, true);
  ValueId a_zero = f.cast(node.in(2), DataType::kI32);
  if (f.rank(a_zero) == 1 && !(f.type(a_zero).shape[0] == Dim(1))) a_zero = f.unsqueeze(a_zero, {1});
  return f.result({f.sub(product, f.mul(sums, a_zero))});
}

}  // namespace

/// ONNX MatMulInteger: (A - a_zero) (B - b_zero) in i32. Zero points that are computed, or differ between rows of A or
/// columns of B, are subtracted in i32.
Result<Values> import_matmul_integer(OnnxNodeView& node, Builder& build) {
  const Result<std::int64_t> a_zero = zero_point(node, 2, "a_zero_point");
  const Result<std::int64_t> b_zero = zero_point(node, 3, "b_zero_point");
  if (a_zero && b_zero) {
    const MatMul product{.a_zero = *a_zero, .b_zero = *b_zero, .out = DataType::kI32};
    TRY(const ValueId y, build.add(product, {node.in(0), node.in(1)}));
    return Values{y};
  }
  if (b_zero && node.has_input(0) && node.has_input(1) && node.rank(0) >= 2 && node.rank(1) >= 2) {
    return shifted_product(node, build, *b_zero);
  }
  std::array<ValueId, 2> centred = {kNoValue, kNoValue};
  for (std::size_t i = 0; i < 2; ++i) {
    TRY(centred.at(i), build.add(Cast{.to = DataType::kI32}, {node.in(i)}));
    if (!node.has_input(i + 2)) continue;
    TRY(ValueId zero, build.add(Cast{.to = DataType::kI32}, {node.in(i + 2)}));
    if (i == 0 && build.rank(zero) == 1 && !(build.type(zero).shape[0] == Dim(1))) {  // one a row
      TRY(zero, build.add(Unsqueeze{.axes = {1}}, {zero}));
    }
    TRY(centred.at(i), build.add(Sub{}, {centred.at(i), zero}));
  }
  TRY(const ValueId y, build.add(MatMul{.out = DataType::kI32}, {centred[0], centred[1]}));
  return Values{y};
}

}  // namespace bolide::onnx
