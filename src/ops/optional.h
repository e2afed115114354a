/// Optionals: one value or none.
#pragma once

#include "ops/op.h"

namespace bolide {

/// The input as an optional; without it one that holds nothing, of tensors of `dtype` or, with `sequence`, of sequences
/// of those. Source: ONNX Optional.
struct MakeOptional {
  static constexpr OpInfo kInfo{.name = "Optional", .min_inputs = 0, .containers = true};
  DataType dtype = DataType::kF32;
  bool sequence = false;
  static constexpr auto kFields =
      std::tuple{field("dtype", &MakeOptional::dtype), field("sequence", &MakeOptional::sequence)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Whether the optional holds a value : bool[]. True for a tensor or sequence, false when the input is left out.
/// Source: ONNX OptionalHasElement-18.
struct OptionalHasElement {
  static constexpr OpInfo kInfo{.name = "OptionalHasElement", .min_inputs = 0, .containers = true};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// The value that the optional holds; a tensor or sequence itself. Errors: InvalidArgument when it holds none.
/// Source: ONNX OptionalGetElement-18.
struct OptionalGetElement {
  static constexpr OpInfo kInfo{.name = "OptionalGetElement", .containers = true};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
