#include "backend/cpu/cpu_backend.h"

#include "backend/cpu/tactics.h"
#include "backend/reference/reference.h"

namespace bolide {

std::vector<const Tactic*> CpuBackend::tactics(const Op& op) const {
  std::vector<const Tactic*> out;
  for (const TacticFamily& family : cpu_tactic_families()) {
    if (!family.covers(op)) continue;
    const std::span<const Tactic* const> tactics = family.tactics();
    out.insert(out.end(), tactics.begin(), tactics.end());
  }
  out.push_back(&reference_tactic());
  return out;
}

const Tactic* CpuBackend::find_tactic(std::string_view name) const {
  for (const TacticFamily& family : cpu_tactic_families()) {
    for (const Tactic* tactic : family.tactics()) {
      if (tactic->name() == name) return tactic;
    }
  }
  return name == reference_tactic().name() ? &reference_tactic() : nullptr;
}

}  // namespace bolide
