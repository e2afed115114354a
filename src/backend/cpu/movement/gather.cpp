#include "ops/gather.h"

#include "backend/cpu/estimate.h"
#include "backend/cpu/movement/tactics.h"
#include "backend/cpu/movement/views.h"
#include "ops/axis.h"

#include <cstring>

namespace bolide::cpu {
namespace {

struct GatherWork {
  Nest slices;  ///< the dims before the axis and those of the indices; operands: y, x (0 along indices), indices
  Move slice;   ///< the dims after the axis
  std::int64_t size = 0;    ///< of the axis
  std::int64_t stride = 0;  ///< of the axis, in elements of x
  std::int64_t element_bytes = 4;
  bool wide = true;   ///< i64 indices, else i32
  bool dense = true;  ///< slices are runs of bytes in x and y
};

Result<GatherWork> gather_work(const Problem& problem) {
  const auto* op = problem.op->as<Gather>();
  if (op == nullptr) return unsupported("not a Gather");
  const Operand& x = problem.inputs[0];
  const Operand& indices = problem.inputs[1];
  const Operand& y = problem.outputs[0];
  if (indices.dtype != DataType::kI64 && indices.dtype != DataType::kI32)
    return unsupported("indices of ", indices.dtype);
  TRY(const std::size_t axis, normalize_axis(op->axis, x.rank()));
  Dims dims;
  std::array<Dims, 3> strides;
  const auto push = [&](std::int64_t size, std::int64_t a, std::int64_t b, std::int64_t c) {
    dims.push_back(size);
    strides[0].push_back(a);
    strides[1].push_back(b);
    strides[2].push_back(c);
  };
  for (std::size_t d = 0; d < axis; ++d) push(x.dims[d], y.strides[d], x.strides[d], 0);
  for (std::size_t d = 0; d < indices.dims.size(); ++d) {
    push(indices.dims[d], y.strides[axis + d], 0, indices.strides[d]);
  }
  CopyView slice;
  const Dims inner = contiguous_strides(x.dims);
  bool dense = true;
  for (std::size_t d = axis + 1; d < x.dims.size(); ++d) {
    const bool run = x.strides[d] == inner[d] && y.strides[d - 1 + indices.dims.size()] == inner[d];
    dense = dense && (run || x.dims[d] == 1);
    slice.push(x.dims[d], y.strides[d - 1 + indices.dims.size()], x.strides[d]);
  }
  TRY(Piece one, piece(slice, x.dtype, 0, 0));
  GatherWork out{collapse(dims, strides), std::move(one.move)};
  if (out.slices.rank() > kMaxNestRank) return unsupported("more than ", kMaxNestRank, " dims");
  out.size = x.dims[axis];
  out.stride = x.strides[axis];
  out.element_bytes = bit_width(x.dtype) / 8;
  out.wide = indices.dtype == DataType::kI64;
  out.dense = dense;
  return out;
}

class GatherKernel final : public HostKernel {
 public:
  explicit GatherKernel(GatherWork work) : work_(std::move(work)) {}

  Grid grid(int) const override {
    const std::int64_t grain = std::max<std::int64_t>(1, 4096 / std::max<std::int64_t>(1, work_.slice.bytes()));
    return {.rows = work_.slices.count(), .row_grain = grain};
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    if (work_.slice.bytes() == work_.element_bytes) {
      switch (work_.element_bytes) {
        case 1: return run_elements<std::uint8_t>(buffers, rows);
        case 2: return run_elements<std::uint16_t>(buffers, rows);
        case 4: return run_elements<std::uint32_t>(buffers, rows);
        case 8: return run_elements<std::uint64_t>(buffers, rows);
        default: break;
      }
    }
    const auto* x = static_cast<const std::byte*>(buffers.inputs[0]);
    auto* y = static_cast<std::byte*>(buffers.outputs[0]);
    const auto bytes = static_cast<std::size_t>(work_.slice.bytes());
    Walk walk(work_.slices, work_.slices.rank(), rows.begin);
    for (std::int64_t r = rows.begin; r < rows.end; ++r, walk.next()) {
      const std::int64_t index = given(buffers, walk.at(2));
      if (index < -work_.size || index >= work_.size) return outside(index);
      const std::int64_t from = walk.at(1) + (index < 0 ? index + work_.size : index) * work_.stride;
      std::byte* const to = y + walk.at(0) * work_.element_bytes;
      if (work_.dense) {
        std::memcpy(to, x + from * work_.element_bytes, bytes);
      } else {
        work_.slice.run(to, x + from * work_.element_bytes, 0, work_.slice.units());
      }
    }
    return ok();
  }

 private:
  std::int64_t given(const KernelBuffers& buffers, std::int64_t at) const {
    return work_.wide ? static_cast<const std::int64_t*>(buffers.inputs[1])[at]
                      : static_cast<const std::int32_t*>(buffers.inputs[1])[at];
  }
  Status outside(std::int64_t index) const {
    return invalid_argument("Gather: index ", index, " is outside [", -work_.size, ",", work_.size, ")");
  }

  /// Slices of one element, run by run of the innermost dim.
  template <class T>
  Status run_elements(const KernelBuffers& buffers, Range rows) const {
    const auto* const x = static_cast<const T*>(buffers.inputs[0]);
    auto* const y = static_cast<T*>(buffers.outputs[0]);
    const int last = work_.slices.rank() - 1;
    const std::int64_t length = work_.slices.size(last);
    const std::int64_t to_step = work_.slices.stride(0, last);
    const std::int64_t from_step = work_.slices.stride(1, last);
    const std::int64_t index_step = work_.slices.stride(2, last);
    Walk walk(work_.slices, last, rows.begin / length);
    for (std::int64_t r = rows.begin; r < rows.end; walk.next()) {
      const std::int64_t first = r % length;
      const std::int64_t end = std::min(length, first + rows.end - r);
      for (std::int64_t i = first; i < end; ++i) {
        const std::int64_t index = given(buffers, walk.at(2) + i * index_step);
        if (index < -work_.size || index >= work_.size) return outside(index);
        const std::int64_t from = (index < 0 ? index + work_.size : index) * work_.stride;
        y[walk.at(0) + i * to_step] = x[walk.at(1) + i * from_step + from];
      }
      r += end - first;
    }
    return ok();
  }

  GatherWork work_;
};

/// Any elements of 8 to 128 bits, i32 or i64 indices, any strides.
class GatherTactic final : public Tactic {
 public:
  constexpr GatherTactic() : Tactic("cpu.gather", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<GatherWork> work = gather_work(problem);
    return work ? accept() : reject(work.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const double slices = static_cast<double>(problem.inputs[1].count());
    const double bytes = 2 * static_cast<double>(operand_bytes(problem.outputs[0]));
    return cpu::estimate_us(cpu_target(target), bytes, slices * 0.02);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(GatherWork work, gather_work(problem));
    return std::unique_ptr<Kernel>(std::make_unique<GatherKernel>(std::move(work)));
  }
};

constexpr GatherTactic kTactic;

}  // namespace

std::span<const Tactic* const> gather_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
