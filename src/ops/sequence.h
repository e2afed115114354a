/// Sequences: any number of values of one dtype.
#pragma once

#include "ops/op.h"

namespace bolide {

/// A sequence of no value. Source: ONNX SequenceEmpty.
struct SequenceEmpty {
  static constexpr OpInfo kInfo{.name = "SequenceEmpty", .min_inputs = 0, .max_inputs = 0};
  DataType dtype = DataType::kF32;
  static constexpr auto kFields = std::tuple{field("dtype", &SequenceEmpty::dtype)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// The inputs, of one dtype, as a sequence. Source: ONNX SequenceConstruct.
struct SequenceConstruct {
  static constexpr OpInfo kInfo{.name = "SequenceConstruct", .max_inputs = -1, .containers = true};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// The sequence with a value more before `position` : i32 or i64, one element in [-n, n]; behind the last without it.
/// Source: ONNX SequenceInsert.
struct SequenceInsert {
  static constexpr OpInfo kInfo{.name = "SequenceInsert", .min_inputs = 2, .max_inputs = 3, .containers = true};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// The sequence without the value at `position` in [-n, n-1]; without the last when it is left out.
/// Source: ONNX SequenceErase.
struct SequenceErase {
  static constexpr OpInfo kInfo{.name = "SequenceErase", .max_inputs = 2, .containers = true};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// The value at `position` in [-n, n-1]. Errors: Unsupported when the values' rank is not one and known.
/// Source: ONNX SequenceAt.
struct SequenceAt {
  static constexpr OpInfo kInfo{.name = "SequenceAt", .min_inputs = 2, .max_inputs = 2, .containers = true};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// How many values there are : i64[]. Source: ONNX SequenceLength.
struct SequenceLength {
  static constexpr OpInfo kInfo{.name = "SequenceLength", .containers = true};
  static constexpr auto kFields = std::tuple{};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
  std::optional<std::vector<Dim>> contents(const InferContext& context) const;
};

/// The values joined along `axis`, which is a new one with `new_axis`. Source: ONNX ConcatFromSequence.
struct ConcatFromSequence {
  static constexpr OpInfo kInfo{.name = "ConcatFromSequence", .containers = true};
  std::int64_t axis = 0;
  bool new_axis = false;
  static constexpr auto kFields =
      std::tuple{field("axis", &ConcatFromSequence::axis), field("new_axis", &ConcatFromSequence::new_axis)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Cuts x along `axis` into the values of a sequence. `split` : integers, of rank 0 the size of every piece (the last
/// may be smaller), of rank 1 the size of each; without it pieces of size 1, whose axis goes unless `keepdims`. Source:
/// ONNX SplitToSequence.
struct SplitToSequence {
  static constexpr OpInfo kInfo{.name = "SplitToSequence", .max_inputs = 2};
  std::int64_t axis = 0;
  bool keepdims = true;
  static constexpr auto kFields =
      std::tuple{field("axis", &SplitToSequence::axis), field("keepdims", &SplitToSequence::keepdims)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// Runs its subgraph on every value of the first input, a sequence. The next `mapped`-1 inputs are sequences as long,
/// of which each run sees one value, or tensors that all see; then captured values. Outputs are sequences.
/// Source: ONNX SequenceMap.
struct SequenceMap {
  static constexpr OpInfo kInfo{
      .name = "SequenceMap", .max_inputs = -1, .outputs = -1, .pure = false, .containers = true};
  std::int64_t mapped = 1;
  static constexpr auto kFields = std::tuple{field("mapped", &SequenceMap::mapped)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
