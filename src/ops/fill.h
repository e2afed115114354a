/// Tensors made from numbers.
#pragma once

#include "ops/movement.h"

namespace bolide {

/// The type of a tensor that is made from its sizes, input 0. Errors: InvalidArgument unless they are integers of rank
/// 1 and not negative; Unsupported when their number is not known.
Result<TensorType> type_of_sizes(const OpInfo& info, DataType dtype, const InferContext& context);

/// Input sizes (integers): a tensor of those sizes, every element `value`'s only one. Source: ONNX ConstantOfShape.
struct ConstantOfShape {
  static constexpr OpInfo kInfo{.name = "ConstantOfShape"};
  Tensor value = Tensor::scalar(0.0F);
  static constexpr auto kFields = std::tuple{field("value", &ConstantOfShape::value)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<std::vector<Dim>> contents(const InferContext& context) const;
};

/// Inputs start, limit, delta (scalars of one dtype): start, start + delta, ... before limit. Source: ONNX Range.
struct RangeOp {
  static constexpr OpInfo kInfo{.name = "Range", .min_inputs = 3, .max_inputs = 3};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<std::vector<Dim>> contents(const InferContext& context) const;
};

/// Inputs indices, depth, values {off, on}: a new axis of size depth that is on at the index (from the end when
/// negative) and off elsewhere; indices outside are off everywhere. Source: ONNX OneHot.
struct OneHot {
  static constexpr OpInfo kInfo{.name = "OneHot", .min_inputs = 3, .max_inputs = 3};
  std::int64_t axis = -1;
  static constexpr auto kFields = std::tuple{field("axis", &OneHot::axis)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Ones on diagonal k of a matrix of the input's sizes, zeros elsewhere; of `dtype`, or when same_dtype of the input's.
/// Source: ONNX EyeLike.
struct EyeLike {
  static constexpr OpInfo kInfo{.name = "EyeLike"};
  std::int64_t k = 0;
  bool same_dtype = true;
  DataType dtype = DataType::kF32;
  static constexpr auto kFields =
      std::tuple{field("k", &EyeLike::k), field("same_dtype", &EyeLike::same_dtype), field("dtype", &EyeLike::dtype)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
