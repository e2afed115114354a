/// What the axes of a Resize become, from its scales or sizes.
#pragma once

#include "ops/resize.h"

namespace bolide {

/// What one axis becomes.
struct ResizePlan {
  std::size_t axis = 0;
  Dim out;
  double scale = 1;
};

/// Of the axes that are resized, in the order of `op.axes`. Sizes that are not known are new names. Errors:
/// InvalidArgument.
Result<std::vector<ResizePlan>> plan_resize(const Resize& op, const InferContext& context);

}  // namespace bolide
