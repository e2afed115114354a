/// Axes counted from the end when negative.
#pragma once

#include "tensor/tensor.h"

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

}  // namespace bolide
