/// A depthwise convolution with concrete sizes, its packed weights, and how one row of it is described to the kernel.
#pragma once

#include "backend/cpu/gemm/epilogue.h"
#include "backend/cpu/isa.h"
#include "backend/cpu/kernel_table.h"
#include "ops/conv.h"

namespace bolide::cpu {

struct DepthwiseWork {
  std::int64_t batch = 1;
  std::int64_t channels = 1;    ///< of the result
  std::int64_t multiplier = 1;  ///< output channels of one input channel
  WindowAxis height;
  WindowAxis width;
  std::array<std::int64_t, 4> x_strides{};    ///< n, c, h, w, in elements
  std::array<std::int64_t, 4> out_strides{};  ///< likewise
  bool has_bias = false;

  std::int64_t taps() const { return height.kernel * width.kernel; }
};

/// Errors: Unsupported with the reason for what is not a depthwise convolution with constant weights in at most two
/// dims.
Result<DepthwiseWork> any_depthwise_work(const Problem& problem);
/// The same over contiguous channels.
Result<DepthwiseWork> depthwise_work(const Problem& problem);
Result<GemmEpilogue> depthwise_epilogue(const Problem& problem, const DepthwiseWork& work, const KernelTable& table);

/// Packed form: the bias (`channels` floats, zeros when there is none), then the weights less their zero point as
/// [tap][channel] floats.
std::size_t depthwise_packed_bytes(const DepthwiseWork& work);
Status pack_depthwise(const Problem& problem, const DepthwiseWork& work, std::span<std::byte> to);

/// The fields of a row that do not change from row to row.
DepthwiseRow row_template(const DepthwiseWork& work, const std::byte* packed);

/// Kernel rows [begin, end) inside the input for output row `oh`; `first` is the input row of `begin`.
struct KernelRows {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t first = 0;
};
KernelRows kernel_rows(const WindowAxis& height, std::int64_t oh);

/// Microseconds of arithmetic on one core.
double depthwise_core_us(const Problem& problem, const DepthwiseWork& work, const CpuTarget& target);

const Tactic& depthwise_f32();
const Tactic& depthwise_rows();
const Tactic& depthwise_planes();

}  // namespace bolide::cpu
