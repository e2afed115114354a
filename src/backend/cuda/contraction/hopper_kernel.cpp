#include "backend/cuda/contraction/hopper_kernel.h"

#include "backend/cuda/contraction/hopper_device.h"
#include "backend/cuda/contraction/hopper_maps.h"
#include "backend/cuda/contraction/wgmma_text.h"
#include "backend/cuda/text/kernel_text.h"

namespace bolide::cuda {

Result<GemmView> hopper_view(const Problem& problem, const CudaTarget& target) {
  if (const auto fault = hopper_fault(target.facts)) return unsupported(*fault);
  TRY(GemmView view, gemm_view(problem, target, false));
  if (const auto fault = map_fault(view)) return unsupported(*fault);
  return view;
}

HopperKernel::HopperKernel(GemmView view, const TileSize& tile, const CudaTarget& target)
    : view_(std::move(view)), tile_(tile) {
  const GemmProblem& gemm = view_.gemm;
  if (view_.gaps) slices_ = bind_simt(gemm, target, view_.packed);
  view_.args.tiles_n = static_cast<int>((gemm.n + tile.columns - 1) / tile.columns);
}

void HopperKernel::set_program(const Defines& defines, std::string_view name, std::int64_t shared_bytes) {
  text_ = gemm_text(view_.gemm, defines, {"contraction_rows", "hopper_copies"}) +
          wgmma_text("multiply_tile", tile_.columns, view_.gemm.a_format) + std::string(kernel_text(name));
  shared_ = static_cast<std::size_t>(shared_bytes);
}

std::vector<ContractionKernel::Use> HopperKernel::programs() const {
  std::vector<Use> out = {{{"contraction", text_, {}}, "contract"}};
  if (slices_) out.push_back(slices_->programs()[0]);
  return out;
}

Status HopperKernel::load(Device& device) {
  auto& cuda = static_cast<CudaDevice&>(device);
  if (cuda.api().tensor_map_tiled == nullptr || cuda.api().tensor_map_im2col == nullptr)
    return unsupported("the driver has no tensor maps");
  TRY(function_, cuda.function({"contraction", text_, {}}, "contract", shared_));
  if (slices_) TRY_OK(slices_->load(device));
  return {};
}

Status HopperKernel::launch(DeviceStream& stream, const KernelBuffers& buffers) const {
  const auto args = addressed(view_, buffers);
  if (!args) {
    if (slices_) return slices_->launch(stream, buffers);
    return internal_error("an operand of a contraction is less aligned than its strides");
  }
  auto& cuda = static_cast<CudaStream&>(stream);
  const CudaDevice::Current current(cuda.device());  // tensor maps are made for it
  TensorMap a = {};
  TensorMap b = {};
  TRY_OK(operand_maps(cuda.device().api(), view_, *args, tile_.rows, tile_.columns, a, b));
  return launch_tiles(cuda, *args, a, b);
}

}  // namespace bolide::cuda
