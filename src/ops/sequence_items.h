/// What operators on sequences share: positions, and sequences of given items.
#pragma once

#include "ops/containers.h"
#include "ops/reference.h"
#include "ops/sequence.h"

namespace bolide {

Status require_sequence(const OpInfo& info, const InferContext& context);
/// Errors: InvalidArgument unless input `index` is one integer or left out.
Status check_position(const OpInfo& info, const InferContext& context, int index);
/// The position in [0, count); `fallback` without the input.
Result<std::int64_t> position_of(const OpInfo& info, const Tensor* input, std::int64_t count, std::int64_t fallback);

/// A sequence of `items` with the element type that `op` derives from the inputs.
template <class T>
Result<Tensors> sequence_of(const T& op, TensorInputs inputs, std::span<const Tensor> items) {
  TRY(const TensorTypes types, op.infer(KnownInputs(inputs).context()));
  return one(Tensor::sequence(types[0].element(), items));
}

}  // namespace bolide
