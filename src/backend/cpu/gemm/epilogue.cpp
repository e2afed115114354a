#include "backend/cpu/gemm/epilogue.h"

#include <limits>

namespace bolide {

namespace {

constexpr std::int64_t kTileFloats = kMaxTileRows * kMaxTileColumns;
static_assert(kTileFloats <= StripProgram::kStrip);

bool is(const Expr::Arg& arg, Expr::Arg::Kind kind, int index) { return arg.kind == kind && arg.index == index; }

}  // namespace

Result<GemmEpilogue> GemmEpilogue::make(const Problem& problem, const Expr& expr, const ResultShape& shape,
                                        bool integer, const KernelTable& table) {
  GemmEpilogue out;
  out.kernels_ = table.eltwise;
  TRY(out.output_, result_operand(problem.outputs[0], shape, "the output"));
  if (shape.dims[static_cast<std::size_t>(shape.column_dim)] > 1 && out.output_.column_stride != 1) {
    return unsupported("the output's channels are not contiguous");
  }
  if (out.kernels_->store[static_cast<std::size_t>(out.output_.dtype)] == nullptr) {
    return unsupported("no vector store of ", out.output_.dtype);
  }
  for (int i = 1; i < expr.inputs(); ++i) {
    const auto index = static_cast<std::size_t>(i + 2);
    if (index >= problem.inputs.size() || problem.inputs[index].absent) {
      return unsupported("epilogue input ", i, " is left out");
    }
    const Operand& operand = problem.inputs[index];
    if (out.kernels_->load[static_cast<std::size_t>(operand.dtype)] == nullptr) {
      return unsupported("no vector load of ", operand.dtype);
    }
    TRY(ResultOperand extra, result_operand(operand, shape, "an epilogue input"));
    extra.index = i + 2;
    out.extras_.push_back(extra);
  }
  out.on_tile_ = !integer && out.output_.dtype == DataType::kF32 && out.recognise(expr);
  if (!out.on_tile_) {
    // The strips do all of it: what the tile recognised on the way must not be done twice.
    out.residual_ = -1;
    out.clamp_ = false;
    TRY(out.program_, StripProgram::compile(expr, *out.kernels_));
  }
  return out;
}

/// add(x0,x1) at most once at the start, then max and min with numbers in the order max, min.
bool GemmEpilogue::recognise(const Expr& expr) {
  using Kind = Expr::Arg::Kind;
  Expr::Arg value = Expr::in(0);
  low_ = -std::numeric_limits<float>::infinity();
  high_ = std::numeric_limits<float>::infinity();
  int stage = 0;
  const std::span<const Expr::Step> steps = expr.steps();
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const bool first = is(steps[s].args[0], value.kind, value.index);
    if (!first && !is(steps[s].args[1], value.kind, value.index)) return false;
    const Expr::Arg& other = steps[s].args[first ? 1 : 0];
    if (steps[s].fn == Fn::kAdd && stage < 1 && other.kind == Kind::kInput && other.index > 0) {
      const ResultOperand& extra = extras_[static_cast<std::size_t>(other.index - 1)];
      if (extra.dtype != DataType::kF32 || extra.column_stride != 1) return false;
      residual_ = other.index - 1;
      stage = 1;
    } else if (steps[s].fn == Fn::kMax && stage < 2 && other.kind == Kind::kNumber) {
      low_ = static_cast<float>(other.number);
      clamp_ = true;
      stage = 2;
    } else if (steps[s].fn == Fn::kMin && stage < 3 && other.kind == Kind::kNumber) {
      high_ = static_cast<float>(other.number);
      clamp_ = true;
      stage = 3;
    } else {
      return false;
    }
    value = Expr::step(static_cast<int>(s));
  }
  return true;
}

std::size_t GemmEpilogue::scratch_bytes() const {
  if (on_tile_) return 0;
  const auto strips = static_cast<std::int64_t>(extras_.size());
  return static_cast<std::size_t>(kTileFloats * strips + program_.scratch_floats(kTileFloats)) * sizeof(float);
}

void GemmEpilogue::finish(const EpilogueBuffers& buffers, float* sums, std::int64_t first, int rows,
                          std::int64_t column, int columns) const {
  const std::int64_t n = std::int64_t{rows} * columns;
  std::array<StripProgram::Input, StripProgram::kMaxInputs> inputs;
  inputs[0] = {sums, false};
  float* scratch = reinterpret_cast<float*>(buffers.scratch);
  for (std::size_t e = 0; e < extras_.size(); ++e, scratch += kTileFloats) {
    const ResultOperand& extra = extras_[e];
    const std::int64_t bytes = bit_width(extra.dtype) / 8;
    const auto load = kernels_->load[static_cast<std::size_t>(extra.dtype)];
    const std::byte* from[kMaxTileRows];
    const auto* base = static_cast<const std::byte*>(buffers.inputs[extra.index]);
    extra.rows.fill(base, first, rows, from);
    if (extra.column_stride == 0 && extra.rows.constant()) {
      load(from[0], scratch, 1);
      inputs[e + 1] = {scratch, true};
      continue;
    }
    for (int r = 0; r < rows; ++r) {
      float* strip = scratch + std::int64_t{r} * columns;
      if (extra.column_stride == 0) {
        load(from[r], strip, 1);
        std::fill_n(strip + 1, columns - 1, *strip);
      } else {
        load(from[r] + column * bytes, strip, columns);
      }
    }
    inputs[e + 1] = {scratch, false};
  }
  program_.run(std::span(inputs).first(extras_.size() + 1), scratch, sums, n);
  std::byte* to[kMaxTileRows];
  output_.rows.fill(buffers.output, first, rows, to);
  const auto store = kernels_->store[static_cast<std::size_t>(output_.dtype)];
  const std::int64_t bytes = bit_width(output_.dtype) / 8;
  for (int r = 0; r < rows; ++r) store(sums + std::int64_t{r} * columns, to[r] + column * bytes, columns);
}

}  // namespace bolide
