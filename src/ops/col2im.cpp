#include "ops/col2im.h"

#include "ops/elements.h"
#include "ops/expr_apply.h"
#include "ops/movement.h"
#include "ops/reference.h"

#include <algorithm>

namespace bolide {
namespace {

/// f(at, count) for pieces of [0, total) that an int counts.
template <class F>
void each_piece(std::int64_t total, const F& f) {
  constexpr std::int64_t kPiece = 1 << 20;
  for (std::int64_t at = 0; at < total; at += kPiece) f(at, static_cast<int>(std::min(kPiece, total - at)));
}

/// Adds what the blocks hold of one tap, which is x from `begin` on, to their places in the image, line by line.
template <class T>
void add_tap(std::span<const WindowAxis> axes, const Tensor& x, std::int64_t begin, std::int64_t tap,
             std::vector<T>& line, std::vector<T>& sums) {
  Dims taps(axes.size());
  Dims sizes;
  for (std::size_t d = axes.size(); d-- > 0; tap /= axes[d].kernel) taps[d] = tap % axes[d].kernel;
  for (std::size_t d = 0; d + 1 < axes.size(); ++d) sizes.push_back(axes[d].out);
  const WindowAxis& last = axes.back();
  Dims index(sizes.size(), 0);
  if (std::any_of(axes.begin(), axes.end(), [](const WindowAxis& axis) { return axis.out <= 0; })) return;
  do {
    std::int64_t row = 0;
    bool inside = true;
    for (std::size_t d = 0; d < sizes.size(); ++d) {
      const std::int64_t at = index[d] * axes[d].stride - axes[d].before + taps[d] * axes[d].dilation;
      inside = inside && at >= 0 && at < axes[d].in;
      row = row * axes[d].in + at;
    }
    if (inside) {
      each_piece(last.out, [&](std::int64_t at, int count) { load(x, begin + at, count, line.data() + at); });
      const std::int64_t start = taps.back() * last.dilation - last.before;
      // The blocks whose tap lies inside: 0 <= start + i * stride < in.
      const std::int64_t first = start >= 0 ? 0 : (-start + last.stride - 1) / last.stride;
      const std::int64_t end =
          start >= last.in ? 0 : std::min(last.out, (last.in - start + last.stride - 1) / last.stride);
      T* const to = sums.data() + row * last.in + start;
      for (std::int64_t i = first; i < end; ++i) {
        to[i * last.stride] = apply_one<Fn::kAdd, T>(to[i * last.stride], line[static_cast<std::size_t>(i)], T());
      }
    }
    begin += last.out;
  } while (next_index(index, sizes));
}

}  // namespace

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
  if (axes.empty()) {
    copy_run(x, 0, out[0], 0, x.count());
    return out;
  }
  const std::int64_t taps = product(kernel, 0, kernel.size());
  const std::int64_t blocks = x.dims()[2];
  const std::int64_t pixels = product(image, 0, image.size());
  with_compute_type(compute_type(x.dtype()), [&](auto zero) {
    using T = decltype(zero);
    const bool packed = bit_width(x.dtype()) < 8;  // two planes may share a byte
    const std::int64_t planes = x.dims()[0] * out[0].dims()[1];
    parallel_ranges(planes, packed ? planes : 1, [&](std::int64_t plane, std::int64_t end) {
      std::vector<T> sums(static_cast<std::size_t>(pixels));
      std::vector<T> line(static_cast<std::size_t>(axes.back().out));
      for (; plane < end; ++plane) {
        std::fill(sums.begin(), sums.end(), zero);
        for (std::int64_t tap = 0; tap < taps; ++tap) add_tap(axes, x, (plane * taps + tap) * blocks, tap, line, sums);
        each_piece(pixels,
                   [&](std::int64_t at, int count) { store<T>(out[0], plane * pixels + at, count, sums.data() + at); });
      }
    });
  });
  return out;
}

}  // namespace bolide
