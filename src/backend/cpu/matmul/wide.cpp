#include "backend/cpu/matmul/wide.h"

#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"
#include "backend/cpu/nest.h"
#include "ops/matmul.h"

namespace bolide::cpu {
namespace {

/// Element strides of the matrices; batches are walked.
struct WideWork {
  Nest batches;  ///< operands: y, a, b
  WideProductKernels::Operands form{};
  std::int64_t m = 1;
  std::int64_t n = 1;
  std::int64_t k = 1;
  std::int64_t bytes = 8;
};

Result<WideWork> wide_work(const Problem& problem) {
  const auto* op = problem.op->as<MatMul>();
  if (op == nullptr) return unsupported("not a MatMul");
  const Operand& a = problem.inputs[0];
  const Operand& b = problem.inputs[1];
  const Operand& y = problem.outputs[0];
  const bool wide = a.dtype == DataType::kF64 || (is_integer(a.dtype) && bit_width(a.dtype) >= 32);
  if (!wide || b.dtype != a.dtype || y.dtype != a.dtype)
    return unsupported(a.dtype, " times ", b.dtype, " to ", y.dtype);
  if (problem.inputs.size() > 2 || !op->epilogue.is_identity()) return unsupported("a bias or an epilogue");
  if (op->a_zero != 0 || op->b_zero != 0) return unsupported("zero points");
  if (a.rank() < 2 || b.rank() < 2) return unsupported("vectors");
  WideWork out;
  const std::size_t rank = y.dims.size();
  const std::size_t a_rank = a.dims.size();
  const std::size_t b_rank = b.dims.size();
  out.m = a.dims[a_rank - 2];
  out.k = a.dims[a_rank - 1];
  out.n = b.dims[b_rank - 1];
  if (out.n > 1 && (b.strides[b_rank - 1] != 1 || y.strides[rank - 1] != 1)) return unsupported("columns apart");
  const auto batch = [](const Dims& list) { return Dims(list.begin(), list.end() - 2); };
  const Dims dims = batch(y.dims);
  const std::array strides = {batch(y.strides), broadcast_strides(batch(a.dims), batch(a.strides), dims),
                              broadcast_strides(batch(b.dims), batch(b.strides), dims)};
  out.batches = collapse(dims, strides);
  if (out.batches.rank() > kMaxNestRank) return unsupported("more than ", kMaxNestRank, " dims");
  out.form.a_row = a.strides[a_rank - 2];
  out.form.a_depth = a.strides[a_rank - 1];
  out.form.b_depth = b.strides[b_rank - 2];
  out.form.y_row = y.strides[rank - 2];
  out.bytes = bit_width(a.dtype) / 8;
  return out;
}

class WideMatMulKernel final : public HostKernel {
 public:
  WideMatMulKernel(WideWork work, WideProductKernels::Multiply multiply)
      : work_(std::move(work)), multiply_(multiply) {}

  Grid grid(int) const override {
    return {.rows = work_.batches.count() * work_.m, .channels = work_.n, .row_grain = 32, .channel_grain = 32};
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range channels) const override {
    if (rows.begin >= rows.end) return ok();
    Walk walk(work_.batches, work_.batches.rank(), rows.begin / work_.m);
    for (std::int64_t r = rows.begin; r < rows.end; walk.next()) {
      const std::int64_t first = r % work_.m;
      const std::int64_t count = std::min(work_.m - first, rows.end - r);
      WideProductKernels::Operands form = work_.form;
      const auto at = [&](const void* base, std::int64_t offset) {
        return static_cast<const std::byte*>(base) + offset * work_.bytes;
      };
      form.a = at(buffers.inputs[0], walk.at(1) + first * form.a_row);
      form.b = at(buffers.inputs[1], walk.at(2) + channels.begin);
      form.y = static_cast<std::byte*>(buffers.outputs[0]) +
               (walk.at(0) + first * form.y_row + channels.begin) * work_.bytes;
      multiply_(form, count, channels.end - channels.begin, work_.k);
      r += count;
    }
    return ok();
  }

 private:
  WideWork work_;
  WideProductKernels::Multiply multiply_;
};

/// Needs     contiguous columns of b and y; no bias, no epilogue
/// Numerics  sums in the order of k, f64 fused where the ISA has FMA; integers wrap
class WideMatMul final : public Tactic {
 public:
  constexpr WideMatMul() : Tactic("cpu.matmul.wide", 2) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<WideWork> work = wide_work(problem);
    return work ? accept() : reject(work.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const double terms =
        static_cast<double>(problem.outputs[0].count()) * static_cast<double>(problem.inputs[0].dims.back());
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)), terms * 0.1e-3);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(WideWork work, wide_work(problem));
    const WideProductKernels& kernels = *kernel_table(cpu_target(target).isa).wide_product;
    const auto multiply = problem.inputs[0].dtype == DataType::kF64 ? kernels.f64
                          : work.bytes == 8                         ? kernels.i64
                                                                    : kernels.i32;
    return std::unique_ptr<Kernel>(std::make_unique<WideMatMulKernel>(std::move(work), multiply));
  }
};

constexpr WideMatMul kTactic;

}  // namespace

const Tactic& wide_matmul() { return kTactic; }

}  // namespace bolide::cpu
