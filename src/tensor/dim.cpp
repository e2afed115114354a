#include "tensor/dim.h"

#include "tensor/dim_form.h"

#include <algorithm>
#include <set>

namespace bolide {
namespace {

using Terms = std::vector<DimTerm>;

std::int64_t saturate(std::int64_t v) { return v >= Dim::kTooLarge || v <= -Dim::kTooLarge ? Dim::kTooLarge : v; }

std::int64_t multiply(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? Dim::kTooLarge : saturate(product);
}

int compare_numbers(std::int64_t a, std::int64_t b) { return a < b ? -1 : a > b ? 1 : 0; }

int compare_atoms(const DimAtomPtr& a, const DimAtomPtr& b) {
  if (a == b) return 0;
  if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
  if (const int names = a->name.compare(b->name); names != 0) return names;
  if (a->args.size() != b->args.size()) return a->args.size() < b->args.size() ? -1 : 1;
  for (std::size_t i = 0; i < a->args.size(); ++i) {
    if (const int args = compare(a->args[i], b->args[i]); args != 0) return args;
  }
  return 0;
}

/// Graded lexicographic: the higher degree first, then the smaller atoms first.
int compare_monomials(const DimTerm& a, const DimTerm& b) {
  if (a.atoms.size() != b.atoms.size()) return a.atoms.size() > b.atoms.size() ? -1 : 1;
  for (std::size_t i = 0; i < a.atoms.size(); ++i) {
    if (const int atoms = compare_atoms(a.atoms[i], b.atoms[i]); atoms != 0) return atoms;
  }
  return 0;
}

/// Whether the size is >= 0 for all sizes of its names; false when that is not plain to see.
bool never_negative(const Dim& dim);

bool never_negative(const DimAtom& atom) {
  switch (atom.kind) {
    case DimAtom::Kind::kName: return true;
    case DimAtom::Kind::kDiv:
    case DimAtom::Kind::kMin: return std::ranges::all_of(atom.args, [](const Dim& d) { return never_negative(d); });
    case DimAtom::Kind::kMax: return std::ranges::any_of(atom.args, [](const Dim& d) { return never_negative(d); });
  }
  return false;
}

bool never_negative(const Dim& dim) {
  return std::ranges::all_of(Dim::Access::terms(dim), [](const DimTerm& term) {
    return term.coefficient >= 0 && std::ranges::all_of(term.atoms, [](const auto& a) { return never_negative(*a); });
  });
}

/// The operands of a min (or max), or the form itself.
std::vector<Dim> operands(DimAtom::Kind kind, const Dim& dim) {
  const Terms terms = Dim::Access::terms(dim);
  const bool nested =
      terms.size() == 1 && terms[0].coefficient == 1 && terms[0].atoms.size() == 1 && terms[0].atoms[0]->kind == kind;
  return nested ? terms[0].atoms[0]->args : std::vector<Dim>{dim};
}

/// min or max of a list, flattened, sorted, without operands that another one bounds.
Dim extreme(DimAtom::Kind kind, const Dim& a, const Dim& b) {
  if (is_too_large(a) || is_too_large(b)) return Dim::kTooLarge;
  const auto loses = [&](const Dim& x, const Dim& winner) {
    const Dim slack = kind == DimAtom::Kind::kMin ? x - winner : winner - x;
    return !is_too_large(slack) && never_negative(slack);
  };
  std::vector<Dim> kept = operands(kind, a);
  for (const Dim& candidate : operands(kind, b)) {
    if (std::ranges::any_of(kept, [&](const Dim& k) { return loses(candidate, k); })) continue;
    std::erase_if(kept, [&](const Dim& k) { return loses(k, candidate); });
    kept.push_back(candidate);
  }
  if (kept.size() == 1) return kept[0];
  std::ranges::sort(kept, [](const Dim& x, const Dim& y) { return compare(x, y) < 0; });
  return Dim::Access::make(DimAtom{kind, {}, std::move(kept)});
}

void collect_names(const Dim& dim, std::set<std::string>& names) {
  for (const DimTerm& term : Dim::Access::terms(dim)) {
    for (const DimAtomPtr& atom : term.atoms) {
      if (atom->kind == DimAtom::Kind::kName) names.insert(atom->name);
      for (const Dim& arg : atom->args) collect_names(arg, names);
    }
  }
}

}  // namespace

bool atom_less(const DimAtomPtr& a, const DimAtomPtr& b) { return compare_atoms(a, b) < 0; }

int compare(const Dim& a, const Dim& b) {
  if (a.is_constant() && b.is_constant()) return compare_numbers(*a.constant(), *b.constant());
  const Terms x = Dim::Access::terms(a);
  const Terms y = Dim::Access::terms(b);
  for (std::size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (const int atoms = compare_monomials(x[i], y[i]); atoms != 0) return atoms;
    if (const int numbers = compare_numbers(x[i].coefficient, y[i].coefficient); numbers != 0) return numbers;
  }
  return x.size() == y.size() ? 0 : x.size() < y.size() ? -1 : 1;
}

std::vector<DimTerm> Dim::Access::terms(const Dim& dim) {
  if (dim.sum_) return dim.sum_->terms;
  if (dim.value_ == 0) return {};
  return {DimTerm{dim.value_, {}}};
}

Dim Dim::Access::make(std::vector<DimTerm> terms) {
  for (DimTerm& term : terms) {
    if (term.atoms.size() > Sum::kMaxDegree || saturate(term.coefficient) == kTooLarge) return kTooLarge;
    std::ranges::sort(term.atoms, atom_less);
  }
  std::ranges::sort(terms, [](const DimTerm& a, const DimTerm& b) { return compare_monomials(a, b) < 0; });
  auto sum = std::make_shared<Sum>();
  for (DimTerm& term : terms) {
    if (!sum->terms.empty() && compare_monomials(sum->terms.back(), term) == 0) {
      const std::int64_t total = saturate(sum->terms.back().coefficient + term.coefficient);
      if (total == kTooLarge) return kTooLarge;
      sum->terms.back().coefficient = total;
    } else {
      if (!sum->terms.empty() && sum->terms.back().coefficient == 0) sum->terms.pop_back();
      sum->terms.push_back(std::move(term));
    }
  }
  if (!sum->terms.empty() && sum->terms.back().coefficient == 0) sum->terms.pop_back();
  if (sum->terms.empty()) return 0;
  if (sum->terms[0].atoms.empty()) return sum->terms[0].coefficient;
  if (sum->terms.size() > Sum::kMaxTerms) return kTooLarge;
  for (const DimTerm& term : sum->terms) {
    for (const DimAtomPtr& atom : term.atoms) {
      ++sum->nodes;
      for (const Dim& arg : atom->args) {
        if (!arg.sum_) continue;
        sum->nodes += arg.sum_->nodes;
        sum->depth = std::max(sum->depth, arg.sum_->depth + 1);
      }
    }
    if (sum->nodes > Sum::kMaxNodes || sum->depth > Sum::kMaxDepth) return kTooLarge;
  }
  Dim out;
  out.sum_ = std::move(sum);
  return out;
}

Dim Dim::Access::make(DimAtom atom) {
  if (std::ranges::any_of(atom.args, is_too_large)) return kTooLarge;
  return make(std::vector<DimTerm>{DimTerm{1, {std::make_shared<const DimAtom>(std::move(atom))}}});
}

Dim::Dim(std::int64_t value) : value_(saturate(value)) {}

Dim::Dim(std::string_view name) { *this = Access::make(DimAtom{DimAtom::Kind::kName, std::string(name), {}}); }

std::optional<std::int64_t> Dim::constant() const { return sum_ ? std::nullopt : std::optional(value_); }

std::optional<std::string> Dim::single_name() const {
  if (!sum_ || sum_->terms.size() != 1) return std::nullopt;
  const DimTerm& term = sum_->terms[0];
  if (term.coefficient != 1 || term.atoms.size() != 1 || term.atoms[0]->kind != DimAtom::Kind::kName) {
    return std::nullopt;
  }
  return term.atoms[0]->name;
}

std::vector<std::string> Dim::names() const {
  std::set<std::string> names;
  collect_names(*this, names);
  return {names.begin(), names.end()};
}

Dim operator+(const Dim& a, const Dim& b) {
  if (is_too_large(a) || is_too_large(b)) return Dim::kTooLarge;
  if (a.is_constant() && b.is_constant()) return a.value_ + b.value_;
  Terms terms = Dim::Access::terms(a);
  std::ranges::copy(Dim::Access::terms(b), std::back_inserter(terms));
  return Dim::Access::make(std::move(terms));
}

Dim operator-(const Dim& a, const Dim& b) { return a + b * -1; }

Dim operator*(const Dim& a, const Dim& b) {
  if (is_too_large(a) || is_too_large(b)) return Dim::kTooLarge;
  if (a.is_constant() && b.is_constant()) return multiply(a.value_, b.value_);
  const Terms x = Dim::Access::terms(a);
  const Terms y = Dim::Access::terms(b);
  if (x.size() * y.size() > 16 * Dim::Sum::kMaxTerms) return Dim::kTooLarge;
  Terms product;
  for (const DimTerm& s : x) {
    for (const DimTerm& t : y) {
      product.push_back({multiply(s.coefficient, t.coefficient), s.atoms});
      product.back().atoms.insert(product.back().atoms.end(), t.atoms.begin(), t.atoms.end());
    }
  }
  return Dim::Access::make(std::move(product));
}

Dim Dim::min(const Dim& a, const Dim& b) { return extreme(DimAtom::Kind::kMin, a, b); }
Dim Dim::max(const Dim& a, const Dim& b) { return extreme(DimAtom::Kind::kMax, a, b); }

bool Dim::operator==(const Dim& other) const {
  if (!sum_ || !other.sum_) return sum_ == other.sum_ && value_ == other.value_;
  return sum_ == other.sum_ || compare(*this, other) == 0;
}

}  // namespace bolide
