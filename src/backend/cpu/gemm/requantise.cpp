#include "backend/cpu/gemm/requantise.h"

#include <algorithm>
#include <cmath>

namespace bolide {

namespace {

/// A number for each column, or one for all.
using Constant = std::vector<double>;

/// x * scale + offset + residual * residual_scale, then clipped, rounded and moved; x is the sum, or with `inner` the
/// integer that an earlier quantisation made of it: clip(round(sum * scale + offset), low, high).
struct Affine {
  struct Inner {
    Constant scale;
    Constant offset;
    double low = 0;
    double high = 0;
  };
  std::optional<Inner> inner;
  Constant scale = {0};
  Constant offset = {0};
  int residual = -1;  // input of the expression
  double residual_scale = 0;
  bool clipped = false;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool rounded = false;
  double zero = 0;

  bool is_constant() const { return !inner && residual < 0 && !clipped && !rounded && scale == Constant{0}; }
};

template <class F>
Constant combine(const Constant& a, const Constant& b, F f) {
  Constant out(std::max(a.size(), b.size()));
  for (std::size_t j = 0; j < out.size(); ++j) out[j] = f(a[a.size() == 1 ? 0 : j], b[b.size() == 1 ? 0 : j]);
  return out;
}
double add(double a, double b) { return a + b; }
double multiply(double a, double b) { return a * b; }

/// The rounded value as the x of another stage.
std::optional<Affine> staged(const Affine& value) {
  if (value.inner || value.residual >= 0) return std::nullopt;
  Affine out;
  out.inner = Affine::Inner{value.scale, value.offset, value.low - value.zero, value.high - value.zero};
  out.scale = {1};
  out.offset = {value.zero};
  return out;
}

std::optional<Affine> scaled(Affine value, const Constant& factor) {
  if (value.rounded) {
    const std::optional<Affine> next = staged(value);
    return next ? scaled(*next, factor) : std::nullopt;
  }
  if (value.clipped || value.residual >= 0) {
    if (factor.size() != 1 || (value.clipped && !(factor[0] > 0))) return std::nullopt;
    if (value.clipped) {
      value.low *= factor[0];
      value.high *= factor[0];
    }
    value.residual_scale *= factor[0];
  }
  value.scale = combine(value.scale, factor, multiply);
  value.offset = combine(value.offset, factor, multiply);
  return value;
}

std::optional<Affine> moved(Affine value, const Constant& by) {
  if (value.rounded || value.clipped) {
    if (by.size() != 1) return std::nullopt;
    value.low += by[0];
    value.high += by[0];
  }
  if (value.rounded) {
    value.zero += by[0];
  } else {
    value.offset = combine(value.offset, by, add);
  }
  return value;
}

std::optional<Affine> sum(const Affine& a, const Affine& b) {
  if (b.is_constant()) return moved(a, b.offset);
  if (a.is_constant()) return moved(b, a.offset);
  if (a.clipped || b.clipped || a.rounded || b.rounded) return std::nullopt;
  if (a.residual >= 0 && b.residual >= 0) return std::nullopt;
  // Both may hold the sum, but not one of them what rounding left of it.
  if ((a.inner && b.scale != Constant{0}) || (b.inner && a.scale != Constant{0})) return std::nullopt;
  Affine out;
  out.inner = a.inner ? a.inner : b.inner;
  out.scale = combine(a.scale, b.scale, add);
  out.offset = combine(a.offset, b.offset, add);
  out.residual = std::max(a.residual, b.residual);
  out.residual_scale = a.residual_scale + b.residual_scale;
  return out;
}

std::optional<Affine> clipped(Affine value, double low, double high) {
  value.clipped = true;
  value.low = std::min(std::max(value.low, low), high);
  value.high = std::min(std::max(value.high, low), high);
  return value;
}

std::optional<Affine> step_value(Fn fn, const Affine& a, const Affine& b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto number = [](const Affine& x) { return x.is_constant() && x.offset.size() == 1; };
  switch (fn) {
    case Fn::kAdd: return sum(a, b);
    case Fn::kSub: {
      const std::optional<Affine> negated = scaled(b, {-1.0});
      return negated ? sum(a, *negated) : std::nullopt;
    }
    case Fn::kMul:
      if (b.is_constant()) return scaled(a, b.offset);
      return a.is_constant() ? scaled(b, a.offset) : std::nullopt;
    case Fn::kDiv:
      if (!b.is_constant()) return std::nullopt;
      return scaled(a, combine({1.0}, b.offset, [](double x, double y) { return x / y; }));
    case Fn::kMax:
      if (number(b)) return clipped(a, b.offset[0], kInfinity);
      return number(a) ? clipped(b, a.offset[0], kInfinity) : std::nullopt;
    case Fn::kMin:
      if (number(b)) return clipped(a, -kInfinity, b.offset[0]);
      return number(a) ? clipped(b, -kInfinity, a.offset[0]) : std::nullopt;
    case Fn::kRound: {
      Affine out = a;
      if (out.rounded || out.is_constant()) return std::nullopt;
      out.rounded = true;
      out.low = std::nearbyint(out.low);
      out.high = std::nearbyint(out.high);
      return out;
    }
    default: return std::nullopt;
  }
}

/// Input i of the expression: the sum, a constant, or a residual.
std::optional<Affine> input_value(const Problem& problem, int input, const ResultShape& shape) {
  Affine out;
  if (input == 0) {
    out.scale = {1};
    return out;
  }
  const Operand& operand = problem.inputs[static_cast<std::size_t>(input + 2)];
  const auto place = result_operand(operand, shape, "an epilogue input");
  if (!place) return std::nullopt;
  if (operand.constant != nullptr && place->rows.constant()) {
    const auto values = to_f64(*operand.constant);
    const std::int64_t columns = shape.dims[static_cast<std::size_t>(shape.column_dim)];
    if (!values) return std::nullopt;
    if (values->size() != 1 && values->size() != static_cast<std::size_t>(columns)) return std::nullopt;
    out.offset = *values;
    return out;
  }
  const bool loads =
      operand.dtype == DataType::kU8 || operand.dtype == DataType::kI8 || operand.dtype == DataType::kF32;
  if (!loads || place->column_stride != 1) return std::nullopt;
  out.residual = input;
  out.residual_scale = 1;
  return out;
}

}  // namespace

GemmI8Call::Kind kind_of(DataType type) {
  using Kind = GemmI8Call::Kind;
  return type == DataType::kU8 ? Kind::kU8 : type == DataType::kI8 ? Kind::kI8 : Kind::kF32;
}

void Requantise::describe(GemmI8Call& call) const {
  if (residual_) {
    call.residual_kind = kind_of(residual_->dtype);
    call.residual_scale = residual_scale_;
  }
  call.round_first = round_first_;
  call.zero = zero_;
  call.low = low_;
  call.high = high_;
  call.inner_low = inner_low_;
  call.inner_high = inner_high_;
  call.kind = kind_;
}

void Requantise::at_column(GemmI8Call& call, std::int64_t column) const {
  call.scale = scale_.data() + column;
  call.offset = offset_.data() + column;
  if (inner_scale_.empty()) return;
  call.inner_scale = inner_scale_.data() + column;
  call.inner_offset = inner_offset_.data() + column;
}

std::optional<Requantise> Requantise::recognise(const Problem& problem, const Expr& expr, const ResultShape& shape,
                                                int tile_columns) {
  const DataType type = problem.outputs[0].dtype;
  if (type != DataType::kU8 && type != DataType::kI8 && type != DataType::kF32) return std::nullopt;
  std::vector<Affine> values;
  for (const Expr::Step& step : expr.steps()) {
    std::array<Affine, 2> args;
    for (std::size_t j = 0; j < 2 && static_cast<int>(j) < arity(step.fn); ++j) {
      const Expr::Arg& arg = step.args[j];
      if (arg.kind == Expr::Arg::Kind::kNumber) {
        args[j].offset = {arg.number};
      } else if (arg.kind == Expr::Arg::Kind::kStep) {
        args[j] = values[static_cast<std::size_t>(arg.index)];
      } else {
        const std::optional<Affine> input = input_value(problem, arg.index, shape);
        if (!input) return std::nullopt;
        args[j] = *input;
      }
    }
    const std::optional<Affine> value = arity(step.fn) < 3 ? step_value(step.fn, args[0], args[1]) : std::nullopt;
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  const Affine result = values.empty() ? *input_value(problem, 0, shape) : values.back();

  Requantise out;
  out.kind_ = kind_of(type);
  const auto columns = static_cast<std::size_t>(shape.dims[static_cast<std::size_t>(shape.column_dim)]);
  const auto spread = [&](const Constant& from, std::vector<float>& to) {
    to.assign(columns + static_cast<std::size_t>(tile_columns), 0.0F);
    for (std::size_t j = 0; j < columns; ++j) to[j] = static_cast<float>(from[from.size() == 1 ? 0 : j]);
  };
  spread(result.scale, out.scale_);
  spread(result.offset, out.offset_);
  if (result.inner) {
    spread(result.inner->scale, out.inner_scale_);
    spread(result.inner->offset, out.inner_offset_);
    out.inner_low_ = static_cast<float>(result.inner->low);
    out.inner_high_ = static_cast<float>(result.inner->high);
  }
  if (result.residual >= 0) {
    out.residual_ = *result_operand(problem.inputs[static_cast<std::size_t>(result.residual + 2)], shape, "");
    out.residual_->index = result.residual + 2;
    out.residual_scale_ = static_cast<float>(result.residual_scale);
  }
  out.round_first_ = result.rounded;
  out.zero_ = static_cast<float>(result.zero);
  out.low_ = static_cast<float>(result.low);
  out.high_ = static_cast<float>(result.high);
  if (type != DataType::kF32) {
    const float least = type == DataType::kU8 ? 0.0F : -128.0F;
    out.low_ = std::clamp(out.low_, least, least + 255.0F);
    out.high_ = std::clamp(out.high_, least, least + 255.0F);
  }
  return out;
}

}  // namespace bolide
