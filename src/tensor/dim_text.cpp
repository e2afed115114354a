/// Dims as text: the printer, and a recursive descent parser for what it writes.
///
///     sum    := term (('+' | '-') term)*
///     term   := factor (('*' | '/') factor)*
///     factor := '-' factor | integer | name | '(' sum ')' | 'min(' sum ',' sum ... ')' | 'max(' ... ')'
///             | 'ceil(' term '/' factor ')'
#include "tensor/dim_form.h"

#include <algorithm>
#include <charconv>

namespace bolide {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '.';
}

void append_name(std::string& out, std::string_view name) {
  if (!name.empty() && !is_digit(name[0]) && std::ranges::all_of(name, is_name_char)) {
    out += name;
    return;
  }
  out += '"';
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

/// In a product or behind a sign a floor division needs parentheses.
enum class Place : std::uint8_t { kAlone, kFactor };

void append_atom(std::string& out, const DimAtom& atom, Place place);

void append_parenthesised(std::string& out, const Dim& dim, bool parentheses) {
  if (parentheses) out += '(';
  out += text(dim);
  if (parentheses) out += ')';
}

/// A positive product: "2*height*width".
void append_product(std::string& out, std::int64_t coefficient, const DimTerm& term, Place place) {
  const bool number = coefficient != 1 || term.atoms.empty();
  if (number) strings::append(out, coefficient);
  if (number || term.atoms.size() > 1) place = Place::kFactor;
  for (std::size_t i = 0; i < term.atoms.size(); ++i) {
    if (number || i > 0) out += '*';
    append_atom(out, *term.atoms[i], place);
  }
}

void append_division(std::string& out, const Dim& numerator, const Dim& denominator) {
  const auto terms = Dim::Access::terms(numerator);
  const bool is_product = terms.size() == 1 && terms[0].coefficient > 0;
  if (is_product) {
    append_product(out, terms[0].coefficient, terms[0], Place::kFactor);
  } else {
    append_parenthesised(out, numerator, true);
  }
  out += '/';
  const bool plain = denominator.is_constant() ? *denominator.constant() >= 0 : denominator.single_name().has_value();
  append_parenthesised(out, denominator, !plain);
}

void append_atom(std::string& out, const DimAtom& atom, Place place) {
  switch (atom.kind) {
    case DimAtom::Kind::kName: append_name(out, atom.name); return;
    case DimAtom::Kind::kDiv:
      if (place == Place::kFactor) out += '(';
      append_division(out, atom.args[0], atom.args[1]);
      if (place == Place::kFactor) out += ')';
      return;
    case DimAtom::Kind::kMin:
    case DimAtom::Kind::kMax: break;
  }
  out += atom.kind == DimAtom::Kind::kMin ? "min(" : "max(";
  for (std::size_t i = 0; i < atom.args.size(); ++i) {
    if (i > 0) out += ',';
    out += text(atom.args[i]);
  }
  out += ')';
}

class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source) {}

  Result<Dim> whole() {
    if (source_.size() > kMaxLength) {
      return invalid_argument("a size of ", source_.size(), " characters; the limit is ", kMaxLength);
    }
    TRY(Dim dim, sum());
    skip_spaces();
    if (at_ != source_.size()) return fail("expected an operator");
    if (is_too_large(dim)) return invalid_argument("the size '", source_, "' is too large");
    return dim;
  }

 private:
  static constexpr std::size_t kMaxLength = 4096;
  static constexpr int kMaxDepth = 64;

  /// A term, and the last division in it where that is its outermost operation.
  struct Term {
    Dim value;
    std::optional<std::pair<Dim, Dim>> division = std::nullopt;
  };

  Error fail(std::string_view what) const {
    return invalid_argument(what, " at character ", at_ + 1, " of the size '", source_, "'");
  }

  void skip_spaces() {
    while (at_ < source_.size() && source_[at_] == ' ') ++at_;
  }

  bool take(char c) {
    skip_spaces();
    if (at_ == source_.size() || source_[at_] != c) return false;
    ++at_;
    return true;
  }

  Result<Dim> sum() {
    TRY(Term first, term());
    Dim total = first.value;
    while (true) {
      if (take('+')) {
        TRY(const Term next, term());
        total = total + next.value;
      } else if (take('-')) {
        TRY(const Term next, term());
        total = total - next.value;
      } else {
        return total;
      }
    }
  }

  Result<Term> term() {
    TRY(const Dim first, factor());
    Term out{first};
    while (true) {
      if (take('*')) {
        TRY(const Dim next, factor());
        out = Term{out.value * next};
      } else if (take('/')) {
        TRY(const Dim next, factor());
        if (next.constant() == 0) return fail("division by 0");
        out = Term{out.value.floor_div(next), std::pair(out.value, next)};
      } else {
        return out;
      }
    }
  }

  Result<Dim> factor() {
    if (depth_ == kMaxDepth) return fail("nesting deeper than 64");
    ++depth_;
    auto out = nested_factor();
    --depth_;
    return out;
  }

  Result<Dim> nested_factor() {
    if (take('-')) {
      TRY(const Dim value, factor());
      return value * -1;
    }
    if (take('(')) {
      TRY(Dim value, sum());
      if (!take(')')) return fail("expected ')'");
      return value;
    }
    skip_spaces();
    if (at_ == source_.size()) return fail("expected a number or a name");
    if (source_[at_] == '"') return quoted_name();
    const std::size_t start = at_;
    while (at_ < source_.size() && is_name_char(source_[at_])) ++at_;
    const std::string_view word = source_.substr(start, at_ - start);
    if (word.empty()) return fail("expected a number or a name");
    if (is_digit(word[0])) return integer(word);
    if (take('(')) return function(word);
    return Dim(word);
  }

  Result<Dim> integer(std::string_view word) const {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (end != word.data() + word.size()) return fail("a name that starts with a digit needs quotes");
    if (error != std::errc()) return fail("the number is too large");
    return Dim(value);
  }

  Result<Dim> quoted_name() {
    std::string name;
    for (++at_; at_ < source_.size() && source_[at_] != '"'; ++at_) {
      if (source_[at_] == '\\' && at_ + 1 < source_.size()) ++at_;
      name += source_[at_];
    }
    if (!take('"')) return fail("the quoted name does not end");
    return Dim(name);
  }

  Result<Dim> function(std::string_view name) {
    if (name == "ceil") {
      TRY(const Term inner, term());
      if (!inner.division || !take(')')) return fail("ceil takes one division");
      return inner.division->first.ceil_div(inner.division->second);
    }
    if (name != "min" && name != "max") return fail("unknown function");
    TRY(Dim value, sum());
    while (take(',')) {
      TRY(const Dim next, sum());
      value = name == "min" ? Dim::min(value, next) : Dim::max(value, next);
    }
    if (!take(')')) return fail("expected ',' or ')'");
    return value;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Dim> Dim::parse(std::string_view text) { return Parser(text).whole(); }

std::string text(const Dim& dim) {
  std::string out;
  if (dim.is_constant()) {
    strings::append(out, *dim.constant());
    return out;
  }
  const auto terms = Dim::Access::terms(dim);
  for (const bool negative : {false, true}) {
    for (const DimTerm& term : terms) {
      if ((term.coefficient < 0) != negative) continue;
      Place place = Place::kAlone;
      if (negative) {
        if (out.empty()) place = Place::kFactor;
        out += '-';
      } else if (!out.empty()) {
        out += '+';
      }
      append_product(out, negative ? -term.coefficient : term.coefficient, term, place);
    }
  }
  return out;
}

std::string text(const Shape& shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) out += ',';
    out += text(shape[i]);
  }
  out += ']';
  return out;
}

}  // namespace bolide
