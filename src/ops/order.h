/// Along one axis: running sums and products, the largest elements and where they are.
#pragma once

#include "ops/movement.h"

namespace bolide {

/// Inputs x, axis (a scalar): out[i] = x[0] + ... + x[i]; without x[i] when exclusive, from the end when reverse. Sums
/// in the compute type. Source: ONNX CumSum.
struct CumSum {
  static constexpr OpInfo kInfo{.name = "CumSum", .min_inputs = 2, .max_inputs = 2};
  bool exclusive = false;
  bool reverse = false;
  static constexpr auto kFields =
      std::tuple{field("exclusive", &CumSum::exclusive), field("reverse", &CumSum::reverse)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// As CumSum, with products. Source: ONNX CumProd.
struct CumProd {
  static constexpr OpInfo kInfo{.name = "CumProd", .min_inputs = 2, .max_inputs = 2};
  bool exclusive = false;
  bool reverse = false;
  static constexpr auto kFields =
      std::tuple{field("exclusive", &CumProd::exclusive), field("reverse", &CumProd::reverse)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Inputs x, k: the k largest (or smallest) along `axis`, in order, and their indices (i64). Of equal ones the lower
/// index comes first; NaN counts as larger than all. Always sorted. Source: ONNX TopK.
struct TopK {
  static constexpr OpInfo kInfo{.name = "TopK", .min_inputs = 2, .max_inputs = 2, .outputs = 2};
  std::int64_t axis = -1;
  bool largest = true;
  bool sorted = true;
  static constexpr auto kFields =
      std::tuple{field("axis", &TopK::axis), field("largest", &TopK::largest), field("sorted", &TopK::sorted)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// The index (i64) of the largest element along `axis`; of equal ones the first, or the last. Source: ONNX ArgMax.
struct ArgMax {
  static constexpr OpInfo kInfo{.name = "ArgMax"};
  std::int64_t axis = 0;
  bool keepdims = true;
  bool select_last_index = false;
  static constexpr auto kFields = std::tuple{field("axis", &ArgMax::axis), field("keepdims", &ArgMax::keepdims),
                                             field("select_last_index", &ArgMax::select_last_index)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// As ArgMax, of the smallest. Source: ONNX ArgMin.
struct ArgMin {
  static constexpr OpInfo kInfo{.name = "ArgMin"};
  std::int64_t axis = 0;
  bool keepdims = true;
  bool select_last_index = false;
  static constexpr auto kFields = std::tuple{field("axis", &ArgMin::axis), field("keepdims", &ArgMin::keepdims),
                                             field("select_last_index", &ArgMin::select_last_index)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
