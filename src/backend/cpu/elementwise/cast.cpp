#include "ops/cast.h"
#include "backend/cpu/elementwise/all.h"
#include "backend/cpu/elementwise/integer_strips.h"
#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"

#include <cmath>

namespace bolide::cpu {
namespace {

/// Towards zero, modulo 2^64; NaN and infinity give 0.
std::int64_t truncated(float value) {
  if (std::abs(value) < 0x1p63F) return static_cast<std::int64_t>(value);
  if (!std::isfinite(value)) return 0;
  const double rest = std::fmod(static_cast<double>(std::abs(value)), 0x1p64);
  const auto bits = static_cast<std::uint64_t>(rest);
  return static_cast<std::int64_t>(value < 0 ? 0 - bits : bits);
}

class CastKernel final : public HostKernel {
 public:
  CastKernel(DataType from, DataType to, Strips strips, const KernelTable& kernels)
      : from_(from), to_(to), strips_(strips), floats_(*kernels.eltwise), integers_(*kernels.integer_eltwise) {}

  Grid grid(int) const override { return {.rows = strips_.count()}; }
  std::size_t scratch_bytes() const override {
    return static_cast<std::size_t>(strips_.largest()) * (sizeof(std::int64_t) + sizeof(std::int32_t) + sizeof(float));
  }
  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    auto* const whole = reinterpret_cast<std::int64_t*>(buffers.scratch);
    auto* const narrow = reinterpret_cast<std::int32_t*>(whole + strips_.largest());
    auto* const floats = reinterpret_cast<float*>(narrow + strips_.largest());
    strips_.each(rows.begin, rows.end, [&](const auto& views) {
      load_strip(floats_, from_, buffers.inputs[0], views[1], floats);
      const std::int64_t n = views[0].count();
      if (integers_.truncate(floats, narrow, n)) {
        store_strip(integers_.i32, to_, narrow, views[0], buffers.outputs[0]);
        return;
      }
      for (std::int64_t i = 0; i < n; ++i) whole[i] = truncated(floats[i]);
      store_strip(integers_.i64, to_, whole, views[0], buffers.outputs[0]);
    });
    return ok();
  }

 private:
  DataType from_;
  DataType to_;
  Strips strips_;
  const EltwiseKernels& floats_;
  const IntegerEltwiseKernels& integers_;
};

/// f32, f16 or bf16 to integers of up to 64 bits (u64 aside).
class CastToInt final : public Tactic {
 public:
  constexpr CastToInt() : Tactic("cpu.cast.to_int", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    if (!problem.op->is<Cast>()) return reject("not a Cast");
    const DataType from = problem.inputs[0].dtype;
    const DataType to = problem.outputs[0].dtype;
    const bool narrow = from == DataType::kF32 || from == DataType::kF16 || from == DataType::kBF16;
    if (!narrow || !is_integer(to) || !has_integer_strips(to)) return reject(from, " to ", to);
    const auto strips = Strips::make(problem.outputs[0], std::span(problem.inputs).first(1));
    return strips ? accept() : reject(strips.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const double count = static_cast<double>(problem.outputs[0].count());
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)), count * 1e-3);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(Strips strips, Strips::make(problem.outputs[0], std::span(problem.inputs).first(1)));
    return std::unique_ptr<Kernel>(std::make_unique<CastKernel>(problem.inputs[0].dtype, problem.outputs[0].dtype,
                                                                strips, kernel_table(cpu_target(target).isa)));
  }
};

constexpr CastToInt kTactic;

}  // namespace

const Tactic& cast_to_int() { return kTactic; }

}  // namespace bolide::cpu
