#include "ops/col2im.h"

#include "ops/elements.h"
#include "ops/movement.h"
#include "ops/reference.h"

namespace bolide {

Result<TensorTypes> Col2Im::infer(const InferContext& context) const {
  if (context.rank(0) != 3) return invalid_argument("Col2Im: x ", context.shape(0), "; needs [n, c * taps, blocks]");
  if (!is_real(context.dtype(0))) return unsupported("Col2Im of ", context.dtype(0), "; real numbers work");
  TRY_OK(check_sizes_input(kInfo, context, 1));
  TRY_OK(check_sizes_input(kInfo, context, 2));
  if (context.rank(1) != 1 || context.rank(2) != 1) {
    return invalid_argument("Col2Im: image_shape ", context.type(1), " and block_shape ", context.type(2));
  }
  const bool by_strides = !strides.empty() && !context.shape(1)[0].constant();
  auto rank = static_cast<std::int64_t>(strides.size());
  if (!by_strides) {
    TRY(rank, known_length(kInfo, context, context.shape(1)[0].constant() ? 1 : 2));
  }
  TRY_OK(require_equal(kInfo, "length of image_shape", context.shape(1)[0], Dim(rank)));
  TRY_OK(require_equal(kInfo, "length of block_shape", context.shape(2)[0], Dim(rank)));
  const auto image = context.contents(1);
  const auto block = context.contents(2);
  Shape out = {context.shape(0)[0], context.fresh_dim("channels")};
  for (std::int64_t d = 0; d < rank; ++d) {
    out.push_back(image ? (*image)[static_cast<std::size_t>(d)] : context.fresh_dim("image"));
  }
  const auto kernel = block ? constant_dims(*block) : std::nullopt;
  if (!kernel) return TensorTypes{{context.dtype(0), std::move(out)}};
  const std::span<const Dim> spatial = std::span<const Dim>(out).subspan(2);
  TRY(const Shape blocks, window_sizes(kInfo.name, window(), *kernel, spatial));
  TRY_OK(require_equal(kInfo, "number of blocks", context.shape(0)[2], element_count(blocks)));
  TRY(const std::int64_t taps, element_count(*kernel));
  const auto columns = context.shape(0)[1].constant();
  if (columns && *columns % taps != 0) return invalid_argument("Col2Im: ", *columns, " rows of blocks of ", taps);
  out[1] = context.shape(0)[1].floor_div(taps);
  return TensorTypes{{context.dtype(0), std::move(out)}};
}

Result<Tensors> Col2Im::evaluate(TensorInputs inputs, EvalContext& context) const {
  const Tensor& x = *inputs[0];
  TRY(const Dims image, to_i64(*inputs[1]));
  TRY(const Dims kernel, to_i64(*inputs[2]));
  TRY(Tensors out, outputs_of(*this, inputs, context));
  if (out[0].count() == 0) return out;
  TRY(const auto axes, window_axes(kInfo.name, window(), kernel, image));
  const std::int64_t taps = product(kernel, 0, kernel.size());
  const std::int64_t blocks = x.dims()[2];
  const std::int64_t pixels = product(image, 0, image.size());
  with_compute_type(compute_type(x.dtype()), [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> sums(static_cast<std::size_t>(pixels));
    for (std::int64_t plane = 0; plane < x.dims()[0] * out[0].dims()[1]; ++plane) {
      std::fill(sums.begin(), sums.end(), zero);
      for (std::int64_t i = 0; i < taps * blocks; ++i) {
        std::int64_t tap = i / blocks;
        std::int64_t block = i % blocks;
        std::int64_t place = 0;
        std::int64_t stride = 1;
        bool inside = true;
        for (std::size_t d = axes.size(); d-- > 0;) {
          const WindowAxis& axis = axes[d];
          const std::int64_t at = block % axis.out * axis.stride - axis.before + tap % axis.kernel * axis.dilation;
          inside = inside && at >= 0 && at < axis.in;
          place += at * stride;
          stride *= axis.in;
          block /= axis.out;
          tap /= axis.kernel;
        }
        if (inside) sums[static_cast<std::size_t>(place)] += load_one<T>(x, plane * taps * blocks + i);
      }
      for (std::int64_t i = 0; i < pixels; ++i)
        store_one<T>(out[0], plane * pixels + i, sums[static_cast<std::size_t>(i)]);
    }
  });
  return out;
}

}  // namespace bolide
