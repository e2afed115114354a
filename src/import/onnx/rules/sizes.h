/// Sizes of values as inputs for Reshape and its kind.
#pragma once

#include "import/onnx/builder.h"

namespace bolide::onnx {

/// The sizes of x as i64 [rank]: a constant where they are numbers, else Shape(x).
Result<ValueId> sizes_of(Builder& build, ValueId x);
/// x as [first `axis` axes of x..., all the rest].
Result<ValueId> flatten_from(Builder& build, ValueId x, std::int64_t axis);

}  // namespace bolide::onnx
