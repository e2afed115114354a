/// Activations named in attributes of fused operators.
#pragma once

#include "import/onnx/builder.h"

namespace bolide::onnx {

/// x behind the activation `name` with its parameters; x itself for no name. Errors: Unsupported for an unknown one.
Result<ValueId> add_activation(Builder& build, std::string_view name, const std::vector<float>& parameters, ValueId x);
/// The same as the attributes activation, activation_alpha, activation_beta and activation_gamma of the node say.
Result<Values> with_activation(OnnxNodeView& node, Builder& build, ValueId x);

}  // namespace bolide::onnx
