#include "ops/reduce.h"
#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"
#include "backend/cpu/nest.h"
#include "backend/cpu/rows/tactics.h"

#include <cmath>
#include <limits>

namespace bolide::cpu {
namespace {

struct ReduceWork {
  ReduceKind kind = ReduceKind::kSum;
  RowReduction reduction = RowReduction::kSum;
  Nest kept;                      ///< operand 0: x, 1: y; without the dim of the vectors
  Nest repeated;                  ///< reduced dims besides the one the kernel runs over; operand 0: x
  bool columns = false;           ///< vectors along a kept dim instead of a reduced one
  std::int64_t n = 1;             ///< numbers (rows, with `columns`) of one kernel call
  std::int64_t row_stride = 0;    ///< between them, with `columns`
  std::int64_t width = 1;         ///< the kept dim of the vectors
  std::int64_t width_stride = 1;  ///< its stride in y
  double each = 1;                ///< numbers in one result
};

RowReduction reduction_of(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::kSum:
    case ReduceKind::kMean:
    case ReduceKind::kLogSum: return RowReduction::kSum;
    case ReduceKind::kMax: return RowReduction::kMax;
    case ReduceKind::kMin: return RowReduction::kMin;
    case ReduceKind::kProd: return RowReduction::kProduct;
    case ReduceKind::kL1: return RowReduction::kSumAbs;
    case ReduceKind::kL2:
    case ReduceKind::kSumSquare: return RowReduction::kSumSquare;
    case ReduceKind::kLogSumExp: break;
  }
  return RowReduction::kSumExp;
}

void push(Nest& to, const Nest& from, int dim) {
  to.dims.push_back(from.size(dim));
  for (std::size_t o = 0; o < 2; ++o) to.strides[o].push_back(from.stride(static_cast<int>(o), dim));
}

Result<ReduceWork> reduce_work(const Problem& problem) {
  const auto* op = problem.op->as<Reduce>();
  if (op == nullptr) return unsupported("not a Reduce");
  if (problem.inputs.size() > 1) return unsupported("axes that are computed");
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (x.dtype != DataType::kF32) return unsupported("f32 only, got ", x.dtype);
  if (x.count() == 0) return unsupported("no elements");
  std::vector<bool> gone(x.dims.size(), op->axes.empty() && !op->noop_with_empty_axes);
  for (const std::int64_t axis : op->axes) gone[static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis)] = true;
  std::array<Dims, 2> strides = {x.strides, Dims(x.dims.size(), 0)};
  std::size_t at = 0;
  for (std::size_t d = 0; d < x.dims.size(); ++d) {
    if (!gone[d]) strides[1][d] = y.strides[at];
    if (!gone[d] || op->keepdims) ++at;
  }
  const Nest nest = collapse(x.dims, strides);
  const int last = nest.rank() - 1;
  const bool one = nest.count() == 1;
  if (!one && nest.stride(0, last) != 1) return unsupported("no dim of x is contiguous");
  if (nest.rank() > kMaxNestRank) return unsupported("more than ", kMaxNestRank, " dims");

  ReduceWork out;
  out.kind = op->kind;
  out.reduction = reduction_of(op->kind);
  out.each = static_cast<double>(x.count() / y.count());
  out.kept.strides.resize(2);
  out.repeated.strides.resize(2);
  out.columns = !one && nest.stride(1, last) != 0;
  int rows = -1;  // the dim of the kernel's rows: the largest that is reduced
  for (int d = 0; d < last; ++d) {
    const bool reduced = nest.stride(1, d) == 0;
    if (out.columns && reduced && (rows < 0 || nest.size(d) > nest.size(rows))) rows = d;
  }
  for (int d = 0; d < last; ++d) {
    if (d != rows) push(nest.stride(1, d) == 0 ? out.repeated : out.kept, nest, d);
  }
  if (out.columns) {
    out.width = nest.size(last);
    out.width_stride = nest.stride(1, last);
    out.n = rows < 0 ? 1 : nest.size(rows);
    out.row_stride = rows < 0 ? 0 : nest.stride(0, rows);
  } else {
    out.n = nest.size(last);
  }
  if (out.kind == ReduceKind::kLogSumExp && (out.columns || out.repeated.count() != 1)) {
    return unsupported("log_sum_exp of what is not one run of x");
  }
  return out;
}

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
    return work ? accept() : reject(work.error().message);
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

constexpr ReduceTactic kTactic;

}  // namespace

std::span<const Tactic* const> reduce_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
