#include "import/onnx/rules/pullback.h"
#include "ops/fill.h"
#include "ops/pool.h"
#include "ops/shape.h"
#include "tensor/number.h"

#include <functional>
#include <numeric>

namespace bolide::onnx {

/// A mean is a sum, which is a convolution with ones for each channel, by how many numbers it has.
ValueId average_pullback(Formula& f, const Node& node, const AveragePool& pool, ValueId g) {
  const ValueId x = node.inputs[0];
  const std::int64_t channels = f.known_size(x, 1, "the number of channels");
  if (pool.ceil_mode) f.fail(unsupported("the gradient of AveragePool with ceil_mode; without it works"));
  const Result<Tensor> one = bolide::cast(Tensor::of<double>(std::vector<double>{1}, Dims{1}), f.dtype(x));
  if (!one || f.failed()) return kNoValue;
  Dims sizes = {channels, 1};
  sizes.insert(sizes.end(), pool.kernel.begin(), pool.kernel.end());
  const ValueId ones = f.op(ConstantOfShape{.value = *one}, {f.integers(sizes)});
  const Conv sum{.strides = pool.strides,
                 .pads = pool.pads,
                 .dilations = pool.dilations,
                 .groups = channels,
                 .auto_pad = pool.auto_pad,
                 .out = f.dtype(x)};
  const std::int64_t window =
      std::accumulate(pool.kernel.begin(), pool.kernel.end(), std::int64_t{1}, std::multiplies<>());
  const ValueId count = pool.count_include_pad
                            ? f.number(f.dtype(x), static_cast<double>(window))
                            : f.op(sum, {f.op(ConstantOfShape{.value = *one}, {f.op(ShapeOf{}, {x})}), ones});
  Node as_sum = node;
  as_sum.inputs = {x, ones};
  return conv_pullback(f, as_sum, sum, f.div(g, count), {true, false})[0];
}

}  // namespace bolide::onnx
