#pragma once

#include "ops/op.h"

namespace bolide {

/// Runs its subgraph again and again, carrying values from one iteration to the next.
///
/// Inputs   trips : i64, one element, optional; cond : bool, one element, optional; then `carried` initial values; then
///          captured values. The subgraph takes (iteration i64[], cond bool[], carried..., captured...) and gives
///          (cond, carried..., scanned...).
/// Outputs  the last carried values, then the scanned ones of all iterations stacked along a new first dim
/// It stops after `trips` iterations or when cond is false; without both it ends by the TimeLimit around it, if any.
/// Carried values keep dtype and rank. Without any iteration the scanned values have size 0 along the first dim, and
/// the sizes of the subgraph's result behind it, 0 where that does not say one.
/// Errors   InvalidArgument when what the
/// subgraph gives does not fit; OutOfMemory for stacks beyond the context's bytes; Cancelled
/// Source   ONNX Loop-25
struct Loop {
  std::int64_t carried = 0;

  static constexpr OpInfo kInfo{
      .name = "Loop", .min_inputs = 0, .max_inputs = -1, .outputs = -1, .pure = false, .containers = true};
  static constexpr auto kFields = std::tuple{field("carried", &Loop::carried)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
