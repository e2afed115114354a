#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"
#include "backend/cpu/rows/reduce_work.h"
#include "backend/cpu/rows/tactics.h"

#include <cmath>
#include <limits>

namespace bolide::cpu {
namespace {

class ReduceKernel final : public HostKernel {
 public:
  ReduceKernel(ReduceWork work, const RowKernels& kernels) : work_(std::move(work)), kernels_(kernels) {}

  Grid grid(int) const override {
    return {.rows = work_.kept.count(),
            .channels = work_.width,
            .channel_grain = std::min<std::int64_t>(kBlock, work_.width)};
  }
  std::size_t scratch_bytes() const override { return kBlock * sizeof(float); }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    auto* const sums = reinterpret_cast<float*>(buffers.scratch);
    const std::int64_t repeats = work_.repeated.count();
    Walk kept(work_.kept, work_.kept.rank(), rows.begin);
    for (std::int64_t r = rows.begin; r < rows.end; ++r, kept.next()) {
      if (work_.kind == ReduceKind::kLogSumExp) {
        y[kept.at(1)] = log_sum_exp(x + kept.at(0));
        continue;
      }
      if (!work_.columns) {
        Walk repeated(work_.repeated, work_.repeated.rank(), 0);
        double total = neutral();
        for (std::int64_t i = 0; i < repeats; ++i, repeated.next()) {
          total = combine(total, kernels_.reduce(work_.reduction, x + kept.at(0) + repeated.at(0), work_.n, 0));
        }
        y[kept.at(1)] = finish(total);
        continue;
      }
      for (std::int64_t c = channels.begin; c < channels.end; c += kBlock) {
        const std::int64_t width = std::min(kBlock, channels.end - c);
        std::fill_n(sums, width, static_cast<float>(neutral()));
        Walk repeated(work_.repeated, work_.repeated.rank(), 0);
        for (std::int64_t i = 0; i < repeats; ++i, repeated.next()) {
          kernels_.reduce_columns(work_.reduction, x + kept.at(0) + repeated.at(0) + c, work_.n, work_.row_stride,
                                  width, nullptr, sums);
        }
        float* const to = y + kept.at(1) + c * work_.width_stride;
        for (std::int64_t j = 0; j < width; ++j) to[j * work_.width_stride] = finish(static_cast<double>(sums[j]));
      }
    }
    return ok();
  }

 private:
  static constexpr std::int64_t kBlock = 64;

  double neutral() const {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    switch (work_.reduction) {
      case RowReduction::kMax: return -kInfinity;
      case RowReduction::kMin: return kInfinity;
      case RowReduction::kProduct: return 1;
      default: return 0;
    }
  }
  float log_sum_exp(const float* x) const {
    const auto top = static_cast<float>(kernels_.reduce(RowReduction::kMax, x, work_.n, 0));
    if (!std::isfinite(top)) return top;
    return static_cast<float>(double{top} + std::log(kernels_.reduce(RowReduction::kSumExp, x, work_.n, top)));
  }
  double combine(double a, double b) const {
    switch (work_.reduction) {
      case RowReduction::kMax: return std::isnan(a) || a > b ? a : b;
      case RowReduction::kMin: return std::isnan(a) || a < b ? a : b;
      case RowReduction::kProduct: return a * b;
      default: return a + b;
    }
  }
  float finish(double value) const {
    switch (work_.kind) {
      case ReduceKind::kMean: return static_cast<float>(value / work_.each);
      case ReduceKind::kL2: return static_cast<float>(std::sqrt(value));
      case ReduceKind::kLogSum: return static_cast<float>(std::log(value));
      default: return static_cast<float>(value);
    }
  }

  ReduceWork work_;
  const RowKernels& kernels_;
};

/// Needs     f32, some dim of x contiguous; log_sum_exp: all that is reduced is contiguous
/// Numerics  contiguous reduced dims: blocks in f32, sums of blocks in double; others: blocks and their sums in f32
class ReduceTactic final : public Tactic {
 public:
  constexpr ReduceTactic() : Tactic("cpu.reduce.f32", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<ReduceWork> work = reduce_work(problem);
    if (!work) return reject(work.error().message);
    return problem.inputs[0].dtype == DataType::kF32 ? accept() : reject("f32 only, got ", problem.inputs[0].dtype);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const double count = static_cast<double>(problem.inputs[0].count());
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)), count * 0.05e-3);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(ReduceWork work, reduce_work(problem));
    return std::unique_ptr<Kernel>(
        std::make_unique<ReduceKernel>(std::move(work), *kernel_table(cpu_target(target).isa).rows));
  }
};

/// Sums of 8-bit codes, exact.
class ReduceCodesKernel final : public HostKernel {
 public:
  ReduceCodesKernel(ReduceWork work, bool is_signed, const CodeKernels& kernels)
      : work_(std::move(work)), is_signed_(is_signed), kernels_(kernels) {}

  Grid grid(int) const override {
    return {.rows = work_.kept.count(),
            .channels = work_.width,
            .channel_grain = std::min<std::int64_t>(kBlock, work_.width)};
  }
  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    const auto* x = static_cast<const std::uint8_t*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    const double factor = work_.kind == ReduceKind::kMean ? work_.each : 1;
    Walk kept(work_.kept, work_.kept.rank(), rows.begin);
    for (std::int64_t r = rows.begin; r < rows.end; ++r, kept.next()) {
      for (std::int64_t c = channels.begin; c < channels.end; c += kBlock) {
        const std::int64_t width = work_.columns ? std::min(kBlock, channels.end - c) : 1;
        std::array<std::int64_t, kBlock> totals{};
        Walk repeated(work_.repeated, work_.repeated.rank(), 0);
        for (std::int64_t i = 0; i < work_.repeated.count(); ++i, repeated.next()) {
          add(x + kept.at(0) + repeated.at(0) + c, width, totals.data());
        }
        float* const to = y + kept.at(1) + c * work_.width_stride;
        for (std::int64_t j = 0; j < width; ++j) {
          to[j * work_.width_stride] =
              static_cast<float>(static_cast<double>(totals[static_cast<std::size_t>(j)]) / factor);
        }
      }
    }
    return ok();
  }

 private:
  static constexpr std::int64_t kBlock = 64;
  static constexpr std::int64_t kMostRows = std::int64_t{1} << 22;  // whose sums fit 32 bits

  void add(const std::uint8_t* x, std::int64_t width, std::int64_t* totals) const {
    if (!work_.columns) {
      totals[0] += (is_signed_ ? kernels_.sum_i8 : kernels_.sum_u8)(x, work_.n);
      return;
    }
    for (std::int64_t row = 0; row < work_.n; row += kMostRows) {
      std::array<std::int32_t, kBlock> sums{};
      (is_signed_ ? kernels_.column_sums_i8 : kernels_.column_sums_u8)(
          x + row * work_.row_stride, std::min(kMostRows, work_.n - row), work_.row_stride, width, sums.data());
      for (std::int64_t j = 0; j < width; ++j) totals[j] += sums[static_cast<std::size_t>(j)];
    }
  }

  ReduceWork work_;
  bool is_signed_;
  const CodeKernels& kernels_;
};

/// Needs     u8 or i8 with a result of f32, some dim of x contiguous
/// Numerics  exact sums, rounded once
class ReduceCodes final : public Tactic {
 public:
  constexpr ReduceCodes() : Tactic("cpu.reduce.codes", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<ReduceWork> work = reduce_work(problem);
    if (!work) return reject(work.error().message);
    return problem.inputs[0].dtype != DataType::kF32 ? accept() : reject("codes only, got f32");
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const double count = static_cast<double>(problem.inputs[0].count());
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)), count * 0.02e-3);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(ReduceWork work, reduce_work(problem));
    return std::unique_ptr<Kernel>(std::make_unique<ReduceCodesKernel>(
        std::move(work), problem.inputs[0].dtype == DataType::kI8, *kernel_table(cpu_target(target).isa).codes));
  }
};

constexpr ReduceTactic kTactic;
constexpr ReduceCodes kCodes;

}  // namespace

std::span<const Tactic* const> reduce_tactics() {
  static constexpr std::array<const Tactic*, 2> kTactics = {&kTactic, &kCodes};
  return kTactics;
}

}  // namespace bolide::cpu
