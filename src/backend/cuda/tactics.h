/// The families of CUDA tactics, in one ordered list.
#pragma once

#include "backend/tactic.h"

namespace bolide {

struct CudaTacticFamily {
  std::string_view name;
  bool (*covers)(const Op& op);
  std::span<const Tactic* const> (*tactics)();  ///< best guess first, without the reference
};
/// An operator may be covered by several families; the candidates stand in the order of the list.
std::span<const CudaTacticFamily> cuda_tactic_families();

}  // namespace bolide
