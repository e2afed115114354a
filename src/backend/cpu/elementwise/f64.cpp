#include "backend/cpu/elementwise/all.h"
#include "backend/cpu/elementwise/strips.h"
#include "backend/cpu/elementwise/work.h"
#include "backend/cpu/estimate.h"
#include "ops/cast.h"
#include "ops/expr_apply.h"
#include "ops/fused_elementwise.h"

#include <cmath>

namespace bolide::cpu {
namespace {

class F64Kernel final : public HostKernel {
 public:
  F64Kernel(ElementwiseWork work, DataType out, Strips strips) : work_(std::move(work)), out_(out), strips_(strips) {
    for (const Expr::Step& step : work_.expr.steps()) {
      for (const Expr::Arg& arg : step.args) {
        if (arg.kind == Expr::Arg::Kind::kNumber) numbers_.push_back(arg.number);
      }
    }
  }

  Grid grid(int) const override { return {.rows = strips_.count()}; }

  std::size_t scratch_bytes() const override {
    const std::size_t buffers = work_.operands.size() + std::max<std::size_t>(1, work_.expr.steps().size());
    return (buffers + numbers_.size()) * static_cast<std::size_t>(strips_.largest()) * sizeof(double);
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    const std::int64_t largest = strips_.largest();
    const std::size_t inputs = work_.operands.size();
    auto* const loaded = reinterpret_cast<double*>(buffers.scratch);
    double* const results = loaded + static_cast<std::int64_t>(inputs) * largest;
    const std::span<const Expr::Step> steps = work_.expr.steps();
    double* const numbers = results + static_cast<std::int64_t>(std::max<std::size_t>(1, steps.size())) * largest;
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      std::fill_n(numbers + static_cast<std::int64_t>(i) * largest, largest, numbers_[i]);
    }
    std::array<const double*, kMaxNestOperands> operands{};
    strips_.each(rows.begin, rows.end, [&](const auto& views) {
      for (std::size_t i = 0; i < inputs; ++i) {
        const void* const base = buffers.inputs[work_.sources[i]];
        if (work_.operands[i].dtype == DataType::kF64 && views[i + 1].dense()) {  // read where it lies
          operands[i] = static_cast<const double*>(base) + views[i + 1].offset;
          continue;
        }
        double* const to = loaded + static_cast<std::int64_t>(i) * largest;
        load_strip(work_.operands[i].dtype, base, views[i + 1], to);
        operands[i] = to;
      }
      const auto n = static_cast<int>(views[0].count());
      const bool in_place = out_ == DataType::kF64 && views[0].dense() && !steps.empty();
      const double* result = operands[0];
      const double* number = numbers;
      for (std::size_t s = 0; s < steps.size(); ++s) {
        std::array<const double*, 3> args{};
        for (std::size_t j = 0; j < 3; ++j) {
          const Expr::Arg& arg = steps[s].args[j];
          if (arg.kind == Expr::Arg::Kind::kNumber) {
            args[j] = std::exchange(number, number + largest);
          } else {
            args[j] = arg.kind == Expr::Arg::Kind::kInput ? operands[static_cast<std::size_t>(arg.index)]
                                                          : results + arg.index * largest;
          }
        }
        double* const to = in_place && s + 1 == steps.size()
                               ? static_cast<double*>(buffers.outputs[0]) + views[0].offset
                               : results + static_cast<std::int64_t>(s) * largest;
        block_function<double>(steps[s].fn)(to, args[0], args[1], args[2], n);
        result = to;
      }
      if (!in_place) store_strip(out_, result, views[0], buffers.outputs[0]);
    });
    return ok();
  }

 private:
  ElementwiseWork work_;
  DataType out_;
  Strips strips_;
  std::vector<double> numbers_;  ///< in order of appearance
};

bool any_is(const Problem& problem, DataType dtype) {
  return std::any_of(problem.inputs.begin(), problem.inputs.end(),
                     [dtype](const Operand& operand) { return operand.dtype == dtype; });
}

/// Operators on f64, and casts from and to it.
class ElementwiseF64 final : public Tactic {
 public:
  constexpr ElementwiseF64() : Tactic("cpu.elementwise.f64", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<ElementwiseWork> work = elementwise_work(problem);
    if (!work) return reject(work.error().message);
    const DataType out = problem.outputs[0].dtype;
    const bool by_result = problem.op->is<Cast>() || problem.op->is<Elementwise>();
    if (!any_is(problem, DataType::kF64) && !(by_result && out == DataType::kF64)) return reject("nothing is f64");
    if (work->integers_as_f32 && !by_result) return reject("its arithmetic is f32");
    for (const Operand& operand : work->operands) {
      if (!has_wide_strips(operand.dtype)) return reject("no f64 strips of ", operand.dtype);
    }
    if (out != DataType::kF64 && out != DataType::kF32 && out != DataType::kBool) return reject("a result of ", out);
    const auto strips = Strips::make(problem.outputs[0], work->operands);
    return strips ? accept() : reject(strips.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const double steps = static_cast<double>(problem.inputs.size()) + 1;
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)),
                            static_cast<double>(problem.outputs[0].count()) * steps * 1e-3);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(ElementwiseWork work, elementwise_work(problem));
    TRY(Strips strips, Strips::make(problem.outputs[0], work.operands));
    return std::unique_ptr<Kernel>(std::make_unique<F64Kernel>(std::move(work), problem.outputs[0].dtype, strips));
  }
};

constexpr ElementwiseF64 kTactic;

}  // namespace

const Tactic& elementwise_f64() { return kTactic; }

}  // namespace bolide::cpu
