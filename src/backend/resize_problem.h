/// What a resize is asked to do, for any backend.
#pragma once

#include "backend/problem.h"
#include "ops/resize.h"

namespace bolide {

/// The resized axes of a problem whose operator is a Resize. Sizes that are not constant are those of the result.
/// Errors: Unsupported for scales that are not constant; what resize_axes() gives.
Result<std::vector<ResizeAxis>> resize_axes_of(const Problem& problem);

}  // namespace bolide
