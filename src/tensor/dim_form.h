/// The canonical form behind Dim, for the files of this folder only.
///
/// A sum holds at most 64 terms, sorted by falling degree and then by their atoms, which is an order that
/// multiplication respects. Forms beyond the limits below become Dim::kTooLarge, so that hostile shapes cannot explode.
#pragma once

#include "tensor/dim.h"

namespace bolide {

struct DimAtom {
  enum class Kind : std::uint8_t { kName, kDiv, kMin, kMax };
  Kind kind = Kind::kName;
  std::string name;
  std::vector<Dim> args;  ///< kDiv: numerator, denominator; kMin and kMax: two or more, sorted
};
using DimAtomPtr = std::shared_ptr<const DimAtom>;

/// coefficient * atoms[0] * atoms[1] ...; atoms are sorted and may repeat.
struct DimTerm {
  std::int64_t coefficient = 0;
  std::vector<DimAtomPtr> atoms;
};

struct Dim::Sum {
  static constexpr std::size_t kMaxTerms = 64;
  static constexpr std::size_t kMaxDegree = 32;
  static constexpr int kMaxNodes = 512;
  static constexpr int kMaxDepth = 24;

  std::vector<DimTerm> terms;
  int nodes = 0;  ///< atoms in the written-out form
  int depth = 0;  ///< nesting of floor divisions, minima and maxima
};

struct Dim::Access {
  /// The terms of any Dim; the constant 0 has none.
  static std::vector<DimTerm> terms(const Dim& dim);
  /// Sorts, merges and bounds `terms`.
  static Dim make(std::vector<DimTerm> terms);
  static Dim make(DimAtom atom);
};

inline bool is_too_large(const Dim& dim) { return dim.constant() == Dim::kTooLarge; }
std::int64_t floor_div(std::int64_t a, std::int64_t b);    ///< b > 0
bool atom_less(const DimAtomPtr& a, const DimAtomPtr& b);  ///< the order of atoms in a term
int compare(const Dim& a, const Dim& b);                   ///< any total order: negative, 0 or positive

}  // namespace bolide
