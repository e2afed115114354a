#include "backend/cpu/elementwise/all.h"
#include "backend/cpu/elementwise/strips.h"
#include "backend/cpu/elementwise/work.h"
#include "backend/cpu/estimate.h"

#include <cmath>

namespace bolide::cpu {
namespace {

class IntegerKernel final : public HostKernel {
 public:
  IntegerKernel(ElementwiseWork work, DataType out, Strips strips)
      : work_(std::move(work)), out_(out), strips_(strips) {}

  Grid grid(int) const override { return {.rows = strips_.count()}; }

  std::size_t scratch_bytes() const override {
    const std::size_t buffers = work_.operands.size() + std::max<std::size_t>(1, work_.expr.steps().size());
    return buffers * static_cast<std::size_t>(strips_.largest()) * sizeof(std::int64_t);
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    const std::int64_t largest = strips_.largest();
    const std::size_t inputs = work_.operands.size();
    auto* const loaded = reinterpret_cast<std::int64_t*>(buffers.scratch);
    std::int64_t* const results = loaded + static_cast<std::int64_t>(inputs) * largest;
    const std::span<const Expr::Step> steps = work_.expr.steps();
    strips_.each(rows.begin, rows.end, [&](const auto& views) {
      for (std::size_t i = 0; i < inputs; ++i) {
        load_strip(work_.operands[i].dtype, buffers.inputs[work_.sources[i]], views[i + 1],
                   loaded + static_cast<std::int64_t>(i) * largest);
      }
      const std::int64_t n = views[0].count();
      const std::int64_t* result = loaded;
      for (std::size_t s = 0; s < steps.size(); ++s) {
        std::int64_t* const to = results + static_cast<std::int64_t>(s) * largest;
        run_step(steps[s], loaded, results, largest, to, n);
        result = to;
      }
      store_strip(out_, result, views[0], buffers.outputs[0]);
    });
    return ok();
  }

 private:
  static void run_step(const Expr::Step& step, const std::int64_t* loaded, const std::int64_t* results,
                       std::int64_t largest, std::int64_t* to, std::int64_t n) {
    std::array<std::int64_t, 3> numbers{};
    std::array<const std::int64_t*, 3> from{};
    std::array<std::int64_t, 3> stride{};
    for (std::size_t j = 0; j < 3; ++j) {
      const Expr::Arg& arg = step.args[j];
      numbers[j] = static_cast<std::int64_t>(arg.number);
      from[j] = &numbers[j];
      if (arg.kind == Expr::Arg::Kind::kNumber) continue;
      from[j] = (arg.kind == Expr::Arg::Kind::kInput ? loaded : results) + arg.index * largest;
      stride[j] = 1;
    }
    for (std::int64_t i = 0; i < n; ++i) {
      to[i] = apply<std::int64_t>(step.fn, from[0][i * stride[0]], from[1][i * stride[1]], from[2][i * stride[2]]);
    }
  }

  ElementwiseWork work_;
  DataType out_;
  Strips strips_;
};

/// Operators on integers (of up to 64 bits, u64 aside) and bools, in 64-bit integers that wrap when they are stored.
class ElementwiseInt final : public Tactic {
 public:
  constexpr ElementwiseInt() : Tactic("cpu.elementwise.int", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<ElementwiseWork> work = elementwise_work(problem);
    if (!work) return reject(work.error().message);
    if (work->integers_as_f32) return reject("its integers are read as f32");
    for (const Operand& operand : work->operands) {
      if (!has_integer_strips(operand.dtype)) return reject("integers of up to 64 bits and bool, got ", operand.dtype);
    }
    if (!has_integer_strips(problem.outputs[0].dtype)) return reject("no integer strips of ", problem.outputs[0].dtype);
    if (const auto strips = Strips::make(problem.outputs[0], work->operands); !strips) {
      return reject(strips.error().message);
    }
    for (const Expr::Step& step : work->expr.steps()) {
      for (const Expr::Arg& arg : step.args) {
        if (arg.kind == Expr::Arg::Kind::kNumber && !(std::abs(arg.number) < 0x1p62))
          return reject("a number beyond i64");
      }
    }
    return accept();
  }

  double estimate_us(const Problem& problem, const Target& target) const override {
    const double steps = static_cast<double>(problem.inputs.size()) + 1;
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)),
                            static_cast<double>(problem.outputs[0].count()) * steps * 2e-3);
  }

  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(ElementwiseWork work, elementwise_work(problem));
    TRY(Strips strips, Strips::make(problem.outputs[0], work.operands));
    return std::unique_ptr<Kernel>(std::make_unique<IntegerKernel>(std::move(work), problem.outputs[0].dtype, strips));
  }
};

constexpr ElementwiseInt kTactic;

}  // namespace

const Tactic& elementwise_int() { return kTactic; }

}  // namespace bolide::cpu
