#include "backend/cuda/depthwise/depthwise_kernel.h"

namespace bolide::cuda {

std::optional<std::string> depthwise_fault(const GemmProblem& gemm) {
  if (gemm.transposed || gemm.batch1 == 1 || gemm.c != 1 || gemm.n != 1)
    return strings::join(gemm.c, " to ", gemm.n, " channels a group; needs 1 to 1");
  if (gemm.b_constant == nullptr) return "weights that are computed";
  if (gemm.axes[0].kernel != 1 || gemm.axes[0].in != 1) return "three spatial dims";
  if (gemm.a.batch1 != 1 || gemm.y.batch1 != 1) return "channels do not lie side by side";
  return std::nullopt;
}

GemmProblem by_channels(GemmProblem gemm) {
  gemm.n = gemm.batch1;
  for (GemmExtra& extra : gemm.extras) {
    extra.strides.column = extra.strides.batch1;
    extra.strides.batch1 = 0;
  }
  return gemm;
}

DepthwiseKernel::DepthwiseKernel(const GemmProblem& all, std::string function, std::vector<Form> forms, bool overlaps)
    : arguments_(all), function_(std::move(function)), forms_(std::move(forms)), overlaps_(overlaps) {
  arguments_.args.c = static_cast<int>(all.n);
}

std::vector<ContractionKernel::Use> DepthwiseKernel::programs() const {
  std::vector<Use> out;
  for (const Form& form : forms_) out.push_back({form.program, function_});
  return out;
}

Status DepthwiseKernel::load(Device& device) {
  loaded_.clear();
  for (const Form& form : forms_) {
    TRY(Function function, static_cast<CudaDevice&>(device).function(form.program, function_));
    loaded_.push_back(std::move(function));
  }
  return {};
}

Status DepthwiseKernel::launch(DeviceStream& stream, const KernelBuffers& buffers) const {
  const DeviceDepthwise args = arguments_.addressed(buffers);
  for (std::size_t i = 0; i < forms_.size(); ++i) {
    if (!aligned(args.x, forms_[i].unit) || !aligned(args.y, forms_[i].unit)) continue;
    const auto blocks = static_cast<unsigned>((forms_[i].threads + 127) / 128);
    return cuda::launch(static_cast<CudaStream&>(stream), loaded_[i],
                        {.grid = {blocks, 1, 1}, .block = {128, 1, 1}, .overlaps = overlaps_}, args);
  }
  return internal_error("an image is less aligned than its strides");
}

}  // namespace bolide::cuda
