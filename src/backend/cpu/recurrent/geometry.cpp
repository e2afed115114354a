#include "backend/cpu/recurrent/geometry.h"

#include "backend/cpu/gemm/tiles.h"
#include "ops/recurrent.h"

#include <algorithm>

namespace bolide::cpu {

namespace {

std::int64_t round_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b * b; }

bool has(const Problem& problem, std::size_t i) { return i < problem.inputs.size() && !problem.inputs[i].absent; }

/// Takes what the three operators share. Returns why not, or nothing.
template <class T>
std::string take(const T& op, std::span<const std::string_view> defaults, RecurrentGeometry& out, bool& batch_first) {
  out.directions = op.direction == RecurrentDirection::kBidirectional ? 2 : 1;
  out.reverse_first = op.direction == RecurrentDirection::kReverse;
  batch_first = op.layout == 1;
  for (std::size_t i = 0; i < op.activations.size(); ++i) {
    if (op.activations[i] != defaults[i % defaults.size()]) return strings::join("activation ", op.activations[i]);
  }
  return op.clip != 0 ? "clipped activations" : "";
}

RecurrentGeometry::State state_of(const Operand& operand, bool batch_first) {
  return {operand.strides[batch_first ? 1 : 0], operand.strides[batch_first ? 0 : 1], operand.strides[2], true};
}

}  // namespace

Result<RecurrentGeometry> recurrent_geometry(const Problem& problem) {
  static constexpr std::string_view kFunctions[] = {"Sigmoid", "Tanh", "Tanh"};
  const std::span<const std::string_view> functions = kFunctions;
  RecurrentGeometry out;
  bool batch_first = false;
  std::string reason;
  if (const auto* lstm = problem.op->as<LSTM>()) {
    out.kind = RecurrentKind::kLstm;
    reason = take(*lstm, functions, out, batch_first);
    if (lstm->input_forget) reason = "input_forget";
  } else if (const auto* gru = problem.op->as<GRU>()) {
    out.kind = RecurrentKind::kGru;
    reason = take(*gru, functions.first(2), out, batch_first);
    out.linear_before_reset = gru->linear_before_reset;
  } else if (const auto* rnn = problem.op->as<RNN>()) {
    reason = take(*rnn, functions.last(1), out, batch_first);
  } else {
    reason = "not a recurrent layer";
  }
  if (!reason.empty()) return unsupported(reason);
  if (has(problem, 4)) return unsupported("lengths");
  if (has(problem, 7)) return unsupported("peepholes");
  const Operand& x = problem.inputs[0];
  if (x.dtype != DataType::kF32) return unsupported("f32 only, got ", x.dtype);
  for (std::size_t i = 1; i < 4; ++i) {
    if (has(problem, i) && problem.inputs[i].constant == nullptr) return unsupported("input ", i, " is not constant");
  }
  out.sequence = x.dims[batch_first ? 1 : 0];
  out.batch = x.dims[batch_first ? 0 : 1];
  out.input = x.dims[2];
  out.hidden = problem.inputs[2].dims[2];
  if (out.sequence * out.batch * out.input * out.hidden == 0) return unsupported("no elements");
  if (out.input > 1 && x.strides[2] != 1) return unsupported("the rows of x are not contiguous");
  out.x_step = x.strides[batch_first ? 1 : 0];
  out.x_batch = x.strides[batch_first ? 0 : 1];
  out.has_bias = has(problem, 3);
  for (std::size_t i = 0; i < 2; ++i) {
    if (has(problem, 5 + i)) out.first[i] = state_of(problem.inputs[5 + i], batch_first);
    if (i + 1 < problem.outputs.size() && !problem.outputs[i + 1].absent) {
      out.last[i] = state_of(problem.outputs[i + 1], batch_first);
    }
  }
  const Operand& y = problem.outputs[0];
  if (!y.absent) {
    out.y = {y.strides[batch_first ? 2 : 1], y.strides[batch_first ? 0 : 2], y.strides[3], true};
    out.y_step = y.strides[batch_first ? 1 : 0];
  }
  return out;
}

RecurrentPacking recurrent_packing(const RecurrentGeometry& geometry, const GemmKernels& kernels) {
  RecurrentPacking out;
  out.reset_bias = round_up(geometry.width(), 16);
  out.w = out.reset_bias + round_up(geometry.hidden, 16);
  out.plain = out.w + round_up(round_up(geometry.width(), kernels.columns) * geometry.input, 16);
  out.rest = out.plain + round_up(round_up(geometry.plain_width(), kernels.columns) * geometry.hidden, 16);
  const std::int64_t rest = geometry.width() - geometry.plain_width();
  out.direction = out.rest + round_up(round_up(rest, kernels.columns) * geometry.hidden, 16);
  return out;
}

void pack_recurrent(const Problem& problem, const RecurrentGeometry& geometry, const GemmKernels& kernels, float* out) {
  const RecurrentPacking at = recurrent_packing(geometry, kernels);
  const std::int64_t width = geometry.width();
  const std::int64_t plain = geometry.plain_width();
  const std::int64_t hidden = geometry.hidden;
  const auto pack = [&](const float* matrix, std::int64_t columns, std::int64_t k, float* to) {
    PanelSource source;
    source.data = matrix;
    source.columns = columns;
    source.k = k;
    source.column_stride = k;
    source.k_stride = 1;
    pack_panels(source, {0, (columns + kernels.columns - 1) / kernels.columns}, kernels.columns, to);
  };
  for (std::int64_t d = 0; d < geometry.directions; ++d, out += at.direction) {
    std::fill_n(out, at.w, 0.0F);
    if (geometry.has_bias) {
      const float* bias = problem.inputs[3].constant->span<float>().data() + d * 2 * width;
      const bool apart = geometry.kind == RecurrentKind::kGru && geometry.linear_before_reset;
      const std::int64_t joint = apart ? plain : width;
      for (std::int64_t i = 0; i < width; ++i) out[i] = bias[i] + (i < joint ? bias[width + i] : 0.0F);
      if (apart) std::copy_n(bias + width + plain, hidden, out + at.reset_bias);
    }
    const float* r = problem.inputs[2].constant->span<float>().data() + d * width * hidden;
    pack(problem.inputs[1].constant->span<float>().data() + d * width * geometry.input, width, geometry.input,
         out + at.w);
    pack(r, plain, hidden, out + at.plain);
    if (plain < width) pack(r + plain * hidden, width - plain, hidden, out + at.rest);
  }
}

}  // namespace bolide::cpu
