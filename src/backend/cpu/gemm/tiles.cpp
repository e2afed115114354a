#include "backend/cpu/gemm/tiles.h"

#include <algorithm>

namespace bolide {

namespace {

constexpr std::int64_t kSumBytes = std::int64_t{kMaxTileRows} * kMaxTileColumns * 4;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

}  // namespace

void TilePlan::choose_blocking(const CpuTarget& target, std::int64_t rows) {
  const std::int64_t weights = panels() * panel_floats() * 4;
  const std::int64_t tile_bytes = kernels->rows * k * std::min<std::int64_t>(taps, 3) * 4;
  row_tiles = 1;
  if (weights <= target.l2_bytes / 2) return;
  const std::int64_t fit = std::max<std::int64_t>(1, target.l2_bytes / 2 / std::max<std::int64_t>(tile_bytes, 1));
  row_tiles = static_cast<int>(std::min({fit, ceil_div(rows, kernels->rows), std::int64_t{32}}));
}

std::size_t TilePlan::scratch_bytes() const {
  const std::int64_t pointers = std::int64_t{row_tiles} * kernels->rows * (taps + 2);
  const std::int64_t aligned = ceil_div(pointers * 8, 64) * 64;
  return static_cast<std::size_t>(aligned + kSumBytes) + epilogue->scratch_bytes();
}

void run_tiles(const TilePlan& plan, const RowSource& source, const TileBuffers& buffers, Range rows, Range columns) {
  const std::int64_t count = rows.end - rows.begin;
  if (count <= 0 || columns.end <= columns.begin) return;
  const GemmEpilogue& epilogue = *plan.epilogue;
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

  const ResultOperand* extra = epilogue.residual();
  const std::byte* extra_base = nullptr;
  if (extra != nullptr) extra_base = static_cast<const std::byte*>(finish.inputs[extra->index]);

  GemmF32Call call;
  call.taps = plan.taps;
  call.k = plan.k;
  call.clamp = epilogue.clamp();
  call.low = epilogue.low();
  call.high = epilogue.high();
  float* to[kMaxTileRows];
  const float* add[kMaxTileRows];

  for (std::int64_t group = 0; group < tiles; group += plan.row_tiles) {
    const std::int64_t group_end = std::min<std::int64_t>(tiles, group + plan.row_tiles);
    for (std::int64_t tile = group; tile < group_end; ++tile) {
      const std::int64_t begin = tile_begin(tile);
      const int r = static_cast<int>(tile_begin(tile + 1) - begin);
      const std::int64_t slot = tile - group;
      source.fill(begin, r, a + slot * per_tile);
      const std::int64_t first = buffers.first_row + begin;
      if (epilogue.on_tile()) epilogue.output().rows.fill(finish.output, first, r, out + slot * height);
      if (extra != nullptr) extra->rows.fill(extra_base, first, r, residual + slot * height);
    }
    for (std::int64_t column = columns.begin; column < columns.end; column += width) {
      call.columns = static_cast<int>(std::min(width, columns.end - column));
      call.panel = buffers.panels + column / width * plan.panel_floats();
      call.bias = buffers.bias != nullptr ? buffers.bias + column : nullptr;
      const std::int64_t at = buffers.first_column + column;
      for (std::int64_t tile = group; tile < group_end; ++tile) {
        const std::int64_t begin = tile_begin(tile);
        const int r = static_cast<int>(tile_begin(tile + 1) - begin);
        const std::int64_t slot = tile - group;
        call.rows = reinterpret_cast<const float* const*>(a + slot * per_tile);
        for (int i = 0; i < r; ++i) {
          to[i] = epilogue.on_tile() ? reinterpret_cast<float*>(out[slot * height + i]) + at
                                     : sums + std::int64_t{i} * call.columns;
        }
        if (extra != nullptr) {
          for (int i = 0; i < r; ++i) add[i] = reinterpret_cast<const float*>(residual[slot * height + i]) + at;
          call.residual = add;
        }
        call.out = to;
        plan.kernels->f32[r](call);
        if (!epilogue.on_tile()) epilogue.finish(finish, sums, buffers.first_row + begin, r, at, call.columns);
      }
    }
  }
}

void pack_panels(const PanelSource& source, Range panels, int width, float* out) {
  out += panels.begin * source.taps * source.k * width;
  for (std::int64_t p = panels.begin; p < panels.end; ++p) {
    const std::int64_t valid = std::min<std::int64_t>(width, source.columns - p * width);
    const float* column = source.data + p * width * source.column_stride;
    for (std::int64_t t = 0; t < source.taps; ++t) {
      for (std::int64_t i = 0; i < source.k; ++i, out += width) {
        const float* from = column + t * source.tap_stride + i * source.k_stride;
        for (std::int64_t j = 0; j < valid; ++j) out[j] = from[j * source.column_stride];
        std::fill(out + valid, out + width, 0.0F);
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
