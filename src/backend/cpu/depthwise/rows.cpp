#include "backend/cpu/depthwise/work.h"
#include "backend/cpu/estimate.h"
#include "backend/cpu/gemm/requantise.h"

#include <cmath>

namespace bolide::cpu {
namespace {

constexpr std::int64_t kBlock = kMaxTileColumns;  ///< channels at a time, as wide as the epilogue takes
constexpr std::int64_t kBand = 8;                 ///< output rows whose input is converted at once

class DepthwiseRowsKernel final : public HostKernel {
 public:
  DepthwiseRowsKernel(const DepthwiseWork& work, GemmEpilogue epilogue, std::optional<Requantise> requantise,
                      DataType dtype, float zero, const KernelTable& table)
      : work_(work),
        epilogue_(std::move(epilogue)),
        requantise_(std::move(requantise)),
        dtype_(dtype),
        zero_(zero),
        table_(table) {
    in_place_ = dtype == DataType::kF32 && work.multiplier == 1;
    const std::int64_t span = (work.height.kernel - 1) * work.height.dilation + 1;
    band_rows_ = in_place_ ? 0 : std::min(work.height.in, (kBand - 1) * work.height.stride + span);
  }

  Grid grid(int) const override {
    return {.rows = work_.batch * work_.height.out,
            .channels = work_.channels,
            .row_grain = std::min<std::int64_t>(4, work_.height.out),
            .channel_grain = std::min(kBlock, work_.channels)};
  }

  std::size_t scratch_bytes() const override {
    const std::int64_t floats = (band_rows_ * work_.width.in + work_.width.out) * kBlock;
    return static_cast<std::size_t>(floats) * sizeof(float) + epilogue_.scratch_bytes();
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    const WindowAxis& height = work_.height;
    auto* const band = reinterpret_cast<float*>(buffers.scratch);
    float* const sums = band + band_rows_ * work_.width.in * kBlock;
    float* const rest = sums + work_.width.out * kBlock;
    DepthwiseRow row = row_template(work_, buffers.packed);
    const float* const bias = row.bias;
    const float* const weights = row.w;
    const EpilogueBuffers ends = {buffers.inputs, static_cast<std::byte*>(buffers.outputs[0]),
                                  reinterpret_cast<std::byte*>(rest)};
    for (std::int64_t c = channels.begin; c < channels.end; c += kBlock) {
      const std::int64_t width = std::min(kBlock, channels.end - c);
      row.channels = width;
      // Between columns and rows of the band, or of the input where it needs no conversion.
      const std::int64_t column_step = in_place_ ? work_.x_strides[3] : width;
      const std::int64_t row_step = in_place_ ? work_.x_strides[2] : work_.width.in * width;
      row.x_column = column_step;
      row.x_row = height.dilation * row_step;
      row.out = sums;
      row.out_column = width;
      row.bias = bias + c;
      for (std::int64_t r = rows.begin; r < rows.end;) {
        const std::int64_t n = r / height.out;
        const std::int64_t first = r % height.out;
        const std::int64_t count = std::min({kBand, height.out - first, rows.end - r});
        std::int64_t begin = height.in;  // input rows [begin, end) of the band
        std::int64_t end = 0;
        for (std::int64_t i = 0; i < count; ++i) {
          const KernelRows inside = kernel_rows(height, first + i);
          if (inside.end == inside.begin) continue;
          begin = std::min(begin, inside.first);
          end = std::max(end, inside.first + (inside.end - inside.begin - 1) * height.dilation + 1);
        }
        const float* x = band;
        if (begin < end && in_place_) {
          x = static_cast<const float*>(buffers.inputs[0]) + n * work_.x_strides[0] + begin * row_step + c;
        } else if (begin < end) {
          convert(buffers.inputs[0], n, begin, end, c, width, band, sums);
        }
        for (std::int64_t i = 0; i < count; ++i, ++r) {
          const KernelRows inside = kernel_rows(height, first + i);
          row.kernel_rows = inside.end - inside.begin;
          row.w = weights + inside.begin * work_.width.kernel * row.w_tap + c;
          row.x = row.kernel_rows > 0 ? x + (inside.first - begin) * row_step : x;
          table_.depthwise->row(row);
          for (std::int64_t p = 0; p < work_.width.out; p += kMaxTileRows) {
            const std::int64_t pixels = std::min<std::int64_t>(kMaxTileRows, work_.width.out - p);
            finish(ends, sums + p * width, r * work_.width.out + p, static_cast<int>(pixels), c,
                   static_cast<int>(width));
          }
        }
      }
    }
    return ok();
  }

 private:
  /// Result rows first ... , channels c ... from their sums.
  void finish(const EpilogueBuffers& buffers, float* sums, std::int64_t first, int rows, std::int64_t c,
              int width) const {
    if (!requantise_) return epilogue_.finish(buffers, sums, first, rows, c, width);
    std::byte* to[kMaxTileRows];
    const std::byte* add[kMaxTileRows];
    GemmI8Call call;
    call.columns = width;
    requantise_->describe(call);
    requantise_->at_column(call, c);
    const ResultOperand& output = epilogue_.output();
    output.rows.fill(buffers.output, first, rows, to);
    for (int r = 0; r < rows; ++r) to[r] += c * (bit_width(output.dtype) / 8);
    call.out = reinterpret_cast<void* const*>(to);
    if (const ResultOperand* residual = requantise_->residual(); residual != nullptr) {
      residual->rows.fill(static_cast<const std::byte*>(buffers.inputs[residual->index]), first, rows, add);
      for (int r = 0; r < rows; ++r) add[r] += c * (bit_width(residual->dtype) / 8);
      call.residual = reinterpret_cast<const void* const*>(add);
    }
    table_.gemm->requantise(call, sums, rows);
  }

  /// Input rows [begin, end) of image n as floats less the zero point, [row][column][output channel from c on].
  void convert(const void* x, std::int64_t n, std::int64_t begin, std::int64_t end, std::int64_t c, std::int64_t width,
               float* to, float* line) const {
    const auto load = table_.eltwise->load[static_cast<std::size_t>(dtype_)];
    const std::int64_t bytes = bit_width(dtype_) / 8;
    const std::int64_t from_channel = c / work_.multiplier;
    const std::int64_t channels = (c + width - 1) / work_.multiplier - from_channel + 1;
    const bool gapless = work_.multiplier == 1 && work_.x_strides[3] == width;
    for (std::int64_t h = begin; h < end; ++h) {
      const std::int64_t offset = n * work_.x_strides[0] + h * work_.x_strides[2] + from_channel;
      const auto* from = static_cast<const std::byte*>(x) + offset * bytes;
      float* const row = to;
      if (gapless) {
        load(from, to, work_.width.in * width);
        to += work_.width.in * width;
      }
      for (std::int64_t w = gapless ? work_.width.in : 0; w < work_.width.in; ++w, to += width) {
        if (work_.multiplier == 1) {
          load(from + w * work_.x_strides[3] * bytes, to, width);
          continue;
        }
        load(from + w * work_.x_strides[3] * bytes, line, channels);
        for (std::int64_t j = 0; j < width; ++j) to[j] = line[(c + j) / work_.multiplier - from_channel];
      }
      if (zero_ != 0) {
        for (float* value = row; value < to; ++value) *value -= zero_;
      }
    }
  }

  DepthwiseWork work_;
  GemmEpilogue epilogue_;
  std::optional<Requantise> requantise_;  // where it says all that the epilogue does
  DataType dtype_;
  float zero_;
  const KernelTable& table_;
  bool in_place_ = false;  // the input is read where it is
  std::int64_t band_rows_ = 1;
};

/// Sums that f32 holds exactly: every partial sum of products and bias stays below 2^24.
Status check_exact(const Problem& problem, const DepthwiseWork& work) {
  double bias = 0;
  if (work.has_bias) {
    TRY(const std::vector<double> numbers, to_f64(*problem.inputs[2].constant));
    for (const double value : numbers) bias = std::max(bias, std::abs(value));
  }
  const double largest = 255.0 * 255.0 * static_cast<double>(work.taps()) + bias;
  if (largest > 0x1p24) return unsupported("sums up to ", largest, " are not exact in f32");
  return ok();
}

/// Any epilogue. Bands of rows of 8-bit inputs become f32 in the cache, less the zero point, and are summed there.
///
/// Needs     f32, or 8-bit integers whose sums stay below 2^24, where f32 sums are exact
/// Packed    as cpu.depthwise.f32
/// Numerics  as cpu.depthwise.f32; exact sums for integers
class DepthwiseRows final : public Tactic {
 public:
  constexpr DepthwiseRows() : Tactic("cpu.depthwise.rows", 2) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const Result<DepthwiseWork> work = depthwise_work(problem);
    if (!work) return reject(work.error().message);
    const DataType dtype = problem.inputs[0].dtype;
    const auto is_byte = [](DataType type) { return type == DataType::kU8 || type == DataType::kI8; };
    if (is_byte(dtype)) {
      if (!is_byte(problem.inputs[1].dtype)) return reject("weights are ", problem.inputs[1].dtype, "; needs u8 or i8");
      if (const Status exact = check_exact(problem, *work); !exact) return reject(exact.error().message);
    } else if (dtype != DataType::kF32) {
      return reject("f32, u8 or i8, got ", dtype);
    }
    const KernelTable& table = kernel_table(cpu_target(target).isa);
    if (const auto epilogue = depthwise_epilogue(problem, *work, table); !epilogue) {
      return reject(epilogue.error().message);
    }
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Result<DepthwiseWork> work = depthwise_work(problem);
    if (!work) return 0;
    const double spread = static_cast<double>(problem.inputs[0].count() * work->multiplier);  // floats of all bands
    const double converted =
        spread * (work->multiplier > 1 ? 2e-3 : 0.15e-3) + static_cast<double>(problem.outputs[0].count()) * 0.15e-3;
    const double core_us = 1.2 * depthwise_core_us(problem, *work, cpu_target(target)) + converted;
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)), core_us);
  }
  std::size_t packed_bytes(const Problem& problem, const Target&) const override {
    const Result<DepthwiseWork> work = depthwise_work(problem);
    return work ? depthwise_packed_bytes(*work) : 0;
  }
  Status pack(const Problem& problem, const Target&, std::span<std::byte> to) const override {
    TRY(const DepthwiseWork work, depthwise_work(problem));
    return pack_depthwise(problem, work, to);
  }
  bool packs_input(const Problem&, int index) const override { return index == 1 || index == 2; }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const DepthwiseWork work, depthwise_work(problem));
    const KernelTable& table = kernel_table(cpu_target(target).isa);
    TRY(GemmEpilogue epilogue, depthwise_epilogue(problem, work, table));
    if (epilogue.on_tile()) {
      // finish() needs the program form of an epilogue that could also run in registers.
      TRY(epilogue,
          GemmEpilogue::make(problem, problem.op->as<Conv>()->epilogue, {problem.outputs[0].dims, 1}, true, table));
    }
    const DataType dtype = problem.inputs[0].dtype;
    const auto zero = dtype == DataType::kF32 ? 0.0F : static_cast<float>(problem.op->as<Conv>()->x_zero);
    std::optional<Requantise> requantise;
    if (dtype != DataType::kF32) {
      const ResultShape shape{problem.outputs[0].dims, 1};
      requantise = Requantise::recognise(problem, problem.op->as<Conv>()->epilogue, shape, kMaxTileColumns);
    }
    return std::unique_ptr<Kernel>(
        std::make_unique<DepthwiseRowsKernel>(work, std::move(epilogue), std::move(requantise), dtype, zero, table));
  }
};

constexpr DepthwiseRows kTactic;

}  // namespace

const Tactic& depthwise_rows() { return kTactic; }

}  // namespace bolide::cpu
