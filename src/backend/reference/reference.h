/// The tactic of last resort: any operator by its own reference evaluation.
#pragma once

#include "backend/tactic.h"

namespace bolide {

/// Accepts every operator without subgraphs. Copies strided operands to dense tensors, evaluates, copies the results to
/// the strides of the outputs. Allocates while it runs. One chunk of work; the evaluation threads itself.
/// Run errors: those of the operator; InvalidArgument when a result has other sizes than its output operand.
const Tactic& reference_tactic();

/// Element copy between any two stride sets over the same dims; `bytes` is the element's size.
void copy_strided(std::span<const std::int64_t> dims, const std::byte* from, std::span<const std::int64_t> from_strides,
                  std::byte* to, std::span<const std::int64_t> to_strides, std::int64_t bytes);

}  // namespace bolide
