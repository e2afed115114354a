/// What the kinds of pooling share: the result's type, the numbers as planes, and the walk over windows.
#pragma once

#include "ops/pool.h"
#include "ops/reference.h"

namespace bolide {

Result<TensorTypes> infer_pool(const OpInfo& info, const WindowAttributes& window, std::span<const std::int64_t> kernel,
                               const InferContext& context);

/// x, the axes, and the result to fill.
struct Planes {
  Tensor x;  ///< f64, or what was asked for
  Tensor y;
  std::vector<WindowAxis> axes;
  Dims kernel;
  Dims in_dims;
  Dims out_dims;
  std::int64_t count = 0;  ///< batch * channels
  std::int64_t in = 1;
  std::int64_t out = 1;
};

/// x and y in `dtype`.
Result<Planes> planes_of(const OpInfo& info, const WindowAttributes& window, std::span<const std::int64_t> kernel,
                         const Dims& result, TensorInputs inputs, const EvalContext& context,
                         DataType dtype = DataType::kF64);

/// Calls tap(index in the plane, or -1 in the padding) for each tap of the window at `position` that lies in the padded
/// input.
template <class Tap>
void visit_window(const Planes& planes, std::span<const std::int64_t> position, Dims& tap_index, const Tap& tap) {
  do {
    std::int64_t at = 0;
    bool beyond = false;
    for (std::size_t d = 0; d < planes.axes.size(); ++d) {
      const WindowAxis& axis = planes.axes[d];
      const std::int64_t i = position[d] * axis.stride - axis.before + tap_index[d] * axis.dilation;
      beyond = beyond || i >= axis.in + axis.after;
      at = at < 0 || i < 0 || i >= axis.in ? -1 : at * axis.in + i;
    }
    if (!beyond) tap(at);
  } while (next_index(tap_index, planes.kernel));
}

/// Of the taps of a window that lies inside, from its first one, in their order.
inline Dims tap_offsets(const Planes& planes) {
  Dims out;
  Dims index(planes.axes.size(), 0);
  if (product(planes.kernel) == 0) return out;
  do {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < index.size(); ++d) at = at * planes.axes[d].in + index[d] * planes.axes[d].dilation;
    out.push_back(at);
  } while (next_index(index, planes.kernel));
  return out;
}

/// Where the window starts in its plane when all of it lies inside, else -1. Of the first position.size() axes.
inline std::int64_t inside_start(const Planes& planes, std::span<const std::int64_t> position) {
  std::int64_t at = 0;
  for (std::size_t d = 0; d < position.size(); ++d) {
    const WindowAxis& axis = planes.axes[d];
    const std::int64_t first = position[d] * axis.stride - axis.before;
    if (first < 0 || first + (axis.kernel - 1) * axis.dilation >= axis.in) return -1;
    at = at * axis.in + first;
  }
  return at;
}

/// Calls window(x plane, output index, visit) for every output, on all threads.
template <class Window>
void visit_windows(const Planes& planes, const Window& window) {
  if (planes.out == 0) return;
  const Dims offsets = tap_offsets(planes);
  const WindowAxis& last = planes.axes.back();
  parallel_ranges(planes.count, 1, [&](std::int64_t begin, std::int64_t end) {
    Dims tap_index(planes.axes.size(), 0);
    for (std::int64_t plane = begin; plane < end; ++plane) {
      Dims position(planes.axes.size(), 0);
      std::int64_t row = 0;  // where the line of windows starts
      for (std::int64_t o = 0; o < planes.out; ++o, next_index(position, planes.out_dims)) {
        if (position.back() == 0) row = inside_start(planes, std::span(position).first(position.size() - 1));
        const std::int64_t first = position.back() * last.stride - last.before;
        if (row >= 0 && first >= 0 && first + (last.kernel - 1) * last.dilation < last.in) {
          const std::int64_t start = row * last.in + first;
          window(plane, plane * planes.out + o, [&](const auto& tap) {
            for (const std::int64_t offset : offsets) tap(start + offset);
          });
          continue;
        }
        window(plane, plane * planes.out + o, [&](const auto& tap) { visit_window(planes, position, tap_index, tap); });
      }
    }
  });
}

}  // namespace bolide
