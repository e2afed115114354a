#include "ops/pool_planes.h"

namespace bolide {

Result<TensorTypes> infer_pool(const OpInfo& info, const WindowAttributes& window, std::span<const std::int64_t> kernel,
                               const InferContext& context) {
  const Shape& x = context.shape(0);
  if (x.size() < 3) return invalid_argument(info.name, ": x is ", x, "; needs batch, channels and spatial dims");
  Shape y = {x[0], x[1]};
  TRY(const Shape sizes, window_sizes(info.name, window, kernel, std::span(x).subspan(2)));
  y.insert(y.end(), sizes.begin(), sizes.end());
  return TensorTypes{{context.dtype(0), std::move(y)}};
}

Result<Planes> planes_of(const OpInfo& info, const WindowAttributes& window, std::span<const std::int64_t> kernel,
                         const Dims& result, TensorInputs inputs, const EvalContext& context) {
  Planes out;
  const Dims& x = inputs[0]->dims();
  out.in_dims.assign(x.begin() + 2, x.end());
  out.out_dims.assign(result.begin() + 2, result.end());
  out.kernel.assign(kernel.begin(), kernel.end());
  TRY(out.axes, window_axes(info.name, window, kernel, out.in_dims));
  TRY(out.y, context.allocate(DataType::kF64, result));
  TRY(out.x, as_f64(*inputs[0]));
  out.count = x[0] * x[1];
  out.in = product(out.in_dims);
  out.out = product(out.out_dims);
  return out;
}

}  // namespace bolide
