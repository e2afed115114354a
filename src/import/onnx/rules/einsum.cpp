#include "ops/einsum.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/contract.h"

#include <algorithm>
#include <map>

namespace bolide::onnx {
namespace {

/// Whether one letter has sizes that are known to differ: then an axis of size 1 broadcasts. Or a size is 0.
bool is_unusual(const OnnxNodeView& node, const EinsumTerms& terms) {
  std::map<EinsumLabel, Dim> sizes;
  for (std::size_t i = 0; i < terms.inputs.size(); ++i) {
    for (std::size_t d = 0; d < terms.inputs[i].size(); ++d) {
      const Dim& size = node.shape(i)[d];
      const EinsumLabel label = terms.inputs[i][d];
      const Dim& first = sizes.emplace(label, size).first->second;
      const bool differ = size.is_constant() && first.is_constant() && !(size == first);
      if (size == Dim(0) || (label < kEllipsis && differ)) return true;
    }
  }
  return false;
}

/// A term that has a letter twice becomes its diagonal.
Result<Labelled> diagonal(Builder& build, Labelled x) {
  std::vector<EinsumLabel> once;
  std::string equation;
  for (std::size_t d = 0; d < x.labels.size(); ++d) {
    const auto found = std::find(once.begin(), once.end(), x.labels[d]);
    if (found == once.end()) once.push_back(x.labels[d]);
  }
  if (once.size() == x.labels.size()) return x;
  const auto letter = [&](EinsumLabel label) {
    const auto at = std::find(once.begin(), once.end(), label) - once.begin();
    return static_cast<char>(at < 26 ? 'a' + at : 'A' + (at - 26));
  };
  if (once.size() > 52) return unsupported("an Einsum of more than 52 axes");
  for (const EinsumLabel label : x.labels) equation += letter(label);
  equation += "->";
  for (const EinsumLabel label : once) equation += letter(label);
  TRY(const ValueId y, build.add(Einsum{.equation = equation}, {x.value}));
  return Labelled{y, std::move(once)};
}

}  // namespace

/// ONNX Einsum. Sums of products become matrix products of two inputs at a time, from the left; those of 8-bit
/// integers, with axes that broadcast by a letter, and empty ones stay as they are.
Result<Values> import_einsum(OnnxNodeView& node, Builder& build) {
  const Einsum op{.equation = node.text("equation", "")};
  if (node.input_count() == 0) return invalid_argument("input 0 is missing");
  std::vector<int> ranks;
  for (std::size_t i = 0; i < node.input_count(); ++i) {
    if (!node.has_input(i)) return invalid_argument("input ", i, " is missing");
    ranks.push_back(static_cast<int>(node.rank(i)));
  }
  TRY(const EinsumTerms terms, parse_einsum(op.equation, ranks));
  const bool same = std::all_of(node.inputs().begin(), node.inputs().end(),
                                [&](ValueId id) { return build.type(id).dtype == node.dtype(0); });
  const bool numbers = is_float(node.dtype(0)) || is_integer(node.dtype(0));
  if (!same || !numbers || bit_width(node.dtype(0)) < 16 || is_unusual(node, terms)) {
    TRY(const ValueId y, build.add(op, node.inputs()));
    return Values{y};
  }
  Labelled product;
  for (std::size_t i = 0; i < terms.inputs.size(); ++i) {
    TRY(Labelled next, diagonal(build, {node.in(i), terms.inputs[i]}));
    std::vector<EinsumLabel> needed = terms.output;
    for (std::size_t later = i + 1; later < terms.inputs.size(); ++later) {
      needed.insert(needed.end(), terms.inputs[later].begin(), terms.inputs[later].end());
    }
    if (i == 0) {
      product = std::move(next);
    } else {
      TRY(product, contract(build, std::move(product), std::move(next), needed));
    }
  }
  TRY(const Labelled summed, sum_out(build, std::move(product), terms.output));
  TRY(const Labelled y, arranged(build, summed, terms.output));
  return Values{y.value};
}

}  // namespace bolide::onnx
