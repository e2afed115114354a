#include "backend/cuda/text/expr_text.h"

#include <cmath>
#include <cstdio>

namespace bolide::cuda {
namespace {

/// How a function is written: `%a`, `%b`, `%c` are the arguments, `%f` the suffix of float calls.
struct Form {
  Fn fn;
  std::string_view real;     ///< on floats and doubles; empty: cannot be written
  std::string_view integer;  ///< on 64-bit integers; empty: cannot be written
};
constexpr Form kForms[] = {
    {Fn::kNeg, "(-%a)", "(int64_t)(0ull - (uint64_t)%a)"},
    {Fn::kAbs, "fabs%f(%a)", "(%a < 0 ? (int64_t)(0ull - (uint64_t)%a) : %a)"},
    {Fn::kSign, "fn_sign(%a)", "fn_sign(%a)"},
    {Fn::kExp, "exp%f(%a)", ""},
    {Fn::kLog, "log%f(%a)", ""},
    {Fn::kLog1p, "log1p%f(%a)", ""},
    {Fn::kExpm1, "expm1%f(%a)", ""},
    {Fn::kSqrt, "sqrt%f(%a)", ""},
    {Fn::kRsqrt, "(1 / sqrt%f(%a))", ""},
    {Fn::kRecip, "(1 / %a)", ""},
    {Fn::kErf, "erf%f(%a)", ""},
    {Fn::kTanh, "tanh%f(%a)", ""},
    {Fn::kSigmoid, "fn_sigmoid(%a)", ""},
    {Fn::kSoftplus, "fn_softplus(%a)", ""},
    {Fn::kFloor, "floor%f(%a)", "%a"},
    {Fn::kCeil, "ceil%f(%a)", "%a"},
    {Fn::kTrunc, "trunc%f(%a)", "%a"},
    {Fn::kRound, "rint%f(%a)", "%a"},
    {Fn::kSin, "sin%f(%a)", ""},
    {Fn::kCos, "cos%f(%a)", ""},
    {Fn::kTan, "tan%f(%a)", ""},
    {Fn::kAsin, "asin%f(%a)", ""},
    {Fn::kAcos, "acos%f(%a)", ""},
    {Fn::kAtan, "atan%f(%a)", ""},
    {Fn::kSinh, "sinh%f(%a)", ""},
    {Fn::kCosh, "cosh%f(%a)", ""},
    {Fn::kAsinh, "asinh%f(%a)", ""},
    {Fn::kAcosh, "acosh%f(%a)", ""},
    {Fn::kAtanh, "atanh%f(%a)", ""},
    {Fn::kNot, "(%a == 0 ? 1 : 0)", "(%a == 0 ? 1 : 0)"},
    {Fn::kIsNan, "(%a != %a ? 1 : 0)", "0"},
    {Fn::kIsInf, "(isinf(%a) ? 1 : 0)", "0"},
    {Fn::kBitNot, "", "(~%a)"},
    {Fn::kAdd, "(%a + %b)", "(int64_t)((uint64_t)%a + (uint64_t)%b)"},
    {Fn::kSub, "(%a - %b)", "(int64_t)((uint64_t)%a - (uint64_t)%b)"},
    {Fn::kMul, "(%a * %b)", "(int64_t)((uint64_t)%a * (uint64_t)%b)"},
    {Fn::kDiv, "(%a / %b)", "fn_div(%a, %b)"},
    {Fn::kMin, "fn_min(%a, %b)", "fn_min(%a, %b)"},
    {Fn::kMax, "fn_max(%a, %b)", "fn_max(%a, %b)"},
    {Fn::kPow, "pow%f(%a, %b)", ""},
    {Fn::kMod, "fn_mod(%a, %b)", "fn_mod(%a, %b)"},
    {Fn::kFmod, "fmod%f(%a, %b)", "fn_fmod(%a, %b)"},
    {Fn::kLess, "(%a < %b ? 1 : 0)", "(%a < %b ? 1 : 0)"},
    {Fn::kLessEqual, "(%a <= %b ? 1 : 0)", "(%a <= %b ? 1 : 0)"},
    {Fn::kGreater, "(%a > %b ? 1 : 0)", "(%a > %b ? 1 : 0)"},
    {Fn::kGreaterEqual, "(%a >= %b ? 1 : 0)", "(%a >= %b ? 1 : 0)"},
    {Fn::kEqual, "(%a == %b ? 1 : 0)", "(%a == %b ? 1 : 0)"},
    {Fn::kAnd, "(%a != 0 && %b != 0 ? 1 : 0)", "(%a != 0 && %b != 0 ? 1 : 0)"},
    {Fn::kOr, "(%a != 0 || %b != 0 ? 1 : 0)", "(%a != 0 || %b != 0 ? 1 : 0)"},
    {Fn::kXor, "((%a != 0) != (%b != 0) ? 1 : 0)", "((%a != 0) != (%b != 0) ? 1 : 0)"},
    {Fn::kBitAnd, "", "(%a & %b)"},
    {Fn::kBitOr, "", "(%a | %b)"},
    {Fn::kBitXor, "", "(%a ^ %b)"},
    {Fn::kSelect, "(%a != 0 ? %b : %c)", "(%a != 0 ? %b : %c)"},
};

std::string_view form_of(Fn fn, Arithmetic arithmetic) {
  for (const Form& form : kForms) {
    if (form.fn == fn) return arithmetic == Arithmetic::kI64 ? form.integer : form.real;
  }
  return {};
}

}  // namespace

std::string_view c_type(DataType type) {
  switch (type) {
    case DataType::kF64: return "double";
    case DataType::kF32: return "float";
    case DataType::kF16: return "half";
    case DataType::kBF16: return "bf16";
    case DataType::kI64: return "int64_t";
    case DataType::kI32: return "int";
    case DataType::kI16: return "int16_t";
    case DataType::kI8: return "int8_t";
    case DataType::kU32: return "uint32_t";
    case DataType::kU16: return "uint16_t";
    case DataType::kU8: return "uint8_t";
    case DataType::kBool: return "bool8";
    default: return {};
  }
}

std::string_view c_type(Arithmetic arithmetic) {
  switch (arithmetic) {
    case Arithmetic::kF32: return "float";
    case Arithmetic::kF64: return "double";
    case Arithmetic::kI64: return "int64_t";
  }
  return {};
}

std::optional<std::string_view> unwritable(const Expr& expr, Arithmetic arithmetic) {
  for (const Expr::Step& step : expr.steps()) {
    if (form_of(step.fn, arithmetic).empty()) return name(step.fn);
  }
  return std::nullopt;
}

std::string number_text(double value, Arithmetic arithmetic) {
  if (arithmetic == Arithmetic::kI64) {
    if (std::isnan(value)) return "0ll";
    if (value <= -0x1p63) return "(-9223372036854775807ll - 1)";
    if (value >= 0x1p63) return "9223372036854775807ll";
    return strings::join("(", static_cast<std::int64_t>(value), "ll)");
  }
  const bool single = arithmetic == Arithmetic::kF32;
  if (single) value = static_cast<double>(static_cast<float>(value));
  if (std::isnan(value)) return single ? "__int_as_float(0x7fc00000)" : "__longlong_as_double(0x7ff8000000000000ll)";
  if (std::isinf(value)) {
    const char* sign = value < 0 ? "(-" : "(";
    return strings::join(sign, single ? "__int_as_float(0x7f800000))" : "__longlong_as_double(0x7ff0000000000000ll))");
  }
  char text[64];
  std::snprintf(text, sizeof(text), single ? "(%af)" : "(%a)", value);
  return text;
}

std::string expr_text(const Expr& expr, std::span<const std::string> inputs, std::string_view result,
                      Arithmetic arithmetic, std::string_view prefix) {
  const auto arg = [&](const Expr::Arg& a) -> std::string {
    switch (a.kind) {
      case Expr::Arg::Kind::kInput: return inputs[static_cast<std::size_t>(a.index)];
      case Expr::Arg::Kind::kStep: return strings::join(prefix, a.index);
      case Expr::Arg::Kind::kNumber: return number_text(a.number, arithmetic);
    }
    return {};
  };
  std::string out;
  for (std::size_t s = 0; s < expr.steps().size(); ++s) {
    const Expr::Step& step = expr.steps()[s];
    std::string value;
    const std::string_view form = form_of(step.fn, arithmetic);
    for (std::size_t i = 0; i < form.size(); ++i) {
      if (form[i] != '%') {
        value += form[i];
        continue;
      }
      const char what = form[++i];
      if (what == 'f') {
        if (arithmetic == Arithmetic::kF32) value += 'f';
      } else {
        value += arg(step.args[static_cast<std::size_t>(what - 'a')]);
      }
    }
    strings::append(out, strings::join("const ", c_type(arithmetic), " ", prefix, s, " = ", value, "; "));
  }
  strings::append(out, strings::join(result, " = ", arg(expr.result()), ";"));
  return out;
}

}  // namespace bolide::cuda
