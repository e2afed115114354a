/// The CPU as a backend.
#pragma once

#include "backend/backend.h"
#include "backend/cpu/isa.h"

namespace bolide {

class CpuBackend final : public Backend {
 public:
  explicit CpuBackend(CpuTarget target = make_cpu_target()) : target_(std::move(target)) {}

  std::string_view name() const override { return "cpu"; }
  std::vector<const Tactic*> tactics(const Op& op) const override;
  const CpuTarget& target() const override { return target_; }
  const Tactic* find_tactic(std::string_view name) const override;

 private:
  CpuTarget target_;
};

}  // namespace bolide
