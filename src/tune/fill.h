/// What operands hold while kernels are timed.
#pragma once

#include "tensor/tensor.h"

namespace bolide {

/// Ordinary values: floats of magnitude 1/4 to 2 and both signs, 8-bit numbers of all kinds, booleans of both kinds.
/// Wider integers are 0, which is right wherever they are indices or sizes.
void fill_ordinary(DataType dtype, std::span<std::byte> bytes);

}  // namespace bolide
