/// Running a large batch as several smaller ones, so that what is live at a time stays small.
#pragma once

#include "plan/sizes.h"

namespace bolide {

/// True when every input and output begins with the same named dim, which stands nowhere else, and entry i of each
/// result follows from entry i of the inputs alone, whatever the size of that dim.
bool splits_by_batch(const StepGraph& graph);

/// Bytes of the values that are live together, at most: from the lifetimes alone, with views and concatenations as if
/// they cost nothing.
std::int64_t live_bytes(const StepGraph& graph, const Sizes& sizes);

/// Entries of the batch to run at a time, for a network that splits: all of them where they need at most `max_bytes`
/// together; else the largest divisor of the batch that needs no more (at least 1). A divisor, so that every slice has
/// the same plan and no result depends on its place in the batch.
std::int64_t slice_size(const StepGraph& graph, const Sizes& sizes, std::int64_t max_bytes);

/// What is live together without slicing: 64 MiB.
inline constexpr std::int64_t kMaxSliceBytes = std::int64_t{64} << 20;

}  // namespace bolide
