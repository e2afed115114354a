/// A convolution whose weights come at run time: they are packed into the workspace first, then it runs as any other.
#include "backend/cpu/conv/core.h"
#include "backend/cpu/conv/tactics.h"

namespace bolide {
namespace {

class ComputedWeightsKernel final : public HostKernel {
 public:
  ComputedWeightsKernel(ConvGeometry geometry, const GemmKernels& kernels, std::unique_ptr<Kernel> inner)
      : geometry_(std::move(geometry)),
        kernels_(kernels),
        packed_(static_cast<std::size_t>(packed_conv(geometry_, kernels_).bytes + 63) / 64 * 64),
        inner_(std::move(inner)) {}

  std::size_t workspace_bytes() const override { return packed_ + inner().workspace_bytes(); }
  std::size_t scratch_bytes() const override { return inner().scratch_bytes(); }
  int phases() const override { return 1 + inner().phases(); }
  Grid grid(int phase) const override { return phase == 0 ? Grid{} : inner().grid(phase - 1); }

  Status run(int phase, const KernelBuffers& buffers, Range rows, Range channels) const override {
    if (phase == 0) {
      pack_conv_f32(geometry_, static_cast<const float*>(buffers.inputs[1]), kernels_, {buffers.workspace, packed_});
      return ok();
    }
    KernelBuffers own = buffers;
    own.packed = buffers.workspace;
    own.workspace = buffers.workspace + packed_;
    return inner().run(phase - 1, own, rows, channels);
  }

 private:
  const HostKernel& inner() const { return host_kernel(*inner_); }

  ConvGeometry geometry_;
  const GemmKernels& kernels_;
  std::size_t packed_;
  std::unique_ptr<Kernel> inner_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> with_computed_weights(const Problem& problem, const GemmKernels& kernels,
                                                      std::unique_ptr<Kernel> inner) {
  TRY(ConvGeometry geometry, conv_geometry(problem));
  return std::unique_ptr<Kernel>(
      std::make_unique<ComputedWeightsKernel>(std::move(geometry), kernels, std::move(inner)));
}

}  // namespace bolide
