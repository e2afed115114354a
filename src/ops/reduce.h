/// One number from all numbers along the given axes.
///
/// Inputs   x : any shape, any real dtype (bool for max and min)
///          axes : optional integers, used instead of the attribute
/// Outputs  y : x's dtype, or f32 with `as_f32` (sums and means of integers of at most 16 bits); the axes are removed,
///          or kept as 1 with `keepdims`
/// `axes` may be negative; empty means all, or with `noop_with_empty_axes` none: each number goes through the formula
/// by itself. Of no numbers at all: sum 0, product 1, max the lowest and min the highest of the dtype (infinite for
/// floats), mean NaN.
/// Numerics floats, and integers with `as_f32`, in double, rounded once; other integers in 64 bits, wrapping when
///          stored, mean truncates
/// Source   ONNX Reduce*-1..20
#pragma once

#include "ops/op.h"

#include <array>

namespace bolide {

enum class ReduceKind : std::uint8_t {
  kSum,
  kMean,
  kMax,
  kMin,
  kProd,
  kL1,         ///< sum |x|
  kL2,         ///< sqrt(sum x^2)
  kLogSum,     ///< log(sum x)
  kLogSumExp,  ///< log(sum exp(x)), with the maximum taken out
  kSumSquare,  ///< sum x^2
};
constexpr std::array<std::string_view, 10> enum_names(ReduceKind) {
  return {"sum", "mean", "max", "min", "prod", "l1", "l2", "log_sum", "log_sum_exp", "sum_square"};
}

struct Reduce {
  ReduceKind kind = ReduceKind::kSum;
  std::vector<std::int64_t> axes;
  bool keepdims = true;
  bool noop_with_empty_axes = false;
  bool as_f32 = false;

  static constexpr OpInfo kInfo{.name = "Reduce", .max_inputs = 2};
  static constexpr auto kFields =
      std::tuple{field("kind", &Reduce::kind), field("axes", &Reduce::axes), field("keepdims", &Reduce::keepdims),
                 field("noop_with_empty_axes", &Reduce::noop_with_empty_axes), field("as_f32", &Reduce::as_f32)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<std::vector<Dim>> contents(const InferContext& context) const;
};

}  // namespace bolide
