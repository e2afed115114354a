/// The pass rule of the ONNX backend tests.
#pragma once

#include "tensor/tensor.h"

namespace bolide::conformance {

/// Nothing when `got` passes for `want`, else what differs. dtypes and sizes are equal, strings are equal, numbers
/// differ by at most 1e-7 + 1e-3 * |want|, NaN equals NaN; of sequences, optionals and maps all items so.
std::string difference(const Tensor& got, const Tensor& want);

/// The rule for random results: dtype and sizes are equal, and the means are those of the same distribution.
std::string statistical_difference(const Tensor& got, const Tensor& want);

}  // namespace bolide::conformance
