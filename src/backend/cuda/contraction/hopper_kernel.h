/// What the contraction kernels for sm_90a have in common on the host's side.
#pragma once

#include "backend/cuda/contraction/gemm_view.h"

namespace bolide::cuda {

/// The problem as maps describe it. Errors: Unsupported with why the device or the maps do not take it.
Result<GemmView> hopper_view(const Problem& problem, const CudaTarget& target);

/// A kernel that reads a and b by maps. Where an operand is a slice whose address is less aligned than its strides, the
/// form without tensor cores runs in its place.
class HopperKernel : public ContractionKernel {
 public:
  std::vector<Use> programs() const final;
  Status load(Device& device) final;
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const final;

 protected:
  struct TileSize {
    int rows, columns;
  };
  HopperKernel(GemmView view, const TileSize& tile, const CudaTarget& target);

  /// The program "contract" of the text `name`, whose blocks take so much shared memory.
  void set_program(const Defines& defines, std::string_view name, std::int64_t shared_bytes);
  const Function& function() const { return function_; }
  std::size_t shared_bytes() const { return shared_; }

  /// Launches function(): `args` with addresses, `a` and `b` of tiles.
  virtual Status launch_tiles(CudaStream& stream, const DeviceContraction& args, const TensorMap& a,
                              const TensorMap& b) const = 0;

  GemmView view_;

 private:
  TileSize tile_;
  std::string text_;
  std::size_t shared_ = 0;
  Function function_;
  std::unique_ptr<ContractionKernel> slices_;
};

}  // namespace bolide::cuda
