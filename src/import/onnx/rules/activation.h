/// Activations named in attributes of fused operators.
#pragma once

#include "import/onnx/builder.h"

namespace bolide::onnx {

/// x behind the activation `name` with its parameters; x itself for no name. Errors: Unsupported for an unknown one.
Result<ValueId> add_activation(Builder& build, std::string_view name, const std::vector<float>& parameters, ValueId x);

}  // namespace bolide::onnx
