#include "ops/pool_planes.h"

#include "ops/result_places.h"

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
                         const Dims& result, TensorInputs inputs, const EvalContext& context, DataType dtype) {
  Planes out;
  const Dims& x = inputs[0]->dims();
  out.in_dims.assign(x.begin() + 2, x.end());
  out.out_dims.assign(result.begin() + 2, result.end());
  out.kernel.assign(kernel.begin(), kernel.end());
  TRY(out.axes, window_axes(info.name, window, kernel, out.in_dims));
  TRY(out.y, allocate_raw(context, dtype, result));
  TRY(out.x, cast(*inputs[0], dtype));
  out.count = x[0] * x[1];
  out.in = product(out.in_dims);
  out.out = product(out.out_dims);
  return out;
}

}  // namespace bolide
