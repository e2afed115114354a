/// The equation of an Einstein summation, taken apart.
#pragma once

#include "base/error.h"

namespace bolide {

/// What stands for an axis: the code of its letter, or kEllipsis + its place from the right among those of an ellipsis.
using EinsumLabel = int;
inline constexpr EinsumLabel kEllipsis = 256;

struct EinsumTerms {
  std::vector<std::vector<EinsumLabel>> inputs;  ///< one label an axis
  std::vector<EinsumLabel> output;               ///< each once
};

/// `equation` for inputs of those ranks. Without "->" the output has the axes of the ellipsis, then the letters that
/// stand once, by ASCII. Errors: InvalidArgument for what is no equation or does not fit the ranks.
Result<EinsumTerms> parse_einsum(std::string_view equation, std::span<const int> ranks);

}  // namespace bolide
