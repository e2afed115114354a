#include "backend/cuda/tactics.h"

namespace bolide {

std::span<const CudaTacticFamily> cuda_tactic_families() { return {}; }

}  // namespace bolide
