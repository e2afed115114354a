#include "import/onnx/rules/activation.h"

#include "ops/activation.h"

namespace bolide::onnx {

Result<ValueId> add_activation(Builder& build, std::string_view name, const std::vector<float>& parameters, ValueId x) {
  const auto parameter = [&](std::size_t i, float fallback) {
    return i < parameters.size() ? parameters[i] : fallback;
  };
  if (name.empty()) return x;
  if (name == "Relu") return build.add(Relu{}, {x});
  if (name == "Tanh") return build.add(Tanh{}, {x});
  if (name == "Sigmoid") return build.add(Sigmoid{}, {x});
  if (name == "LeakyRelu") return build.add(LeakyRelu{.alpha = parameter(0, 0.01F)}, {x});
  if (name == "Clip") {
    const Clip none;
    return build.add(Clip{.lo = parameter(0, none.lo), .hi = parameter(1, none.hi)}, {x});
  }
  if (name == "HardSigmoid") {
    return build.add(HardSigmoid{.alpha = parameter(0, 0.2F), .beta = parameter(1, 0.5F)}, {x});
  }
  return unsupported("attribute 'activation' is '", name,
                     "'; known are Relu, Tanh, Sigmoid, LeakyRelu, Clip and HardSigmoid");
}

}  // namespace bolide::onnx
