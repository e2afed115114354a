#include "import/onnx/rules/activation.h"

#include "import/onnx/rules/formula.h"
#include "ops/activation.h"

namespace bolide::onnx {
namespace {

/// alpha * function(beta * x)
Result<ValueId> scaled(Builder& build, Op function, float alpha, float beta, ValueId x) {
  Formula f(build);
  const ValueId y = f.op(std::move(function), {f.scale(x, static_cast<double>(beta))});
  const ValueId out = f.scale(y, static_cast<double>(alpha));
  TRY_OK(f.status());
  return out;
}

}  // namespace

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
  if (name == "Elu") return build.add(Elu{.alpha = parameter(0, 1.0F)}, {x});
  if (name == "Softplus") return build.add(Softplus{}, {x});
  if (name == "Softsign") return build.add(Softsign{}, {x});
  if (name == "ThresholdedRelu") return build.add(ThresholdedRelu{.alpha = parameter(0, 1.0F)}, {x});
  if (name == "Selu") {
    const Selu defaults;
    return build.add(Selu{.alpha = parameter(0, defaults.alpha), .gamma = parameter(1, defaults.gamma)}, {x});
  }
  if (name == "ScaledTanh") return scaled(build, Tanh{}, parameter(0, 1.0F), parameter(1, 1.0F), x);
  if (name == "ParametricSoftplus") return scaled(build, Softplus{}, parameter(0, 1.0F), parameter(1, 1.0F), x);
  return unsupported("attribute 'activation' is '", name,
                     "'; known are Relu, Tanh, Sigmoid, LeakyRelu, Clip, HardSigmoid, Elu, Selu, Softplus, Softsign, "
                     "ThresholdedRelu, ScaledTanh and ParametricSoftplus");
}

Result<Values> with_activation(OnnxNodeView& node, Builder& build, ValueId x) {
  std::vector<float> parameters;
  for (const std::string_view name : {"activation_alpha", "activation_beta", "activation_gamma"}) {
    if (node.has(name)) parameters.push_back(node.number(name, 0.0F));
  }
  TRY(const ValueId out, add_activation(build, node.text("activation", ""), parameters, x));
  return Values{out};
}

}  // namespace bolide::onnx
