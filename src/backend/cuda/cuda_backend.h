/// NVIDIA GPUs as a backend.
#pragma once

#include "backend/backend.h"
#include "backend/cpu/cpu_backend.h"
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
  const Backend* host() const override { return &host_; }
  double copy_us(std::int64_t bytes) const override {
    return estimate_cuda_us(target_, 2.0 * static_cast<double>(bytes));
  }

 private:
  CudaTarget target_;
  CpuBackend host_;
};

}  // namespace bolide
