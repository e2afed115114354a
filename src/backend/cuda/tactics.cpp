#include "backend/cuda/tactics.h"

#include "backend/cpu/elementwise/work.h"
#include "backend/cpu/movement/tactics.h"
#include "backend/cuda/elementwise/tactics.h"

#include <array>

namespace bolide {
namespace {

constexpr std::array kFamilies = {
    CudaTacticFamily{"copy", cpu::is_copy, cuda::copy_tactics},
    CudaTacticFamily{"elementwise", cpu::is_elementwise, cuda::chain_tactics},
};

}  // namespace

std::span<const CudaTacticFamily> cuda_tactic_families() { return kFamilies; }

}  // namespace bolide
