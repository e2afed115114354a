/// The loop over register tiles that convolution and matrix multiplication share.
#pragma once

#include "backend/cpu/gemm/epilogue.h"
#include "backend/cpu/gemm/requantise.h"
#include "backend/cpu/isa.h"
#include "backend/cpu/kernel_table.h"

namespace bolide {

/// Rows of A for a tile: the only thing that differs between a convolution and a matrix.
class RowSource {
 public:
  /// out[t * count + r] = address of piece t of result row first + r.
  virtual void fill(std::int64_t first, int count, const std::byte** out) const = 0;

 protected:
  ~RowSource() = default;
};

/// What is fixed when a kernel is bound. Columns are those of one group.
struct TilePlan {
  const GemmKernels* kernels = nullptr;
  const GemmEpilogue* epilogue = nullptr;
  std::int64_t taps = 1;
  std::int64_t k = 0;
  std::int64_t columns = 0;
  /// Row tiles that pass under one panel before the next panel comes: more of them read large weights less often.
  int row_tiles = 1;
  bool integer = false;  ///< 8-bit rows and panels

  /// Of all taps of one panel.
  std::int64_t panel_bytes() const {
    const std::int64_t group = integer ? kernels->i8_group : 1;
    return taps * ((k + group - 1) / group * group) * kernels->columns * (integer ? 1 : 4);
  }
  std::int64_t panels() const { return (columns + kernels->columns - 1) / kernels->columns; }
  /// Chooses row_tiles by the sizes of the caches.
  void choose_blocking(const CpuTarget& target, std::int64_t rows);
  std::size_t scratch_bytes() const;
};

/// Addresses of one call.
struct TileBuffers {
  const std::byte* panels = nullptr;  ///< of the group's first column
  const void* bias = nullptr;     ///< of the group's first column: f32 or null; i32, whole panels long, for integers
  EpilogueBuffers epilogue;       ///< its scratch is not set
  std::byte* scratch = nullptr;   ///< TilePlan::scratch_bytes()
  std::int64_t first_column = 0;  ///< of the group in the result
  std::int64_t first_row = 0;     ///< of row 0 of the source in the result
};

/// Result rows [rows.begin, rows.end) of the source, columns [columns.begin, columns.end) of the group; the latter
/// begins at a multiple of the tile's columns.
void run_tiles(const TilePlan& plan, const RowSource& source, const TileBuffers& buffers, Range rows, Range columns);

/// The same for 8-bit rows.
struct IntegerTiles {
  const Requantise* requantise = nullptr;  ///< null: sums go through the epilogue as f32, or are stored as i32
  bool is_signed = false;
  bool store_sums = false;  ///< the result is the i32 sum
};
void run_integer_tiles(const TilePlan& plan, const IntegerTiles& tiles, const RowSource& source,
                       const TileBuffers& buffers, Range rows, Range columns);

/// Weights in panels: out[p][t][i][j] = w[(p * width + j) * column_stride + t * tap_stride + i * k_stride], zeros
/// beyond the columns. `out` holds ceil(columns / width) * taps * k * width floats.
struct PanelSource {
  const float* data = nullptr;
  std::int64_t columns = 0;
  std::int64_t taps = 1;
  std::int64_t k = 0;
  std::int64_t column_stride = 0;
  std::int64_t tap_stride = 0;
  std::int64_t k_stride = 0;
};
void pack_panels(const PanelSource& source, Range panels, int width, float* out);

/// 8-bit weights less `zero` in panels [t][ceil(k / group)][columns][group], and their sums a column added to `sums`.
/// With `parts` > 1 a weight less zero is the sum of so many 8-bit numbers, each a tap of its own; taps is 1 then.
struct IntegerPanelSource {
  const std::byte* data = nullptr;  ///< i8, or u8
  bool is_signed = true;
  std::int64_t zero = 0;
  int parts = 1;
  std::int64_t columns = 0;
  std::int64_t taps = 1;
  std::int64_t k = 0;
  std::int64_t column_stride = 0;
  std::int64_t tap_stride = 0;
  std::int64_t k_stride = 0;
};
void pack_integer_panels(const IntegerPanelSource& source, int width, int group, std::int8_t* out, std::int32_t* sums);

/// How to cut rows x columns for `threads`: along the columns when the weights are heavy and rows are few, else along
/// rows.
struct CutRequest {
  std::int64_t rows = 1;      ///< of the grid
  std::int64_t row_unit = 1;  ///< rows that fill a tile
  std::int64_t columns = 1;
  std::int64_t column_unit = 1;   ///< columns of a panel, or of a group
  std::int64_t weight_bytes = 0;  ///< of all columns
};
Grid cut_grid(const CutRequest& request, const CpuTarget& target, int threads);

/// Roofline: the larger of arithmetic at the register rate of `target` times `efficiency` and of memory traffic.
double roofline_us(const CpuTarget& target, double multiply_adds, double bytes, double efficiency);

}  // namespace bolide
