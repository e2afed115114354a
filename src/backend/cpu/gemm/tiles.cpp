#include "backend/cpu/gemm/tiles.h"

#include "backend/cpu/transpose4.h"

#include <algorithm>

namespace bolide {

namespace {

constexpr std::int64_t kSumBytes = std::int64_t{kMaxTileRows} * kMaxTileColumns * 4;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

void TilePlan::choose_blocking(const CpuTarget& target, std::int64_t rows) {
  const std::int64_t weights = panels() * panel_bytes();
  const std::int64_t tile_bytes = kernels->rows * k * std::min<std::int64_t>(taps, 3) * (integer ? 1 : 4);
  row_tiles = 1;
  if (weights <= target.l2_bytes / 2) return;
  const std::int64_t fit = std::max<std::int64_t>(1, target.l2_bytes / 2 / std::max<std::int64_t>(tile_bytes, 1));
  row_tiles =
      static_cast<int>(std::min({fit, std::max<std::int64_t>(1, ceil_div(rows, kernels->rows)), std::int64_t{32}}));
}

std::size_t TilePlan::scratch_bytes() const {
  const std::int64_t pointers = std::int64_t{row_tiles} * kernels->rows * (taps + 2);
  const std::int64_t aligned = ceil_div(pointers * 8, 64) * 64;
  return static_cast<std::size_t>(aligned + kSumBytes) + epilogue->scratch_bytes();
}

namespace {

/// One tile: pointers to its rows, where its results go, and its residual rows (null without one).
struct Tile {
  const std::byte* const* rows = nullptr;
  std::byte* const* out = nullptr;             ///< row starts; null: into `sums`
  const std::byte* const* residual = nullptr;  ///< row starts
  float* sums = nullptr;
  int count = 0;
  std::int64_t first = 0;   ///< result row
  std::int64_t column = 0;  ///< of the group
  int columns = 0;
};

/// Walks the tiles; `run(tile, epilogue buffers)` does one. `output` and `extra` say whose rows are wanted; may be
/// null.
template <class Run>
void walk(const TilePlan& plan, const RowSource& source, const TileBuffers& buffers, Range rows, Range columns,
          const ResultOperand* output, const ResultOperand* extra, const Run& run) {
  const std::int64_t count = rows.end - rows.begin;
  if (count <= 0 || columns.end <= columns.begin) return;
  const std::int64_t height = plan.kernels->rows;
  const std::int64_t width = plan.kernels->columns;
  const std::int64_t tiles = ceil_div(count, height);
  const auto tile_begin = [&](std::int64_t tile) { return rows.begin + count * tile / tiles; };

  const std::int64_t per_tile = height * plan.taps;
  const std::int64_t pointers = plan.row_tiles * height * (plan.taps + 2);
  auto** out = reinterpret_cast<std::byte**>(buffers.scratch);
  auto** residual = reinterpret_cast<const std::byte**>(buffers.scratch + plan.row_tiles * height * 8);
  auto** a = residual + plan.row_tiles * height;
  auto* sums = reinterpret_cast<float*>(buffers.scratch + ceil_div(pointers * 8, 64) * 64);
  EpilogueBuffers finish = buffers.epilogue;
  finish.scratch = reinterpret_cast<std::byte*>(sums) + kSumBytes;
  const std::byte* extra_base = nullptr;
  if (extra != nullptr) extra_base = static_cast<const std::byte*>(finish.inputs[extra->index]);

  for (std::int64_t group = 0; group < tiles; group += plan.row_tiles) {
    const std::int64_t group_end = std::min<std::int64_t>(tiles, group + plan.row_tiles);
    for (std::int64_t i = group; i < group_end; ++i) {
      const std::int64_t begin = tile_begin(i);
      const int r = static_cast<int>(tile_begin(i + 1) - begin);
      const std::int64_t slot = i - group;
      source.fill(begin, r, a + slot * per_tile);
      const std::int64_t first = buffers.first_row + begin;
      if (output != nullptr) output->rows.fill(finish.output, first, r, out + slot * height);
      if (extra != nullptr) extra->rows.fill(extra_base, first, r, residual + slot * height);
    }
    for (std::int64_t column = columns.begin; column < columns.end; column += width) {
      for (std::int64_t i = group; i < group_end; ++i) {
        const std::int64_t begin = tile_begin(i);
        const std::int64_t slot = i - group;
        Tile tile;
        tile.rows = a + slot * per_tile;
        tile.out = output != nullptr ? out + slot * height : nullptr;
        tile.residual = extra != nullptr ? residual + slot * height : nullptr;
        tile.sums = sums;
        tile.count = static_cast<int>(tile_begin(i + 1) - begin);
        tile.first = buffers.first_row + begin;
        tile.column = column;
        tile.columns = static_cast<int>(std::min(width, columns.end - column));
        run(tile, finish);
      }
    }
  }
}

}  // namespace

void run_tiles(const TilePlan& plan, const RowSource& source, const TileBuffers& buffers, Range rows, Range columns) {
  const GemmEpilogue& epilogue = *plan.epilogue;
  GemmF32Call call;
  call.taps = plan.taps;
  call.k = plan.k;
  call.clamp = epilogue.clamp();
  call.low = epilogue.low();
  call.high = epilogue.high();
  float* to[kMaxTileRows];
  const float* add[kMaxTileRows];
  call.out = to;
  if (epilogue.residual() != nullptr) call.residual = add;
  const std::int64_t panel_bytes = plan.panel_bytes();
  const std::int64_t width = plan.kernels->columns;
  const auto* bias = static_cast<const float*>(buffers.bias);
  const auto run = [&](const Tile& tile, const EpilogueBuffers& finish) {
    const std::int64_t at = buffers.first_column + tile.column;
    call.rows = reinterpret_cast<const float* const*>(tile.rows);
    call.panel = reinterpret_cast<const float*>(buffers.panels + tile.column / width * panel_bytes);
    call.bias = bias != nullptr ? bias + tile.column : nullptr;
    call.columns = tile.columns;
    for (int r = 0; r < tile.count; ++r) {
      to[r] =
          tile.out != nullptr ? reinterpret_cast<float*>(tile.out[r]) + at : tile.sums + std::int64_t{r} * tile.columns;
      if (tile.residual != nullptr) add[r] = reinterpret_cast<const float*>(tile.residual[r]) + at;
    }
    plan.kernels->f32[tile.count](call);
    if (tile.out == nullptr) epilogue.finish(finish, tile.sums, tile.first, tile.count, at, tile.columns);
  };
  walk(plan, source, buffers, rows, columns, epilogue.on_tile() ? &epilogue.output() : nullptr, epilogue.residual(),
       run);
}

void run_integer_tiles(const TilePlan& plan, const IntegerTiles& tiles, const RowSource& source,
                       const TileBuffers& buffers, Range rows, Range columns) {
  const GemmEpilogue& epilogue = *plan.epilogue;
  const Requantise* requantise = tiles.requantise;
  const bool direct = requantise != nullptr || tiles.store_sums;
  const ResultOperand* residual = requantise != nullptr ? requantise->residual() : nullptr;
  const std::int64_t out_bytes = bit_width(epilogue.output().dtype) / 8;
  const std::int64_t residual_bytes = residual != nullptr ? bit_width(residual->dtype) / 8 : 0;
  GemmI8Call call;
  call.taps = plan.taps;
  call.k = plan.k;
  call.is_signed = tiles.is_signed;
  void* to[kMaxTileRows];
  const void* add[kMaxTileRows];
  call.out = to;
  if (residual != nullptr) call.residual = add;
  if (requantise != nullptr) {
    requantise->describe(call);
  } else if (tiles.store_sums) {
    call.kind = GemmI8Call::Kind::kI32;
  }
  const std::int64_t panel_bytes = plan.panel_bytes();
  const std::int64_t width = plan.kernels->columns;
  const auto* bias = static_cast<const std::int32_t*>(buffers.bias);
  const auto run = [&](const Tile& tile, const EpilogueBuffers& finish) {
    const std::int64_t at = buffers.first_column + tile.column;
    call.rows = reinterpret_cast<const std::uint8_t* const*>(tile.rows);
    call.panel = reinterpret_cast<const std::int8_t*>(buffers.panels + tile.column / width * panel_bytes);
    call.bias = bias + tile.column;
    call.columns = tile.columns;
    if (requantise != nullptr) requantise->at_column(call, at);
    for (int r = 0; r < tile.count; ++r) {
      to[r] = tile.out != nullptr ? static_cast<void*>(tile.out[r] + at * out_bytes)
                                  : static_cast<void*>(tile.sums + std::int64_t{r} * tile.columns);
      if (tile.residual != nullptr) add[r] = tile.residual[r] + at * residual_bytes;
    }
    plan.kernels->i8[tile.count](call);
    if (tile.out == nullptr) epilogue.finish(finish, tile.sums, tile.first, tile.count, at, tile.columns);
  };
  walk(plan, source, buffers, rows, columns, direct ? &epilogue.output() : nullptr, residual, run);
}

namespace {

/// One tap of a panel whose columns lie along k: out[i * width + j] = from[j * column_stride + i].
void pack_transposed(const float* from, std::int64_t column_stride, std::int64_t k, std::int64_t columns, int width,
                     float* out) {
  std::int64_t i = 0;
  for (; i + 4 <= k; i += 4) {
    std::int64_t j = 0;
    for (; j + 4 <= columns; j += 4) {
      cpu::transpose4(out + i * width + j, width, from + j * column_stride + i, column_stride);
    }
    for (; j < columns; ++j) {
      for (std::int64_t step = i; step < i + 4; ++step) out[step * width + j] = from[j * column_stride + step];
    }
  }
  for (; i < k; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) out[i * width + j] = from[j * column_stride + i];
  }
}

}  // namespace

void pack_panels(const PanelSource& source, Range panels, int width, float* out) {
  if (source.taps == 0 || source.k == 0) return;  // nothing is written, and the source may be null
  out += panels.begin * source.taps * source.k * width;
  for (std::int64_t p = panels.begin; p < panels.end; ++p) {
    const std::int64_t valid = std::min<std::int64_t>(width, source.columns - p * width);
    const float* column = source.data + p * width * source.column_stride;
    for (std::int64_t t = 0; t < source.taps; ++t) {
      if (source.k_stride == 1 && source.column_stride != 1) {
        pack_transposed(column + t * source.tap_stride, source.column_stride, source.k, valid, width, out);
        for (std::int64_t i = 0; i < source.k; ++i, out += width) std::fill(out + valid, out + width, 0.0F);
        continue;
      }
      for (std::int64_t i = 0; i < source.k; ++i, out += width) {
        const float* from = column + t * source.tap_stride + i * source.k_stride;
        if (source.column_stride == 1) {
          std::copy_n(from, valid, out);
        } else {
          for (std::int64_t j = 0; j < valid; ++j) out[j] = from[j * source.column_stride];
        }
        std::fill(out + valid, out + width, 0.0F);
      }
    }
  }
}

namespace {

/// Number `part` of the 8-bit numbers whose sum is w.
int part_of(int w, std::int64_t part) {
  const int at = static_cast<int>(part);
  return w >= 0 ? std::clamp(w - 127 * at, 0, 127) : std::clamp(w + 128 * at, -128, 0);
}

}  // namespace

void pack_integer_panels(const IntegerPanelSource& source, int width, int group, std::int8_t* out, std::int32_t* sums) {
  for (std::int64_t first = 0; first < source.columns; first += width) {
    for (std::int64_t t = 0; t < source.taps * source.parts; ++t) {
      for (std::int64_t i = 0; i < source.k; i += group) {
        for (std::int64_t j = first; j < first + width; ++j) {
          for (std::int64_t g = i; g < i + group; ++g, ++out) {
            if (j >= source.columns || g >= source.k) {
              *out = 0;
              continue;
            }
            const std::byte code = source.data[j * source.column_stride + t * source.tap_stride + g * source.k_stride];
            const int w = source.is_signed ? static_cast<std::int8_t>(code) : static_cast<std::uint8_t>(code);
            const auto value = static_cast<int>(w - source.zero);
            *out = static_cast<std::int8_t>(source.parts > 1 ? part_of(value, t) : value);
            sums[j] += *out;
          }
        }
      }
    }
  }
}

Grid cut_grid(const CutRequest& request, const CpuTarget& target, int threads) {
  const std::int64_t chunks = threads > 1 ? std::int64_t{threads} * 4 : 1;
  const std::int64_t row_units = std::max<std::int64_t>(1, ceil_div(request.rows, request.row_unit));
  const std::int64_t column_units = std::max<std::int64_t>(1, ceil_div(request.columns, request.column_unit));
  const bool heavy = request.weight_bytes > target.l2_bytes / 2 && row_units < 32;
  // The preferred axis gives all the chunks it can, the other one what is missing.
  const std::int64_t first = std::min(chunks, heavy ? column_units : row_units);
  const std::int64_t second = std::min(ceil_div(chunks, first), heavy ? row_units : column_units);
  Grid grid;
  grid.rows = request.rows;
  grid.channels = request.columns;
  grid.row_grain = request.row_unit * ceil_div(row_units, heavy ? second : first);
  grid.channel_grain = request.column_unit * ceil_div(column_units, heavy ? first : second);
  return grid;
}

double roofline_us(const CpuTarget& target, double multiply_adds, double bytes, double efficiency) {
  const double lanes = target.isa >= Isa::kAvx512 ? 32 : target.isa >= Isa::kAvx2 ? 16 : 4;
  const double threads = target.threads;
  const double arithmetic = multiply_adds / (lanes * target.ghz * 1e3 * efficiency * threads);
  const double memory = bytes / (12e3 * std::min(threads, 4.0));
  return std::max(arithmetic, memory) + 1.0;
}

}  // namespace bolide
