/// Dims meeting numbers: evaluation, substitution, solving; and shapes made of them.
#include "tensor/dim_form.h"

#include <algorithm>

namespace bolide {
namespace {

Result<std::int64_t> evaluate_atom(const DimAtom& atom, const DimBindings& bindings) {
  if (atom.kind == DimAtom::Kind::kName) {
    const auto found = bindings.find(atom.name);
    if (found == bindings.end()) return not_found("the size of dim '", atom.name, "' is not known");
    return found->second;
  }
  TRY(std::int64_t value, atom.args[0].evaluate(bindings));
  for (std::size_t i = 1; i < atom.args.size(); ++i) {
    TRY(const std::int64_t arg, atom.args[i].evaluate(bindings));
    switch (atom.kind) {
      case DimAtom::Kind::kMin: value = std::min(value, arg); break;
      case DimAtom::Kind::kMax: value = std::max(value, arg); break;
      case DimAtom::Kind::kDiv:
        if (arg == 0)
          return invalid_argument(text(atom.args[0]), " is divided by ", text(atom.args[1]), ", which is 0");
        value = arg < 0 ? floor_div(-value, -arg) : floor_div(value, arg);
        break;
      case DimAtom::Kind::kName: break;
    }
  }
  return value;
}

Dim substitute_atom(const DimAtom& atom, const std::map<std::string, Dim, std::less<>>& replacements) {
  if (atom.kind == DimAtom::Kind::kName) {
    const auto found = replacements.find(atom.name);
    return found == replacements.end() ? Dim(atom.name) : found->second;
  }
  Dim value = atom.args[0].substitute(replacements);
  for (std::size_t i = 1; i < atom.args.size(); ++i) {
    const Dim arg = atom.args[i].substitute(replacements);
    value = atom.kind == DimAtom::Kind::kDiv   ? value.floor_div(arg)
            : atom.kind == DimAtom::Kind::kMin ? Dim::min(value, arg)
                                               : Dim::max(value, arg);
  }
  return value;
}

}  // namespace

Result<std::int64_t> Dim::evaluate(const DimBindings& bindings) const {
  std::int64_t total = value_;
  bool overflow = false;
  if (sum_) {
    for (const DimTerm& term : sum_->terms) {
      std::int64_t product = term.coefficient;
      for (const DimAtomPtr& atom : term.atoms) {
        TRY(const std::int64_t factor, evaluate_atom(*atom, bindings));
        overflow |= __builtin_mul_overflow(product, factor, &product);
      }
      overflow |= __builtin_add_overflow(total, product, &total);
    }
  }
  if (overflow || total >= kTooLarge || total <= -kTooLarge) {
    return invalid_argument("the size ", text(*this), " is beyond the limit of 2^62");
  }
  return total;
}

Dim Dim::substitute(const std::map<std::string, Dim, std::less<>>& replacements) const {
  if (!sum_) return *this;
  Dim total;
  for (const DimTerm& term : sum_->terms) {
    Dim product(term.coefficient);
    for (const DimAtomPtr& atom : term.atoms) product = product * substitute_atom(*atom, replacements);
    total = total + product;
  }
  return total;
}

Result<std::optional<std::pair<std::string, std::int64_t>>> Dim::solve(std::int64_t value,
                                                                       const DimBindings& bound) const {
  using Solution = std::optional<std::pair<std::string, std::int64_t>>;
  std::map<std::string, Dim, std::less<>> replacements;
  for (const auto& [name, size] : bound) replacements.emplace(name, Dim(size));
  const Dim left = substitute(replacements);
  const std::vector<std::string> unbound = left.names();
  if (unbound.size() != 1) return Solution();
  std::int64_t factor = 0;
  std::int64_t constant = 0;
  for (const DimTerm& term : Access::terms(left)) {
    if (term.atoms.empty()) {
      constant = term.coefficient;
    } else if (term.atoms.size() == 1 && term.atoms[0]->kind == DimAtom::Kind::kName) {
      factor = term.coefficient;
    } else {
      return Solution();
    }
  }
  std::int64_t rest = 0;
  if (__builtin_sub_overflow(value, constant, &rest) || rest % factor != 0 || rest / factor < 0) {
    return invalid_argument("no size of '", unbound[0], "' makes ", text(left), " equal to ", value);
  }
  return Solution({unbound[0], rest / factor});
}

Shape to_shape(std::span<const std::int64_t> dims) { return {dims.begin(), dims.end()}; }

std::optional<Dims> constant_dims(const Shape& shape) {
  Dims dims;
  dims.reserve(shape.size());
  for (const Dim& dim : shape) {
    if (!dim.is_constant()) return std::nullopt;
    dims.push_back(*dim.constant());
  }
  return dims;
}

Dim element_count(const Shape& shape) {
  Dim count = 1;
  for (const Dim& dim : shape) count = count * dim;
  return count;
}

Result<Dims> evaluate(const Shape& shape, const DimBindings& bindings) {
  Dims dims;
  dims.reserve(shape.size());
  for (const Dim& dim : shape) {
    TRY(const std::int64_t size, dim.evaluate(bindings));
    dims.push_back(size);
  }
  return dims;
}

}  // namespace bolide
