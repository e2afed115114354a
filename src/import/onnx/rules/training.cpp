#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"

namespace bolide::onnx {
namespace {

/// Inputs are R, T, then `kinds` lists of equally many tensors. One step of training answers the new tensors of the
/// lists but the gradients.
struct Lists {
  std::size_t count = 0;
  ValueId at(const OnnxNodeView& node, std::size_t kind, std::size_t i) const { return node.in(2 + kind * count + i); }
};

Result<Lists> lists_of(const OnnxNodeView& node, std::size_t kinds) {
  const std::size_t inputs = node.input_count();
  if (inputs < 2 + kinds || (inputs - 2) % kinds != 0) {
    return invalid_argument("it has ", inputs, " inputs; R, T and ", kinds, " lists of equally many are needed");
  }
  for (std::size_t i = 0; i < inputs; ++i) {
    if (!node.has_input(i)) return invalid_argument("input ", i, " is missing");
  }
  return Lists{(inputs - 2) / kinds};
}

/// g + norm_coefficient * x
ValueId regularized(Formula& f, ValueId x, ValueId g, float norm_coefficient) {
  return f.add(f.mul(x, double{norm_coefficient}), g);
}

}  // namespace

/// ONNX Adagrad-1 (ai.onnx.preview.training):
///   h' = h + g^2; x' = x - R / (1 + T * decay_factor) * g / (sqrt(h') + epsilon), with g regularized
Result<Values> import_adagrad(OnnxNodeView& node, Builder& build) {
  TRY(const Lists lists, lists_of(node, 3));
  const float norm = node.number("norm_coefficient", 0.0F);
  const float epsilon = node.number("epsilon", 1e-6F);
  Formula f(build);
  const ValueId count = f.cast(node.in(1), node.dtype(0));
  const ValueId rate = f.div(node.in(0), f.add(f.mul(count, double{node.number("decay_factor", 0.0F)}), 1.0));
  Values out(2 * lists.count);
  for (std::size_t i = 0; i < lists.count; ++i) {
    const ValueId x = lists.at(node, 0, i);
    const ValueId g = regularized(f, x, lists.at(node, 1, i), norm);
    const ValueId h = f.add(lists.at(node, 2, i), f.mul(g, g));
    const ValueId step = f.mul(f.cast(rate, f.dtype(x)), g);
    out[i] = f.sub(x, f.div(step, f.add(f.op(Sqrt{}, {h}), double{epsilon})));
    out[lists.count + i] = h;
  }
  return f.result(std::move(out));
}

/// ONNX Adam-1 (ai.onnx.preview.training):
///   v' = alpha v + (1 - alpha) g; h' = beta h + (1 - beta) g^2, with g regularized
///   x' = (1 - norm_coefficient_post) * (x - r * v' / (sqrt(h') + epsilon))
///   r = R * sqrt(1 - beta^T) / (1 - alpha^T) where T > 0, else R
Result<Values> import_adam(OnnxNodeView& node, Builder& build) {
  TRY(const Lists lists, lists_of(node, 4));
  const float norm = node.number("norm_coefficient", 0.0F);
  const double keep = 1.0 - double{node.number("norm_coefficient_post", 0.0F)};
  const float epsilon = node.number("epsilon", 1e-6F);
  const double alpha = double{node.number("alpha", 0.9F)};
  const double beta = double{node.number("beta", 0.999F)};
  Formula f(build);
  const DataType wide = node.dtype(0);
  const ValueId count = f.cast(node.in(1), wide);
  const auto rest = [&](double base) { return f.add(f.mul(f.op(Pow{}, {f.number(wide, base), count}), -1.0), 1.0); };
  const ValueId corrected = f.div(f.mul(node.in(0), f.op(Sqrt{}, {rest(beta)})), rest(alpha));
  const ValueId later = f.op(Greater{}, {node.in(1), f.number(node.dtype(1), 0)});
  const ValueId rate = f.where(later, corrected, node.in(0));
  Values out(3 * lists.count);
  for (std::size_t i = 0; i < lists.count; ++i) {
    const ValueId x = lists.at(node, 0, i);
    const ValueId g = regularized(f, x, lists.at(node, 1, i), norm);
    const ValueId v = f.add(f.mul(lists.at(node, 2, i), alpha), f.mul(g, 1.0 - alpha));
    const ValueId h = f.add(f.mul(lists.at(node, 3, i), beta), f.mul(f.mul(g, g), 1.0 - beta));
    const ValueId step = f.div(f.mul(f.cast(rate, f.dtype(x)), v), f.add(f.op(Sqrt{}, {h}), double{epsilon}));
    out[i] = f.mul(f.sub(x, step), keep);
    out[lists.count + i] = v;
    out[2 * lists.count + i] = h;
  }
  return f.result(std::move(out));
}

/// ONNX Momentum-1 (ai.onnx.preview.training):
///   v' = alpha v + b g, with g regularized and b = beta where T > 0, else 1
///   x' = x - R * v', or with mode "nesterov" x - R * (g + alpha v')
Result<Values> import_momentum(OnnxNodeView& node, Builder& build) {
  TRY(const Lists lists, lists_of(node, 3));
  const float norm = node.number("norm_coefficient", 0.0F);
  const double alpha = double{node.number("alpha", 0.0F)};
  const double beta = double{node.number("beta", 0.0F)};
  const std::string mode = node.text("mode", "");
  if (mode != "standard" && mode != "nesterov") {
    return invalid_argument("attribute 'mode' is '", mode, "', which is none of standard, nesterov");
  }
  Formula f(build);
  const ValueId later = f.op(Greater{}, {node.in(1), f.number(node.dtype(1), 0)});
  Values out(2 * lists.count);
  for (std::size_t i = 0; i < lists.count; ++i) {
    const ValueId x = lists.at(node, 0, i);
    const DataType dtype = f.dtype(x);
    const ValueId factor = f.where(later, f.number(dtype, beta), f.number(dtype, 1));
    const ValueId g = regularized(f, x, lists.at(node, 1, i), norm);
    const ValueId v = f.add(f.mul(lists.at(node, 2, i), alpha), f.mul(factor, g));
    const ValueId direction = mode == "nesterov" ? f.add(g, f.mul(v, alpha)) : v;
    out[i] = f.sub(x, f.mul(f.cast(node.in(0), dtype), direction));
    out[lists.count + i] = v;
  }
  return f.result(std::move(out));
}

}  // namespace bolide::onnx
