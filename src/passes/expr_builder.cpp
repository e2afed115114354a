#include "passes/expr_builder.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace bolide {
namespace {

bool is_number(const Expr::Arg& arg) { return arg.kind == Expr::Arg::Kind::kNumber; }
bool is_whole(const Expr::Arg& arg) { return is_number(arg) && std::trunc(arg.number) == arg.number; }

/// Operands of sums and products in one order, whichever the model had: x0, steps, other inputs, numbers.
bool stands_before(const Expr::Arg& a, const Expr::Arg& b) {
  const auto rank = [](const Expr::Arg& arg) {
    if (arg == Expr::in(0)) return 0;
    return arg.kind == Expr::Arg::Kind::kStep ? 1 : arg.kind == Expr::Arg::Kind::kInput ? 2 : 3;
  };
  return rank(a) != rank(b) ? rank(a) < rank(b) : a.index < b.index;
}

}  // namespace

std::optional<IntegerRange> integer_range(DataType type) {
  if (!is_integer(type) || bit_width(type) > 16 || bit_width(type) < 8) return std::nullopt;
  const bool is_signed = type == DataType::kI8 || type == DataType::kI16;
  const double codes = std::ldexp(1.0, bit_width(type));
  return IntegerRange{is_signed ? -codes / 2 : 0, is_signed ? codes / 2 - 1 : codes - 1};
}

Expr::Arg f32_number(float value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof(text), value);
  double number = 0;
  if (error == std::errc()) std::from_chars(text, end, number);
  return Expr::number(static_cast<float>(number) == value ? number : static_cast<double>(value));
}

ExprBuilder::Arg ExprBuilder::input(ValueId value) {
  if (const Tensor* known = graph_->constant(value); known != nullptr && known->count() == 1) {
    if (known->dtype() == DataType::kF32) return f32_number(known->span<float>()[0]);
    if (const auto number = scalar_f64(*known)) return Expr::number(*number);
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const auto* listed = std::get_if<ValueId>(&inputs_[i]);
    if (listed != nullptr && *listed == value) return Expr::in(reserved_ + static_cast<int>(i));
  }
  inputs_.emplace_back(value);
  return Expr::in(reserved_ + static_cast<int>(inputs_.size()) - 1);
}

ExprBuilder::Arg ExprBuilder::constant(Tensor tensor) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const auto* listed = std::get_if<Tensor>(&inputs_[i]);
    if (listed != nullptr && *listed == tensor) return Expr::in(reserved_ + static_cast<int>(i));
  }
  inputs_.emplace_back(std::move(tensor));
  return Expr::in(reserved_ + static_cast<int>(inputs_.size()) - 1);
}

ExprBuilder::Arg ExprBuilder::push(Fn fn, Arg a, Arg b, Arg c) {
  const int count = arity(fn);
  if ((fn == Fn::kAdd || fn == Fn::kMul) && stands_before(b, a)) std::swap(a, b);
  const Expr::Step step{fn, {a, count > 1 ? b : Arg{}, count > 2 ? c : Arg{}}};
  const auto found = std::find(steps_.begin(), steps_.end(), step);
  if (found != steps_.end()) return Expr::step(static_cast<int>(found - steps_.begin()));
  steps_.push_back(step);
  return Expr::step(static_cast<int>(steps_.size()) - 1);
}

ExprBuilder::Arg ExprBuilder::apply(const Expr& expr, std::span<const Arg> args) {
  std::vector<Arg> results;
  const auto mapped = [&](const Arg& arg) {
    const auto at = static_cast<std::size_t>(arg.index);
    if (arg.kind == Arg::Kind::kInput) return args[at];
    return arg.kind == Arg::Kind::kStep ? results[at] : arg;
  };
  for (const Expr::Step& step : expr.steps()) {
    results.push_back(push(step.fn, mapped(step.args[0]), mapped(step.args[1]), mapped(step.args[2])));
  }
  return results.empty() ? args[0] : results.back();
}

ExprBuilder::Arg ExprBuilder::stored(Arg value, DataType dtype) {
  const auto range = integer_range(dtype);
  if (!range) return value;
  // round(...) and round(...) + whole number are whole already.
  const auto rounded = [this](const Arg& arg) {
    return arg.kind == Arg::Kind::kStep && steps_[static_cast<std::size_t>(arg.index)].fn == Fn::kRound;
  };
  bool whole = rounded(value);
  if (!whole && value.kind == Arg::Kind::kStep) {
    const Expr::Step& last = steps_[static_cast<std::size_t>(value.index)];
    whole = last.fn == Fn::kAdd && rounded(last.args[0]) && is_whole(last.args[1]);
  }
  if (!whole) value = push(Fn::kRound, value);
  value = push(Fn::kMax, value, Expr::number(range->low));
  return push(Fn::kMin, value, Expr::number(range->high));
}

Expr ExprBuilder::finish(Arg result) const {
  Expr out(reserved_ + static_cast<int>(inputs_.size()));
  if (steps_.empty() && result == Expr::in(0)) return out;
  for (const Expr::Step& step : steps_) out.push(step.fn, step.args[0], step.args[1], step.args[2]);
  // The last step is the result; max(x, x) is x.
  if (!(out.result() == result)) out.push(Fn::kMax, result, result);
  return out;
}

std::vector<ValueId> ExprBuilder::values(Patch& patch) const {
  std::vector<ValueId> out;
  for (const Input& input : inputs_) {
    const auto* value = std::get_if<ValueId>(&input);
    out.push_back(value != nullptr ? *value : patch.constant("factors", std::get<Tensor>(input)));
  }
  return out;
}

}  // namespace bolide
