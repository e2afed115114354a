/// What all convolutions on the register tile share: packed weights, epilogue, blocking, for f32 and 8-bit integers.
#pragma once

#include "backend/cpu/conv/geometry.h"
#include "backend/cpu/gemm/tiles.h"

#include <optional>

namespace bolide {

/// What a constant weight becomes: a row of zeros (of x_zero for integers), the integer bias, the panels of all groups.
///
/// For integers the bias is b - (x_zero + shift) * sum(w) in i32, where shift is 128 when the tile reads i8 as u8.
struct PackedConv {
  std::int64_t bias_at = 0;  ///< bytes; the zeros start at 0
  std::int64_t panels_at = 0;
  std::int64_t bytes = 0;
  std::int64_t group_columns = 0;  ///< of a group, padded to panels: the integer bias has as many
  std::int64_t group_bytes = 0;    ///< of the panels of a group
};
PackedConv packed_conv(const ConvGeometry& geometry, const GemmKernels& kernels);
Status pack_conv(const Problem& problem, const GemmKernels& kernels, std::span<std::byte> out);
/// The same of contiguous f32 weights.
void pack_conv_f32(const ConvGeometry& geometry, const float* w, const GemmKernels& kernels, std::span<std::byte> out);

/// What the register tile asks of weights, bias, epilogue and output, whatever the form that reads the input.
Verdict check_conv(const Problem& problem, const ConvGeometry& geometry, const KernelTable& table);

/// One bound convolution without the way it reads its input.
class ConvCore {
 public:
  static Result<ConvCore> make(const Problem& problem, const CpuTarget& target);

  const ConvGeometry& geometry() const { return geometry_; }
  const PackedConv& packed() const { return packed_; }
  const GemmKernels& kernels() const { return *kernels_; }
  /// Rows of `taps` pieces of `k` elements; `rows` of them share the weights on one thread.
  TilePlan plan(const CpuTarget& target, std::int64_t taps, std::int64_t k, std::int64_t rows) const;
  std::size_t scratch_bytes(TilePlan plan) const;
  /// Columns `channels` (of the whole result) of the source's rows; `first_row` is its row 0 in the result.
  void multiply(TilePlan plan, const RowSource& source, std::int64_t group, const KernelBuffers& buffers,
                std::byte* scratch, std::int64_t first_row, Range rows, Range channels) const;

 private:
  ConvGeometry geometry_;
  PackedConv packed_;
  const GemmKernels* kernels_ = nullptr;
  GemmEpilogue epilogue_;
  std::optional<Requantise> requantise_;
  bool is_signed_ = false;
  bool store_sums_ = false;
  bool has_bias_ = false;
};

}  // namespace bolide
