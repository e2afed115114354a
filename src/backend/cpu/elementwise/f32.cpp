#include "backend/cpu/elementwise/coded.h"
#include "backend/cpu/elementwise/product_sum.h"
#include "backend/cpu/elementwise/strips.h"
#include "backend/cpu/elementwise/table8.h"
#include "backend/cpu/elementwise/work.h"
#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"
#include "backend/cpu/strip_program.h"

#include "backend/cpu/elementwise/all.h"

namespace bolide::cpu {
namespace {

class StripKernel final : public HostKernel {
 public:
  StripKernel(ElementwiseWork work, DataType out, Strips strips, StripProgram program, const EltwiseKernels& kernels)
      : work_(std::move(work)), out_(out), strips_(strips), program_(std::move(program)), kernels_(kernels) {}

  Grid grid(int) const override { return {.rows = strips_.count(), .row_grain = 4}; }

  std::size_t scratch_bytes() const override {
    const std::int64_t n = strips_.largest();
    const auto inputs = static_cast<std::int64_t>(work_.operands.size());
    return static_cast<std::size_t>((inputs + 1) * n + program_.scratch_floats(n)) * sizeof(float);
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    const std::int64_t largest = strips_.largest();
    const std::size_t inputs = work_.operands.size();
    auto* const loaded = reinterpret_cast<float*>(buffers.scratch);
    float* const result = loaded + static_cast<std::int64_t>(inputs) * largest;
    float* const temporaries = result + largest;
    std::array<StripProgram::Input, StripProgram::kMaxInputs> in{};
    struct Held {
      std::int64_t offset = -1;
      std::int64_t count = 0;
    };
    std::array<Held, StripProgram::kMaxInputs> held{};
    strips_.each(rows.begin, rows.end, [&](const auto& views) {
      const StripView& to = views[0];
      for (std::size_t i = 0; i < inputs; ++i) {
        const StripView& view = views[i + 1];
        const DataType dtype = work_.operands[i].dtype;
        const void* base = buffers.inputs[work_.sources[i]];
        in[i].scalar = view.scalar();
        if (dtype == DataType::kF32 && (in[i].scalar || view.dense())) {
          in[i].data = static_cast<const float*>(base) + view.offset;
          continue;
        }
        float* const buffer = loaded + static_cast<std::int64_t>(i) * largest;
        in[i].data = buffer;
        const std::int64_t count = in[i].scalar ? 1 : view.count();
        if (held[i].offset == view.offset && held[i].count == count) continue;  // the same row again
        held[i] = {view.offset, count};
        if (in[i].scalar) {
          load_strip(kernels_, dtype, base, {.offset = view.offset, .length = 1, .stride = 1}, buffer);
        } else {
          load_strip(kernels_, dtype, base, view, buffer);
        }
      }
      if (out_ == DataType::kF32 && to.dense()) {
        program_.run(in, temporaries, static_cast<float*>(buffers.outputs[0]) + to.offset, to.count());
      } else {
        program_.run(in, temporaries, result, to.count());
        store_strip(kernels_, out_, result, to, buffers.outputs[0]);
      }
    });
    return ok();
  }

 private:
  ElementwiseWork work_;
  DataType out_;
  Strips strips_;
  StripProgram program_;
  const EltwiseKernels& kernels_;
};

/// Nanoseconds a core spends on one element of one step.
double step_ns(Fn fn) {
  switch (fn) {
    case Fn::kExp:
    case Fn::kLog:
    case Fn::kSigmoid: return 0.4;
    case Fn::kTanh:
    case Fn::kErf:
    case Fn::kExpm1:
    case Fn::kLog1p:
    case Fn::kSoftplus: return 0.8;
    case Fn::kDiv:
    case Fn::kSqrt:
    case Fn::kRsqrt:
    case Fn::kRecip: return 0.15;
    case Fn::kPow: return 2;
    default: return fn >= Fn::kSin && fn <= Fn::kAtanh ? 8 : 0.05;
  }
}

/// The meaning of the operator in f32, strip by strip.
class ElementwiseF32 final : public Tactic {
 public:
  constexpr ElementwiseF32() : Tactic("cpu.elementwise.f32", 2) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const Result<ElementwiseWork> work = elementwise_work(problem);
    if (!work) return reject(work.error().message);
    const EltwiseKernels& kernels = *kernel_table(cpu_target(target).isa).eltwise;
    bool floats = false;
    bool wide = false;
    for (const Operand& operand : work->operands) {
      if (kernels.load[static_cast<std::size_t>(operand.dtype)] == nullptr)
        return reject("no strips of ", operand.dtype);
      floats = floats || is_float(operand.dtype);
      wide = wide || operand.dtype == DataType::kF64;
      if (is_integer(operand.dtype) && !work->integers_as_f32) return reject("integers keep their own arithmetic");
    }
    const DataType out = problem.outputs[0].dtype;
    if (wide || out == DataType::kF64) return reject("f64 keeps its own arithmetic");
    if (kernels.store[static_cast<std::size_t>(out)] == nullptr) return reject("no strips of ", out);
    if (const auto strips = Strips::make(problem.outputs[0], work->operands); !strips) {
      return reject(strips.error().message);
    }
    if (const auto program = StripProgram::compile(work->expr, kernels); !program)
      return reject(program.error().message);
    return accept();
  }

  double estimate_us(const Problem& problem, const Target& target) const override {
    const Result<ElementwiseWork> work = elementwise_work(problem);
    double ns = 0.05;
    if (work) {
      for (const Expr::Step& step : work->expr.steps()) ns += step_ns(step.fn);
    }
    double scattered_ns = 0;
    if (work) {
      const Result<Strips> strips = Strips::make(problem.outputs[0], work->operands);
      if (strips) scattered_ns = strips->scattered();
    }
    const double lanes = 16.0 / kernel_table(cpu_target(target).isa).lanes;
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)),
                            static_cast<double>(problem.outputs[0].count()) * (ns * lanes + scattered_ns) * 1e-3);
  }

  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(ElementwiseWork work, elementwise_work(problem));
    const EltwiseKernels& kernels = *kernel_table(cpu_target(target).isa).eltwise;
    TRY(StripProgram program, StripProgram::compile(work.expr, kernels));
    const Operand& out = problem.outputs[0];
    if (work.operands.size() == 1 && bit_width(work.operands[0].dtype) == 8 && bit_width(out.dtype) == 8) {
      return bind_table8(work, out, program, kernel_table(cpu_target(target).isa));
    }
    TRY(Strips strips, Strips::make(out, work.operands));
    if (std::optional<CodedExpr> coded = coded_form(work, out.dtype, strips)) {
      return bind_coded(work, *std::move(coded), out.dtype, strips, kernel_table(cpu_target(target).isa));
    }
    if (std::unique_ptr<Kernel> sum = bind_product_sum(work, out.dtype, strips, kernels)) return sum;
    return std::unique_ptr<Kernel>(
        std::make_unique<StripKernel>(std::move(work), out.dtype, strips, std::move(program), kernels));
  }
};

constexpr ElementwiseF32 kTactic;

}  // namespace

const Tactic& elementwise_f32() { return kTactic; }

}  // namespace bolide::cpu
