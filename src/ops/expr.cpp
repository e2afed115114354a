#include "ops/expr.h"

#include <algorithm>
#include <charconv>

namespace bolide {
namespace {

constexpr std::size_t kMaxSteps = 4096;  // of a parsed text; a longer one is not ours

constexpr std::array<std::string_view, kFnCount> kNames = {
    "neg",     "abs",    "sign",    "exp",        "log",         "log1p",         "expm1", "sqrt",  "rsqrt", "recip",
    "erf",     "tanh",   "sigmoid", "softplus",   "floor",       "ceil",          "trunc", "round", "sin",   "cos",
    "tan",     "asin",   "acos",    "atan",       "sinh",        "cosh",          "asinh", "acosh", "atanh", "not",
    "is_nan",  "is_inf", "bit_not", "add",        "sub",         "mul",           "div",   "min",   "max",   "pow",
    "mod",     "fmod",   "less",    "less_equal", "greater",     "greater_equal", "equal", "and",   "or",    "xor",
    "bit_and", "bit_or", "bit_xor", "shift_left", "shift_right", "select"};

void append_arg(std::string& out, const Expr::Arg& arg) {
  if (arg.kind == Expr::Arg::Kind::kNumber) {
    strings::append(out, arg.number);
  } else {
    out += arg.kind == Expr::Arg::Kind::kInput ? 'x' : 't';
    strings::append(out, arg.index);
  }
}

Result<int> parse_index(std::string_view text, std::size_t limit, std::string_view what) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return invalid_argument("expression: '", text, "' is not a number of ", what);
  }
  if (value >= limit) return invalid_argument("expression: ", what, " ", value, " of ", limit);
  return static_cast<int>(value);
}

Result<Expr::Arg> parse_arg(std::string_view text, int inputs, std::size_t steps) {
  if (text.empty()) return invalid_argument("expression: an argument is empty");
  if (text[0] == 'x') {
    TRY(const int index, parse_index(text.substr(1), static_cast<std::size_t>(inputs), "input"));
    return Expr::in(index);
  }
  if (text[0] == 't') {
    TRY(const int index, parse_index(text.substr(1), steps, "step"));
    return Expr::step(index);
  }
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return invalid_argument("expression: '", text.substr(0, 40), "' is neither an input, a step nor a number");
  }
  return Expr::number(number);
}

/// One of "add(x0,1)".
Result<Expr::Step> parse_call(std::string_view text, int inputs, std::size_t steps) {
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || text.back() != ')') {
    return invalid_argument("expression: '", text.substr(0, 40), "' is not a call");
  }
  const auto fn = parse_fn(text.substr(0, open));
  if (!fn)
    return invalid_argument("expression: there is no function '", text.substr(0, std::min<std::size_t>(open, 40)), "'");
  Expr::Step out{*fn, {}};
  std::string_view rest = text.substr(open + 1, text.size() - open - 2);
  for (int i = 0; i < arity(*fn); ++i) {
    const bool last = i + 1 == arity(*fn);
    const std::size_t comma = last ? rest.size() : rest.find(',');
    if (comma == std::string_view::npos) {
      return invalid_argument("expression: ", name(*fn), " takes ", arity(*fn), " arguments, not ", i + 1);
    }
    TRY(out.args[static_cast<std::size_t>(i)], parse_arg(rest.substr(0, comma), inputs, steps));
    rest.remove_prefix(last ? comma : comma + 1);
  }
  return out;
}

}  // namespace

std::string_view name(Fn fn) { return kNames[static_cast<std::size_t>(fn)]; }

std::optional<Fn> parse_fn(std::string_view text) {
  const auto found = std::find(kNames.begin(), kNames.end(), text);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Fn>(found - kNames.begin());
}

int arity(Fn fn) {
  if (fn == Fn::kSelect) return 3;
  return fn >= Fn::kAdd ? 2 : 1;
}

Expr Expr::of(Fn fn) {
  Expr out(bolide::arity(fn));
  out.push(fn, in(0), out.inputs_ > 1 ? in(1) : Arg{}, out.inputs_ > 2 ? in(2) : Arg{});
  return out;
}

Expr::Arg Expr::push(Fn fn, Arg a, Arg b, Arg c) {
  const int count = bolide::arity(fn);
  steps_.push_back({fn, {a, count > 1 ? b : Arg{}, count > 2 ? c : Arg{}}});
  return result();
}

Expr Expr::composed(int index, const Expr& inner, std::span<const int> outer_at, std::span<const int> inner_at,
                    int inputs) const {
  Expr out(inputs);
  const auto copy = [&out](const Expr& from, int first_step, auto&& input) {
    for (const Step& step : from.steps_) {
      Step moved = step;
      for (Arg& arg : moved.args) {
        if (arg.kind == Arg::Kind::kInput) {
          arg = input(arg.index);
        } else if (arg.kind == Arg::Kind::kStep) {
          arg.index += first_step;
        }
      }
      out.steps_.push_back(moved);
    }
  };
  const auto inner_input = [&](int i) { return in(inner_at[static_cast<std::size_t>(i)]); };
  copy(inner, 0, inner_input);
  const Arg inner_result = inner.is_identity() ? inner_input(0) : out.result();
  const auto outer_input = [&](int i) { return i == index ? inner_result : in(outer_at[static_cast<std::size_t>(i)]); };
  copy(*this, static_cast<int>(inner.steps_.size()), outer_input);
  // An expression without steps means x0; any other input, alone, needs a step that returns it: max(x,x) does exactly.
  const Arg wanted = is_identity() ? outer_input(0) : out.result();
  if (!(wanted == out.result())) out.push(Fn::kMax, wanted, wanted);
  return out;
}

Expr Expr::renumbered(std::span<const int> at, int inputs) const {
  constexpr std::array<int, 1> kFirst = {0};
  return composed(-1, Expr(), at, kFirst, inputs);
}

std::string text(const Expr& expr) {
  if (expr.is_identity()) return "x0";
  std::string out;
  for (std::size_t i = 0; i < expr.steps().size(); ++i) {
    const Expr::Step& step = expr.steps()[i];
    if (i + 1 < expr.steps().size()) strings::append(out, strings::join('t', i, '='));
    out += name(step.fn);
    for (int a = 0; a < arity(step.fn); ++a) {
      out += a == 0 ? '(' : ',';
      append_arg(out, step.args[static_cast<std::size_t>(a)]);
    }
    out += i + 1 < expr.steps().size() ? ");" : ")";
  }
  return out;
}

Result<Expr> Expr::parse(std::string_view text, int inputs) {
  Expr out(inputs);
  if (text == "x0") return out;
  if (text.empty()) return invalid_argument("expression: the text is empty");
  while (true) {
    const std::size_t end = text.find(';');
    const bool last = end == std::string_view::npos;
    std::string_view call = text.substr(0, end);
    if (!last) {
      const std::string prefix = strings::join('t', out.steps_.size(), '=');
      if (call.substr(0, prefix.size()) != prefix) {
        return invalid_argument("expression: '", call.substr(0, 40), "' does not start with '", prefix, "'");
      }
      call.remove_prefix(prefix.size());
    }
    if (call.empty()) return invalid_argument("expression: step ", out.steps_.size(), " is empty");
    if (out.steps_.size() == kMaxSteps) return invalid_argument("expression: more than ", kMaxSteps, " steps");
    TRY(const Step step, parse_call(call, inputs, out.steps_.size()));
    out.steps_.push_back(step);
    if (last) return out;
    text.remove_prefix(end + 1);
  }
}

namespace {
/// A name, or the maximum of some.
bool is_largest_name(const Dim& dim) {
  Dim largest = 0;
  for (const std::string& name : dim.names()) largest = Dim::max(largest, Dim(name));
  return largest == dim;
}

template <class D, class Pick>
Result<std::vector<D>> broadcast_sizes(const std::vector<D>& a, const std::vector<D>& b, Pick pick) {
  std::vector<D> out(std::max(a.size(), b.size()), D(1));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t from_end = i + 1;
    D& size = out[out.size() - from_end];
    if (from_end > a.size()) {
      size = b[b.size() - from_end];
    } else if (from_end > b.size()) {
      size = a[a.size() - from_end];
    } else {
      const std::optional<D> picked = pick(a[a.size() - from_end], b[b.size() - from_end]);
      if (!picked) return invalid_argument("shapes ", a, " and ", b, " do not broadcast");
      size = *picked;
    }
  }
  return out;
}
}  // namespace

Result<Dims> broadcast(const Dims& a, const Dims& b) {
  return broadcast_sizes(a, b, [](std::int64_t x, std::int64_t y) -> std::optional<std::int64_t> {
    if (x == y || y == 1) return x;
    if (x == 1) return y;
    return std::nullopt;
  });
}

Result<Shape> broadcast(const Shape& a, const Shape& b) {
  return broadcast_sizes(a, b, [](const Dim& x, const Dim& y) -> std::optional<Dim> {
    if (x == y || y == Dim(1)) return x;
    if (x == Dim(1)) return y;
    if (x.is_constant() && y.is_constant()) return std::nullopt;
    if (x.is_constant() || y.is_constant()) return y.is_constant() ? y : x;
    // They are equal, or one of them is 1.
    const Dim larger = Dim::max(x, y);
    const bool is_known = larger == x || larger == y || (is_largest_name(x) && is_largest_name(y));
    return is_known ? larger : x;
  });
}

}  // namespace bolide
