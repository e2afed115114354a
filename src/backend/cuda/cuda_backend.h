/// NVIDIA GPUs as a backend.
#pragma once

#include "backend/backend.h"
#include "backend/cuda/cuda_target.h"

namespace bolide {

class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(CudaTarget target) : target_(std::move(target)) {}

  std::string_view name() const override { return "cuda"; }
  std::vector<const Tactic*> tactics(const Op& op) const override;
  const CudaTarget& target() const override { return target_; }
  const Tactic* find_tactic(std::string_view name) const override;
  std::shared_ptr<Device> device() const override { return target_.device; }
  bool has_own_memory() const override { return true; }

 private:
  CudaTarget target_;
};

}  // namespace bolide
