#include "backend/cpu/depthwise/work.h"
#include "backend/cpu/estimate.h"

#include <cmath>
#include <limits>

namespace bolide::cpu {
namespace {

constexpr std::int64_t kMostTaps = 128;
constexpr std::int64_t kBandFloats = 8192;  ///< of the input, with its padding, at once: 32 KiB
constexpr std::int64_t kSlack = 64;         ///< floats that the last vectors of a row reach beyond it

struct Clamp {
  bool used = false;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

/// Nothing for an epilogue of more than max and min with numbers.
std::optional<Clamp> clamp_of(const Expr& expr) {
  Clamp out;
  if (expr.inputs() != 1) return std::nullopt;
  Expr::Arg value = Expr::in(0);
  int number = 0;
  for (const Expr::Step& step : expr.steps()) {
    const bool bounds = step.fn == Fn::kMax || step.fn == Fn::kMin;
    if (!bounds || !(step.args[0] == value) || step.args[1].kind != Expr::Arg::Kind::kNumber) return std::nullopt;
    const auto bound = static_cast<float>(step.args[1].number);
    if (std::isnan(bound)) return std::nullopt;
    if (step.fn == Fn::kMax) {
      out.low = std::max(out.low, bound);
    } else {
      out.high = std::min(out.high, bound);
    }
    if (!(out.low <= out.high)) return std::nullopt;
    out.used = true;
    value = Expr::step(number++);
  }
  return out;
}

/// Floats of one phase of the columns, and of all phases.
std::int64_t phase_of(const WindowAxis& width) {
  return width.out + (width.kernel - 1) * width.dilation / width.stride + 1;
}
std::int64_t row_of(const WindowAxis& width) { return phase_of(width) * width.stride; }
/// Input rows of a window.
std::int64_t span_of(const WindowAxis& height) { return (height.kernel - 1) * height.dilation + 1; }

/// A band of output rows of one channel at a time: its input rows are copied with their padding first, the columns of a
/// stride apart, so that every tap is a run of neighbours.
class DepthwisePlanesKernel final : public HostKernel {
 public:
  DepthwisePlanesKernel(const DepthwiseWork& work, const Clamp& clamp, const KernelTable& table)
      : work_(work), table_(table) {
    const WindowAxis& height = work.height;
    const WindowAxis& width = work.width;
    run_.clamps = clamp.used;
    run_.low = clamp.low;
    run_.high = clamp.high;
    phase_ = phase_of(width);
    row_ = row_of(width);
    for (std::int64_t y = 0; y < height.kernel; ++y) {
      for (std::int64_t k = 0; k < width.kernel; ++k) {
        const std::int64_t column = k * width.dilation;
        offset_.push_back(y * height.dilation * row_ + column % width.stride * phase_ + column / width.stride);
      }
    }
    span_ = span_of(height);
    band_ = std::clamp<std::int64_t>((kBandFloats / row_ - span_) / height.stride + 1, 1, height.out);
  }

  Grid grid(int) const override {
    return {.rows = work_.batch * work_.channels, .channels = (work_.height.out + band_ - 1) / band_};
  }
  std::size_t scratch_bytes() const override {
    return static_cast<std::size_t>(rows_of(band_) * row_ + kSlack) * sizeof(float);
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range bands) const override {
    const auto* bias = reinterpret_cast<const float*>(buffers.packed);
    auto* const band = reinterpret_cast<float*>(buffers.scratch);
    std::array<float, kMostTaps> weights;
    DepthwiseRun run = run_;
    run.offset = offset_.data();
    run.w = weights.data();
    run.taps = work_.taps();
    run.n = work_.width.out;
    for (std::int64_t r = rows.begin; r < rows.end; ++r) {
      const std::int64_t n = r / work_.channels;
      const std::int64_t c = r % work_.channels;
      run.bias = bias[c];
      for (std::int64_t t = 0; t < run.taps; ++t) {
        weights[static_cast<std::size_t>(t)] = bias[work_.channels * (t + 1) + c];
      }
      const auto* x = static_cast<const float*>(buffers.inputs[0]) + n * work_.x_strides[0] + c * work_.x_strides[1];
      auto* y = static_cast<float*>(buffers.outputs[0]) + n * work_.out_strides[0] + c * work_.out_strides[1];
      for (std::int64_t b = bands.begin; b < bands.end; ++b) {
        const std::int64_t first = b * band_;
        const std::int64_t count = std::min(band_, work_.height.out - first);
        copy_rows(x, first * work_.height.stride - work_.height.before, rows_of(count), band);
        for (std::int64_t i = 0; i < count; ++i) {
          run.x = band + i * work_.height.stride * row_;
          run.out = y + (first + i) * work_.out_strides[2];
          table_.depthwise->run(run);
        }
      }
    }
    return ok();
  }

 private:
  std::int64_t rows_of(std::int64_t outputs) const { return (outputs - 1) * work_.height.stride + span_; }

  /// Input rows [first, first + count), which may lie outside of the image; columns by phases of the stride.
  void copy_rows(const float* x, std::int64_t first, std::int64_t count, float* to) const {
    const WindowAxis& width = work_.width;
    for (std::int64_t h = first; h < first + count; ++h, to += row_) {
      if (h < 0 || h >= work_.height.in) {
        std::fill_n(to, row_, 0.0F);
        continue;
      }
      const float* const from = x + h * work_.x_strides[2];
      for (std::int64_t p = 0; p < width.stride; ++p) {
        float* const phase = to + p * phase_;
        // Column i of the phase is input column i * stride + p - before.
        const std::int64_t start = p - width.before;
        const std::int64_t begin = start >= 0 ? 0 : std::min(phase_, (-start + width.stride - 1) / width.stride);
        const std::int64_t inside = width.in > start ? (width.in - start - 1) / width.stride + 1 : 0;
        const std::int64_t end = std::clamp(inside, begin, phase_);
        std::fill_n(phase, begin, 0.0F);
        if (width.stride == 1) {
          std::copy_n(from + start + begin, end - begin, phase + begin);
        } else {
          for (std::int64_t i = begin; i < end; ++i) phase[i] = from[i * width.stride + start];
        }
        std::fill_n(phase + end, phase_ - end, 0.0F);
      }
    }
  }

  DepthwiseWork work_;
  const KernelTable& table_;
  DepthwiseRun run_;                  ///< what does not change
  std::vector<std::int64_t> offset_;  ///< of each tap in the band
  std::int64_t phase_ = 1;            ///< floats of the columns of one phase
  std::int64_t row_ = 1;              ///< floats of an input row in the band
  std::int64_t span_ = 1;             ///< input rows of a window
  std::int64_t band_ = 1;             ///< output rows at once
};

/// Needs     f32, contiguous columns in and out, one output channel an input channel, at most 128 taps, an epilogue of
///           max and min at most
/// Packed    as cpu.depthwise.f32
/// Numerics  as cpu.depthwise.f32; taps on the padding add zeros
class DepthwisePlanes final : public Tactic {
 public:
  constexpr DepthwisePlanes() : Tactic("cpu.depthwise.planes", 2) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<DepthwiseWork> work = any_depthwise_work(problem);
    if (!work) return reject(work.error().message);
    if (problem.inputs[0].dtype != DataType::kF32 || problem.inputs[1].dtype != DataType::kF32)
      return reject("f32 only");
    if (work->multiplier != 1) return reject(work->multiplier, " output channels an input channel");
    if (work->x_strides[3] != 1 || work->out_strides[3] != 1) return reject("columns apart");
    if (work->taps() > kMostTaps) return reject(work->taps(), " taps");
    constexpr std::int64_t kFar = 512;
    for (const WindowAxis& axis : {work->height, work->width}) {
      if (axis.stride > kFar || axis.dilation > kFar || axis.out > kFar * kFar) return reject("large steps or sizes");
    }
    if (span_of(work->height) * row_of(work->width) > 16 * kBandFloats) return reject("a window of many bytes");
    if (problem.outputs[0].dtype != DataType::kF32) return reject("a result of ", problem.outputs[0].dtype);
    if (!clamp_of(problem.op->as<Conv>()->epilogue)) return reject("an epilogue beyond max and min");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Result<DepthwiseWork> work = any_depthwise_work(problem);
    if (!work) return 0;
    const double copied = static_cast<double>(problem.inputs[0].count()) * (work->width.stride == 1 ? 0.1e-3 : 0.5e-3);
    const double core_us = depthwise_core_us(problem, *work, cpu_target(target)) + copied;
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)), core_us);
  }
  std::size_t packed_bytes(const Problem& problem, const Target&) const override {
    const Result<DepthwiseWork> work = any_depthwise_work(problem);
    return work ? depthwise_packed_bytes(*work) : 0;
  }
  Status pack(const Problem& problem, const Target&, std::span<std::byte> to) const override {
    TRY(const DepthwiseWork work, any_depthwise_work(problem));
    return pack_depthwise(problem, work, to);
  }
  bool packs_input(const Problem&, int index) const override { return index == 1 || index == 2; }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const DepthwiseWork work, any_depthwise_work(problem));
    const KernelTable& table = kernel_table(cpu_target(target).isa);
    const Clamp clamp = clamp_of(problem.op->as<Conv>()->epilogue).value_or(Clamp());
    return std::unique_ptr<Kernel>(std::make_unique<DepthwisePlanesKernel>(work, clamp, table));
  }
};

constexpr DepthwisePlanes kTactic;

}  // namespace

const Tactic& depthwise_planes() { return kTactic; }

}  // namespace bolide::cpu
