/// A problem as the tensor core kernels read it: rows and taps of a as strides, b packed or as it lies.
#pragma once

#include "backend/cuda/contraction/gemm_device.h"

namespace bolide::cuda {

/// contraction_rows.cu: Strides, Contraction
struct DeviceStrides {
  std::int64_t batch0, batch1, image, line, pixel;
};
struct DeviceContraction {
  const void* a;
  const void* b;
  void* y;
  float* part;
  std::array<DeviceExtra, GemmProblem::kMostExtras> extra;
  DeviceStrides as;
  std::int64_t tap_line, tap_pixel;
  DeviceStrides ys;
  std::int64_t b_batch0, b_batch1, b_row;
  std::int64_t corner;
  int m, n, kd;
  int c, h, w, s;
  int oh, ow;
  int stride_h, stride_w, pad_h, pad_w, step_h, step_w;
  int inner_batch, tiles_n, splits;
};

/// What is known of a problem before a tile is chosen.
struct GemmView {
  GemmProblem gemm;
  DeviceContraction args = {};  ///< without addresses, tiles and splits
  bool patches = false;         ///< windows that touch and do not overlap, in planar images: the run is along a line
  bool linear = false;          ///< row m of a lies at m * as.pixel
  bool y_linear = false;
  bool packed = false;       ///< b is a constant
  bool b_rows_of_k = false;  ///< b is [k, n] with neighbouring n
  std::int64_t a_unit = 16;  ///< bytes of one copy
  std::int64_t b_unit = 16;
  bool y_vectors = false;  ///< y may be written 16 bytes at a time
  int fetch = -1;          ///< an extra whose rows may be copied 16 bytes at a time
  bool gaps = false;       ///< an operand is a slice: its address may be less aligned than its strides

  std::int64_t element_bytes() const { return format_bytes(gemm.a_format); }
};

/// Errors: Unsupported with what the kernels cannot do. `patches` asks for that form.
Result<GemmView> gemm_view(const Problem& problem, const CudaTarget& target, bool patches);
/// The same of integers.
Result<GemmView> integer_gemm_view(const Problem& problem, const CudaTarget& target);

/// Sets the addresses. Nothing when one is less aligned than the view says.
std::optional<DeviceContraction> addressed(const GemmView& view, const KernelBuffers& buffers);

}  // namespace bolide::cuda
