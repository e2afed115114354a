#include "ops/fill.h"

#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "ops/axis.h"
#include "ops/bit_cast.h"
#include "ops/reverse_sequence.h"
#include "ops/trilu.h"
#include "tensor/number.h"

#include <algorithm>
#include <cstring>

namespace bolide::cuda {
namespace {

using Kind = AddressArg::Kind;

Result<TextWork> one_launch(Result<TextLaunch> launch, double bytes) {
  if (!launch) return launch.error();
  TextWork work;
  work.launches.push_back(*std::move(launch));
  work.bytes = bytes;
  return work;
}

Result<TextWork> one_hot(const Problem& problem, const OneHot& op) {
  const Operand& indices = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  TRY(const std::string_view type, move_type(y.dtype));
  TRY(const std::size_t axis, normalize_axis(op.axis, y.rank()));
  if (!is_integer(indices.dtype) || c_type(indices.dtype).empty()) return unsupported("indices of ", indices.dtype);
  Dims at = indices.strides;
  at.insert(at.begin() + static_cast<std::ptrdiff_t>(axis), 0);
  ElementText text("one_hot", y.dims, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, type).pointer("indices", {Kind::kInput, 0, 0}, c_type(indices.dtype));
  text.pointer("values", {Kind::kInput, 2, 0}, type);
  return one_launch(
      text.finish(strings::join("  int64_t index = (int64_t)indices[", offset_text(at),
                                "];\n  if (index < 0) index += ", y.dims[axis], "ll;\n  y[", offset_text(y.strides),
                                "] = values[index == p", axis, " ? ", problem.inputs[2].strides[0], "ll : 0];\n")),
      static_cast<double>(indices.count()));
}

Result<TextWork> trilu(const Problem& problem, const Trilu& op) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  TRY(const std::string_view type, move_type(x.dtype));
  std::int64_t k = 0;
  if (problem.inputs.size() > 1 && !problem.inputs[1].absent) {
    if (problem.inputs[1].constant == nullptr) return unsupported("a diagonal that is computed");
    TRY(const Dims given, to_i64(*problem.inputs[1].constant));
    const std::size_t rank = x.dims.size();
    if (given.size() != 1) return unsupported(given.size(), " diagonals");
    k = std::min(std::max(given[0], -x.dims[rank - 2]), x.dims[rank - 1]);
  }
  ElementText text("trilu", y.dims, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, type).pointer("x", {Kind::kInput, 0, 0}, type);
  return one_launch(text.finish(strings::join("  y[", offset_text(y.strides), "] = p", x.dims.size() - 1,
                                              op.upper ? " >= " : " <= ", "p", x.dims.size() - 2, " + (", k, "ll) ? x[",
                                              offset_text(x.strides), "] : (", type, ")0;\n")),
                    static_cast<double>(packed_bytes(x.dtype, x.count())));
}

Result<TextWork> eye_like(const Problem& problem, const EyeLike& op) {
  const Operand& y = problem.outputs[0];
  if (c_type(y.dtype).empty()) return unsupported("numbers of ", y.dtype);
  const std::int64_t k = std::clamp(op.k, -y.dims[0], y.dims[1]);
  ElementText text("eye_like", y.dims, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, c_type(y.dtype));
  return one_launch(text.finish(strings::join("  y[", offset_text(y.strides), "] = Store<", c_type(y.dtype),
                                              ">::from((int64_t)(p1 == p0 + (", k, "ll) ? 1 : 0));\n")),
                    0);
}

Result<TextWork> constant_of_shape(const Problem& problem, const ConstantOfShape& op) {
  const Operand& y = problem.outputs[0];
  TRY(const std::string_view type, move_type(y.dtype));
  if (op.value.dtype() != y.dtype || op.value.count() != 1) return unsupported("a value of ", op.value.dtype());
  std::uint64_t bits = 0;
  std::memcpy(&bits, op.value.data(), static_cast<std::size_t>(bit_width(y.dtype) / 8));
  ElementText text("constant", y.dims, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, type);
  return one_launch(text.finish(strings::join("  y[", offset_text(y.strides), "] = (", type, ")", bits, "ull;\n")), 0);
}

Result<TextWork> reverse_sequence(const Problem& problem, const ReverseSequence& op) {
  const Operand& x = problem.inputs[0];
  const Operand& lengths = problem.inputs[1];
  const Operand& y = problem.outputs[0];
  TRY(const std::string_view type, move_type(x.dtype));
  TRY(const std::size_t batch, normalize_axis(op.batch_axis, x.rank()));
  TRY(const std::size_t time, normalize_axis(op.time_axis, x.rank()));
  if (!is_integer(lengths.dtype) || c_type(lengths.dtype).empty()) return unsupported("lengths of ", lengths.dtype);
  ElementText text("reverse_sequence", y.dims, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, type).pointer("x", {Kind::kInput, 0, 0}, type);
  if (lengths.dims != Dims{x.dims[batch]}) return unsupported(lengths.dims, " lengths for ", x.dims[batch], " batches");
  text.pointer("lengths", {Kind::kInput, 1, 0}, c_type(lengths.dtype)).pointer("fault", {Kind::kFault, 0, 0}, "Fault");
  Dims rest = x.strides;
  rest[time] = 0;
  return one_launch(
      text.finish(strings::join("  const int64_t length = (int64_t)lengths[p", batch, " * ", lengths.strides[0],
                                "ll];\n  const bool wrong = length < 0 || length > ", x.dims[time],
                                ";\n  if (wrong) report(fault, kLengthFault, length, ", x.dims[time],
                                ");\n  const int64_t t = p", time, " < length && !wrong ? length - 1 - p", time, " : p",
                                time, ";\n  y[", offset_text(y.strides), "] = x[", offset_text(rest), " + t * ",
                                x.strides[time], "ll];\n")),
      static_cast<double>(packed_bytes(x.dtype, x.count())));
}

Result<TextWork> range(const Problem& problem) {
  const Operand& y = problem.outputs[0];
  TRY(const Arithmetic arithmetic, number_arithmetic(y.dtype));
  const std::string_view number = c_type(arithmetic);
  const std::string_view type = c_type(y.dtype);
  const bool integers = arithmetic == Arithmetic::kI64;
  ElementText text("range", y.dims, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, type).pointer("start", {Kind::kInput, 0, 0}, type);
  text.pointer("delta", {Kind::kInput, 2, 0}, type);
  return one_launch(
      text.finish(strings::join("  const ", number, " a = Load<", number, ">::from(*start), b = Load<", number,
                                ">::from(*delta);\n  y[", offset_text(y.strides), "] = Store<", type, ">::from(",
                                integers ? "(int64_t)((uint64_t)a + (uint64_t)p0 * (uint64_t)b)"
                                         : strings::join("a + (", number, ")p0 * b"),
                                ");\n"),
                  {}, {"-fmad=false"}),
      0);
}

Result<TextWork> bit_cast(const Problem& problem) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (bit_width(x.dtype) != bit_width(y.dtype)) return unsupported("bits of another width");
  TRY(const std::string_view type, move_type(x.dtype));
  ElementText text("bit_cast", y.dims, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, type).pointer("x", {Kind::kInput, 0, 0}, type);
  return one_launch(
      text.finish(strings::join("  y[", offset_text(y.strides), "] = x[", offset_text(x.strides), "];\n")),
      static_cast<double>(packed_bytes(x.dtype, x.count())));
}

Result<TextWork> fill_work(const Problem& problem) {
  if (problem.op->is<RangeOp>()) return range(problem);
  if (problem.op->is<BitCast>()) return bit_cast(problem);
  if (const auto* op = problem.op->as<OneHot>()) return one_hot(problem, *op);
  if (const auto* op = problem.op->as<Trilu>()) return trilu(problem, *op);
  if (const auto* op = problem.op->as<EyeLike>()) return eye_like(problem, *op);
  if (const auto* op = problem.op->as<ConstantOfShape>()) return constant_of_shape(problem, *op);
  if (const auto* op = problem.op->as<ReverseSequence>()) return reverse_sequence(problem, *op);
  return unsupported(problem.op->name());
}

constexpr TextTactic kFill("cuda.fill", 1, fill_work);

}  // namespace

std::span<const Tactic* const> fill_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kFill};
  return kAll;
}

}  // namespace bolide::cuda
