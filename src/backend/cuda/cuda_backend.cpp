#include "backend/cuda/cuda_backend.h"

#include "backend/cuda/tactics.h"
#include "backend/reference/reference.h"

namespace bolide {

std::vector<const Tactic*> CudaBackend::tactics(const Op& op) const {
  std::vector<const Tactic*> out;
  for (const CudaTacticFamily& family : cuda_tactic_families()) {
    if (!family.covers(op)) continue;
    const std::span<const Tactic* const> tactics = family.tactics();
    out.insert(out.end(), tactics.begin(), tactics.end());
  }
  out.push_back(&reference_tactic());
  return out;
}

const Tactic* CudaBackend::find_tactic(std::string_view name) const {
  for (const CudaTacticFamily& family : cuda_tactic_families()) {
    for (const Tactic* tactic : family.tactics()) {
      if (tactic->name() == name) return tactic;
    }
  }
  return name == reference_tactic().name() ? &reference_tactic() : nullptr;
}

}  // namespace bolide
