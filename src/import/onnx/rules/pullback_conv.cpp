#include "import/onnx/rules/pullback.h"
#include "ops/conv_transpose.h"

#include <numeric>

namespace bolide::onnx {
namespace {

/// The windows of a convolution whose sizes are all known. Errors go to f.
std::vector<WindowAxis> axes_of(Formula& f, const Conv& conv, ValueId x, ValueId w) {
  Dims in;
  Dims kernel;
  for (std::int64_t d = 2; d < f.rank(x); ++d) {
    in.push_back(f.known_size(x, d, "the size of a picture"));
    kernel.push_back(f.known_size(w, d, "the size of a kernel"));
  }
  if (f.failed()) return {};
  Result<std::vector<WindowAxis>> axes = window_axes("Conv", conv.window(), kernel, in);
  if (axes) return *std::move(axes);
  f.fail(axes.error());
  return {};
}

/// Batch and channels swapped.
ValueId swapped(Formula& f, ValueId x) {
  Dims perm(static_cast<std::size_t>(f.rank(x)));
  std::iota(perm.begin(), perm.end(), 0);
  if (perm.size() > 1) std::swap(perm[0], perm[1]);
  return f.transpose(x, perm);
}

}  // namespace

Values conv_pullback(Formula& f, const Node& node, const Conv& conv, ValueId g, const std::vector<bool>& wanted) {
  const ValueId x = node.inputs[0];
  const ValueId w = node.inputs[1];
  Values out(node.inputs.size(), kNoValue);
  const std::vector<WindowAxis> axes = axes_of(f, conv, x, w);
  Conv of_weights{.out = f.dtype(w)};
  ConvTranspose of_input{.groups = conv.groups, .out = f.dtype(x)};
  for (const WindowAxis& axis : axes) {
    of_input.strides.push_back(axis.stride);
    of_input.dilations.push_back(axis.dilation);
    const std::int64_t span = (axis.kernel - 1) * axis.dilation + 1;
    of_input.output_padding.push_back(axis.in - ((axis.out - 1) * axis.stride + span - axis.before - axis.after));
    of_input.pads.push_back(axis.before);
  }
  for (const WindowAxis& axis : axes) of_input.pads.push_back(axis.after);
  of_weights.strides = of_input.dilations;
  of_weights.dilations = of_input.strides;
  of_weights.pads = of_input.pads;
  if (wanted[0]) out[0] = f.op(of_input, {g, w});
  if (wanted[1]) {
    if (conv.groups != 1) f.fail(unsupported("the gradient of weights in ", conv.groups, " groups; one group works"));
    ValueId sums = f.op(of_weights, {swapped(f, x), swapped(f, g)});
    for (std::size_t d = 0; d < axes.size(); ++d) {
      sums = f.slice(sums, static_cast<std::int64_t>(d) + 2, 0, axes[d].kernel);
    }
    out[1] = swapped(f, sums);
  }
  if (wanted.size() > 2 && wanted[2]) {
    Dims rest(static_cast<std::size_t>(f.rank(g)));
    std::iota(rest.begin(), rest.end(), 0);
    if (rest.size() > 1) rest.erase(rest.begin() + 1);
    out[2] = f.reduce(ReduceKind::kSum, g, rest);
  }
  return out;
}

}  // namespace bolide::onnx
