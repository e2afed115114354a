/// The plans that cuDNN has for a convolution.
#pragma once

#include "backend/cuda/library/cudnn_conv.h"
#include "backend/cuda/library/cudnn_object.h"

namespace bolide::cuda {

/// The numbers of a plan's tensors.
enum CudnnTensorId : std::int64_t { kIdX = 1, kIdW, kIdY, kIdBias, kIdResidual, kIdFirstInside };

/// An engine with its settings, ready to run.
struct CudnnPlan {
  CudnnObject plan;
  std::size_t workspace = 0;

  /// From what text() gave, to the same version on the same kind of device. Errors: what cuDNN says to it.
  static Result<CudnnPlan> restore(const CudnnApi& api, CudnnHandle handle, std::span<const std::byte> text);
  /// All of it as text, kernels that were compiled included.
  Result<std::vector<std::byte>> text() const;
};

/// The operations of a convolution, and the engines that cuDNN proposes for them, best first; those are left out that
/// do not give the same bits in every run, sum in less than f32 or transform the numbers (Winograd, Fourier).
class CudnnChoices {
 public:
  static Result<CudnnChoices> make(const CudnnApi& api, CudnnHandle handle, const CudnnConv& conv);
  std::size_t size() const { return configs_.size(); }
  /// Compiles what is needed. Errors: Unsupported where the engine turns out not to take the problem.
  Result<CudnnPlan> plan(CudnnHandle handle, std::size_t index) const;

 private:
  struct Config {
    CudnnObject object;
    std::int64_t engine = 0;  // its number, for messages
  };
  const CudnnApi* api_ = nullptr;
  std::vector<CudnnObject> objects_;  // what the configurations refer to
  std::vector<Config> configs_;
};

}  // namespace bolide::cuda
