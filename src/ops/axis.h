/// Axes counted from the end when negative, and lists of integers that are an attribute or an input.
#pragma once

#include "ops/op.h"

namespace bolide {

/// The axis in [0, rank). Errors: InvalidArgument with both numbers.
inline Result<std::size_t> normalize_axis(std::int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) return invalid_argument("axis ", axis, " of a tensor of rank ", rank);
  return static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
}

/// Every axis in [0, rank), in the order given. Errors: as normalize_axis, and for an axis that stands twice.
inline Result<std::vector<std::size_t>> normalize_axes(const std::vector<std::int64_t>& axes, int rank) {
  std::vector<std::size_t> out;
  std::vector<bool> seen(static_cast<std::size_t>(rank), false);
  for (const std::int64_t axis : axes) {
    TRY(const std::size_t one, normalize_axis(axis, rank));
    if (seen[one]) return invalid_argument("axis ", axis, " stands twice");
    seen[one] = true;
    out.push_back(one);
  }
  return out;
}

/// Errors: InvalidArgument unless input `index` is an integer tensor of rank 0 or 1.
Status check_sizes_input(const OpInfo& info, const InferContext& context, int index);
/// The number of elements of a rank 1 (or 0) input. Errors: Unsupported when it is not known.
Result<std::int64_t> known_length(const OpInfo& info, const InferContext& context, int index);
/// The contents of input `index` where it is there, else `attribute`; nothing when only the data decide.
/// Errors: InvalidArgument unless the input is integers of rank 0 or 1.
Result<std::optional<Dims>> known_integers(const OpInfo& info, const InferContext& context, int index,
                                           const Dims& attribute);

}  // namespace bolide
