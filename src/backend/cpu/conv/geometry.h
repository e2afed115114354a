/// A convolution with concrete sizes, as the CPU tactics see it: three spatial dims, group by group.
#pragma once

#include "backend/cpu/gemm/epilogue.h"
#include "backend/cpu/isa.h"
#include "ops/conv.h"

namespace bolide {

/// Spatial dims are depth, height, width; those that the operator does not have are of size 1. One spatial dim is the
/// height, so that its positions are rows of work.
struct ConvGeometry {
  std::int64_t batch = 1;
  std::int64_t groups = 1;
  std::int64_t group_in = 1;   ///< input channels of a group
  std::int64_t group_out = 1;  ///< output channels of a group
  std::array<WindowAxis, 3> axes;
  bool integer = false;            ///< x and w of 8 bits each; else f32
  std::int64_t element_bytes = 4;  ///< of x
  std::int64_t x_batch = 0;        ///< strides in bytes
  std::int64_t x_channel = 0;
  std::array<std::int64_t, 3> x_axis = {0, 0, 0};

  std::int64_t out_channels() const { return groups * group_out; }
  std::int64_t taps() const { return axes[0].kernel * axes[1].kernel * axes[2].kernel; }
  /// Rows of work: batch x depth x height of the output, each of width() pixels.
  std::int64_t rows() const { return batch * axes[0].out * axes[1].out; }
  std::int64_t width() const { return axes[2].out; }
  double multiply_adds() const {
    return static_cast<double>(rows() * width()) * static_cast<double>(taps() * group_in * out_channels());
  }
};

/// Places the strides of x, whose element size is set, and the axes of the operator's one to three spatial dims.
void set_axes(ConvGeometry& geometry, const Operand& x, std::span<const WindowAxis> axes);

/// Errors: Unsupported when x and w are neither both f32 nor both of 8 bits, or there are more than three spatial dims.
Result<ConvGeometry> conv_geometry(const Problem& problem);

bool conv_has_bias(const Problem& problem);

/// The result's dims with the channels named, for the epilogue.
ResultShape conv_result(const Problem& problem);

/// How threads cut rows x channels; see cut_grid.
Grid conv_grid(const ConvGeometry& geometry, const GemmKernels& kernels, const CpuTarget& target, int threads);

}  // namespace bolide
