/// Models exported for one batch size, read for any.
#pragma once

#include "tensor/dim.h"

#include <span>

namespace bolide::onnx {

/// The name that the size gets.
inline constexpr std::string_view kBatchName = "batch";

/// Replaces the first size of every type by `batch` where it is the first type's first size. Returns that size; nothing
/// when the first type begins with no fixed size.
std::optional<std::int64_t> free_batch(std::span<TensorType* const> inputs);

/// What a Reshape to the constant `target` is meant to be when the batch, which was `batch`, may be any: 0 (copies)
/// where the batch stays in its place, else -1 where a size holds it. `target` itself when `input` has no batch or
/// nothing can be told.
Dims reshape_for_any_batch(const Shape& input, const Dims& target, std::int64_t batch);

/// Whether the sizes of the file leave it open which of `target` the batch is part of: one of 1 can be part of any.
bool may_hold_batch_elsewhere(const Shape& input, const Dims& target, std::int64_t batch);

}  // namespace bolide::onnx
