/// An operator for numbers of another dtype.
#pragma once

#include "ops/op.h"

namespace bolide {

/// The operator with `to` wherever an attribute names FP32.
Op with_float_type(const Op& op, DataType to);

}  // namespace bolide
