#include "backend/cpu/pool/work.h"

namespace bolide::cpu {

Result<PoolWork> pool_work(const Problem& problem) {
  TRY(const PoolWindows windows, pool_windows(problem));
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (x.rank() > 5) return unsupported(x.rank() - 2, " spatial dims; at most 3");
  const std::size_t spatial = x.dims.size() - 2;
  PoolWork out;
  out.max = windows.max;
  out.counts_padding = windows.counts_padding;
  out.batch = x.dims[0];
  out.channels = x.dims[1];
  out.element_bytes = bit_width(x.dtype) / 8;
  for (WindowAxis& axis : out.axes) axis = {.in = 1, .out = 1};
  for (std::size_t d = 0; d < 2; ++d) {
    out.x_strides[d] = x.strides[d];
    out.out_strides[d] = y.strides[d];
  }
  for (std::size_t d = 0; d < spatial; ++d) {
    out.axes[3 - spatial + d] = windows.axes[d];
    out.x_strides[5 - spatial + d] = x.strides[d + 2];
    out.out_strides[5 - spatial + d] = y.strides[d + 2];
  }
  return out;
}

Inside inside(const WindowAxis& axis, std::int64_t p, bool counts_padding) {
  const std::int64_t start = p * axis.stride - axis.before;
  const auto below = [&](std::int64_t limit) {  // kernel positions below it
    return limit > start ? std::min(axis.kernel, (limit - start - 1) / axis.dilation + 1) : 0;
  };
  Inside out;
  out.begin = std::min(axis.kernel, start >= 0 ? 0 : (-start + axis.dilation - 1) / axis.dilation);
  out.end = std::max(out.begin, below(axis.in));
  out.counted = counts_padding ? below(axis.in + axis.after) : out.end - out.begin;
  return out;
}

}  // namespace bolide::cpu
