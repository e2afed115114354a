/// Quantised tensors as the QLinear... operators carry them: codes, a scale and a zero point.
#pragma once

#include "import/onnx/builder.h"

namespace bolide::onnx {

/// f32 from the codes in x. A scale of one number a slice goes along `axis`.
Result<ValueId> dequantized(Builder& build, ValueId x, ValueId scale, ValueId zero, std::int64_t axis = 1);
/// Codes from x, of the zero point's dtype, or `fallback` without one.
Result<ValueId> quantized(Builder& build, ValueId x, ValueId scale, ValueId zero, DataType fallback,
                          std::int64_t axis = 1);

}  // namespace bolide::onnx
