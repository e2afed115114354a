// Division of sizes: what divides leaves the fraction, what is left is one in lowest terms.
#include "tensor/dim_form.h"

#include <algorithm>
#include <numeric>

namespace bolide {
namespace {

using Terms = std::vector<DimTerm>;

/// a / b when b divides a: coefficient and atoms.
std::optional<DimTerm> divide_term(const DimTerm& a, const DimTerm& b) {
  if (a.coefficient % b.coefficient != 0) return std::nullopt;
  DimTerm quotient{a.coefficient / b.coefficient, {}};
  std::ranges::set_difference(a.atoms, b.atoms, std::back_inserter(quotient.atoms), atom_less);
  if (quotient.atoms.size() + b.atoms.size() != a.atoms.size()) return std::nullopt;
  return quotient;
}

std::int64_t content(const Terms& terms) {
  std::int64_t divisor = 0;
  for (const DimTerm& term : terms) divisor = std::gcd(divisor, term.coefficient);
  return divisor;
}

/// The largest monomial that divides every term of both.
DimTerm common_factor(const Terms& a, const Terms& b) {
  DimTerm common{std::gcd(content(a), content(b)), b.front().atoms};
  for (const Terms* terms : {&a, &b}) {
    for (const DimTerm& term : *terms) {
      std::vector<DimAtomPtr> both;
      std::ranges::set_intersection(common.atoms, term.atoms, std::back_inserter(both), atom_less);
      common.atoms = std::move(both);
    }
  }
  return common;
}

void divide_all(Terms& terms, const DimTerm& divisor) {
  for (DimTerm& term : terms) term = *divide_term(term, divisor);
}

/// floor(a / d) for a constant d >= 1: multiples of d leave the numerator, common factors cancel.
Dim floor_div_constant(const Terms& a, std::int64_t d) {
  Terms whole;
  Terms rest;
  std::int64_t constant = 0;
  std::int64_t common = d;
  for (const DimTerm& term : a) {
    if (term.atoms.empty()) {
      constant = term.coefficient;
      continue;
    }
    const std::int64_t quotient = floor_div(term.coefficient, d);
    const std::int64_t remainder = term.coefficient - quotient * d;
    if (quotient != 0) whole.push_back({quotient, term.atoms});
    if (remainder == 0) continue;
    rest.push_back({remainder, term.atoms});
    common = std::gcd(common, remainder);
  }
  whole.push_back({floor_div(constant, d), {}});
  constant -= whole.back().coefficient * d;
  if (rest.empty()) return Dim::Access::make(std::move(whole));
  for (DimTerm& term : rest) term.coefficient /= common;
  d /= common;
  constant = floor_div(constant, common);
  Dim result = Dim::Access::make(std::move(whole));
  if (d == 1) {
    rest.push_back({constant, {}});
    return result + Dim::Access::make(std::move(rest));
  }
  if (rest.size() == 1 && rest[0].coefficient == 1 && rest[0].atoms.size() == 1 &&
      rest[0].atoms[0]->kind == DimAtom::Kind::kDiv) {  // (x/b + k)/d == (x + k*b)/(b*d)
    const Dim& x = rest[0].atoms[0]->args[0];
    const Dim& b = rest[0].atoms[0]->args[1];
    return result + (x + b * constant).floor_div(b * d);
  }
  rest.push_back({constant, {}});
  return result + Dim::Access::make(DimAtom{DimAtom::Kind::kDiv, {}, {Dim::Access::make(std::move(rest)), Dim(d)}});
}

}  // namespace

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

Dim Dim::floor_div(const Dim& b) const {
  if (is_too_large(*this) || is_too_large(b) || b.constant() == 0) return kTooLarge;
  if (b.is_constant() && b.value_ < 0) return (*this * -1).floor_div(-b.value_);
  if (is_constant() && b.is_constant()) return bolide::floor_div(value_, b.value_);
  if (auto exact = exact_div(*this, b)) return *exact;
  Terms numerator = Access::terms(*this);
  Terms denominator = Access::terms(b);
  Terms whole;
  if (denominator.size() == 1 && !b.is_constant()) {  // (b*x + y)/b == x + y/b
    std::erase_if(numerator, [&](const DimTerm& term) {
      const auto quotient = divide_term(term, denominator[0]);
      if (quotient) whole.push_back(*quotient);
      return quotient.has_value();
    });
  }
  DimTerm common = common_factor(numerator, denominator);
  if (denominator[0].coefficient < 0) common.coefficient = -common.coefficient;
  divide_all(numerator, common);
  divide_all(denominator, common);
  const Dim divisor = Access::make(std::move(denominator));
  const Dim fraction =
      divisor.is_constant()
          ? floor_div_constant(numerator, divisor.value_)
          : Access::make(DimAtom{DimAtom::Kind::kDiv, {}, {Access::make(std::move(numerator)), divisor}});
  return Access::make(std::move(whole)) + fraction;
}

Dim Dim::ceil_div(const Dim& b) const {
  if (b.is_constant() && b.value_ > 0) return (*this + (b - 1)).floor_div(b);
  return (*this * -1).floor_div(b) * -1;
}

std::optional<Dim> Dim::exact_div(const Dim& a, const Dim& b) {
  if (is_too_large(a) || is_too_large(b) || b.constant() == 0) return std::nullopt;
  const Terms divisor = Access::terms(b);
  Terms quotient;
  Dim rest = a;
  for (Terms left = Access::terms(rest); !left.empty(); left = Access::terms(rest)) {
    const auto step = divide_term(left[0], divisor[0]);
    if (!step || quotient.size() == Sum::kMaxTerms) return std::nullopt;
    quotient.push_back(*step);
    rest = rest - b * Access::make(Terms{*step});
    if (is_too_large(rest)) return std::nullopt;
  }
  return Access::make(std::move(quotient));
}

}  // namespace bolide
