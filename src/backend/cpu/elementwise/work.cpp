#include "backend/cpu/elementwise/work.h"

#include "ops/cast.h"
#include "ops/fused_elementwise.h"
#include "ops/identity.h"
#include "ops/normalization.h"
#include "ops/quantize.h"

namespace bolide::cpu {
namespace {

Status add_operand(const Problem& problem, int source, ElementwiseWork& out) {
  const Operand& operand = problem.inputs[static_cast<std::size_t>(source)];
  if (operand.absent) return unsupported("input ", source, " is left out");
  out.operands.push_back(operand);
  out.sources.push_back(source);
  return ok();
}

/// A scale or zero point: one number, or one a slice of `axis`.
Status add_parameter(const Problem& problem, int source, std::int64_t axis, ElementwiseWork& out) {
  TRY_OK(add_operand(problem, source, out));
  Operand& operand = out.operands.back();
  const Dims& x = problem.inputs[0].dims;
  if (operand.count() == 1) {
    operand.dims.clear();
    operand.strides.clear();
    return ok();
  }
  const auto rank = static_cast<std::int64_t>(x.size());
  const std::int64_t at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank || operand.rank() != 1 || operand.dims[0] != x[static_cast<std::size_t>(at)]) {
    return unsupported("a scale or zero point of ", operand.dims, " for axis ", axis, " of ", x);
  }
  Dims dims(x.size(), 1);
  Dims strides(x.size(), 0);
  dims[static_cast<std::size_t>(at)] = operand.dims[0];
  strides[static_cast<std::size_t>(at)] = operand.strides[0];
  operand.dims = std::move(dims);
  operand.strides = std::move(strides);
  return ok();
}

bool narrow_integer(DataType dtype) { return is_integer(dtype) && (bit_width(dtype) == 8 || bit_width(dtype) == 16); }
bool has_zero(const Problem& problem) { return problem.inputs.size() > 2 && !problem.inputs[2].absent; }

Result<ElementwiseWork> quantize(const Problem& problem, const QuantizeLinear& op) {
  if (op.block_size != 0) return unsupported("scales by block");
  if (!narrow_integer(op.out)) return unsupported("a result of ", op.out);
  if (!is_float(problem.inputs[0].dtype)) return unsupported("x of ", problem.inputs[0].dtype);
  ElementwiseWork out;
  out.integers_as_f32 = true;
  out.expr = Expr(has_zero(problem) ? 3 : 2);
  Expr::Arg value = out.expr.push(Fn::kDiv, Expr::in(0), Expr::in(1));
  value = out.expr.push(Fn::kRound, value);
  if (has_zero(problem)) out.expr.push(Fn::kAdd, value, Expr::in(2));
  TRY_OK(add_operand(problem, 0, out));
  TRY_OK(add_parameter(problem, 1, op.axis, out));
  if (has_zero(problem)) TRY_OK(add_parameter(problem, 2, op.axis, out));
  return out;
}

Result<ElementwiseWork> dequantize(const Problem& problem, const DequantizeLinear& op) {
  if (op.block_size != 0) return unsupported("scales by block");
  if (!narrow_integer(problem.inputs[0].dtype)) return unsupported("x of ", problem.inputs[0].dtype);
  ElementwiseWork out;
  out.integers_as_f32 = true;
  out.expr = Expr(has_zero(problem) ? 3 : 2);
  Expr::Arg value = Expr::in(0);
  if (has_zero(problem)) value = out.expr.push(Fn::kSub, value, Expr::in(2));
  out.expr.push(Fn::kMul, value, Expr::in(1));
  TRY_OK(add_operand(problem, 0, out));
  TRY_OK(add_parameter(problem, 1, op.axis, out));
  if (has_zero(problem)) TRY_OK(add_parameter(problem, 2, op.axis, out));
  return out;
}

/// All but floats to integers, which have their own tactic.
Result<ElementwiseWork> convert(const Problem& problem) {
  const DataType from = problem.inputs[0].dtype;
  const DataType to = problem.outputs[0].dtype;
  if (is_float(from) && is_integer(to)) return unsupported(from, " to ", to);
  const bool twice =
      is_integer(from) && bit_width(from) > 16 && is_float(to) && to != DataType::kF32 && to != DataType::kF64;
  if (twice) return unsupported(from, " to ", to, " rounds twice by way of f32");
  ElementwiseWork out;
  out.integers_as_f32 = is_float(to);
  TRY_OK(add_operand(problem, 0, out));
  return out;
}

/// (x - mean) / sqrt(var + epsilon) * scale + bias
Result<ElementwiseWork> batch_normalize(const Problem& problem, const BatchNormalization& op) {
  ElementwiseWork out;
  out.expr = Expr(5);
  const Expr::Arg variance = out.expr.push(Fn::kAdd, Expr::in(4), Expr::number(static_cast<double>(op.epsilon)));
  const Expr::Arg deviation = out.expr.push(Fn::kSqrt, variance);
  const Expr::Arg centred = out.expr.push(Fn::kSub, Expr::in(0), Expr::in(3));
  const Expr::Arg unit = out.expr.push(Fn::kDiv, centred, deviation);
  out.expr.push(Fn::kAdd, out.expr.push(Fn::kMul, unit, Expr::in(1)), Expr::in(2));
  TRY_OK(add_operand(problem, 0, out));
  if (problem.inputs[0].rank() < 2) return unsupported("x of rank 1");
  for (int i = 1; i < 5; ++i) TRY_OK(add_parameter(problem, i, 1, out));
  return out;
}

}  // namespace

bool is_elementwise(const Op& op) {
  if (op.is<Identity>()) return false;  // a copy
  return op.is<Elementwise>() || op.is<QuantizeLinear>() || op.is<DequantizeLinear>() || op.is<Cast>() ||
         op.is<BatchNormalization>() || op.expression().has_value();
}

Result<ElementwiseWork> elementwise_work(const Problem& problem) {
  if (problem.outputs.size() != 1) return unsupported(problem.outputs.size(), " outputs");
  if (const auto* op = problem.op->as<QuantizeLinear>(); op != nullptr) return quantize(problem, *op);
  if (const auto* op = problem.op->as<DequantizeLinear>(); op != nullptr) return dequantize(problem, *op);
  if (const auto* op = problem.op->as<BatchNormalization>(); op != nullptr) return batch_normalize(problem, *op);
  if (problem.op->is<Cast>()) return convert(problem);
  ElementwiseWork out;
  if (const auto* fused = problem.op->as<Elementwise>(); fused != nullptr) {
    out.expr = fused->expr;
    out.integers_as_f32 = true;
  } else if (std::optional<Expr> expr = problem.op->expression(); expr.has_value()) {
    out.expr = *std::move(expr);
  } else {
    return unsupported(problem.op->name(), " is not elementwise");
  }
  if (static_cast<std::size_t>(out.expr.inputs()) != problem.inputs.size()) {
    return unsupported("an expression of ", out.expr.inputs(), " inputs for ", problem.inputs.size(), " operands");
  }
  std::optional<DataType> common;
  for (std::size_t i = 0; i < problem.inputs.size(); ++i) {
    TRY_OK(add_operand(problem, static_cast<int>(i), out));
    const DataType dtype = problem.inputs[i].dtype;
    if (out.integers_as_f32 || dtype == DataType::kBool) continue;
    if (common && *common != dtype) return unsupported("inputs of ", *common, " and ", dtype);
    common = dtype;
  }
  return out;
}

}  // namespace bolide::cpu
