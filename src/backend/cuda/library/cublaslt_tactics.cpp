#include "backend/cuda/library/cublaslt_product.h"
#include "backend/cuda/library/library_tactic.h"
#include "backend/cuda/library/tactics.h"
#include "backend/cuda/tactic_list.h"

namespace bolide::cuda {
namespace {

class CublasLtKernel final : public DeviceKernel {
 public:
  CublasLtKernel(std::shared_ptr<CudaDevice> device, CublasLtDevice& cublas, GemmView view, const CublasLtShape& shape,
                 const CublasLtChoice& choice, const CudaTarget& target)
      : device_(std::move(device)), cublas_(cublas), view_(std::move(view)), shape_(shape), choice_(choice) {
    if (view_.gaps) slices_ = bind_simt(view_.gemm, target, view_.packed);
  }

  std::size_t workspace_bytes() const override { return padded_workspace(choice_.workspace); }
  Status load(Device& device) override {
    if (slices_) TRY_OK(slices_->load(device));
    return {};
  }
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override {
    const auto args = addressed(view_, buffers);
    const void* const c = operand(buffers, shape_.form.rows);
    if (!args || !aligned(c, 16)) {
      if (slices_) return slices_->launch(stream, buffers);
      return internal_error("an operand of a product by cuBLASLt is less aligned than its strides");
    }
    const CudaDevice::Current current(*device_);
    TRY(const CublasLtCall call, CublasLtCall::make(cublas_.api(), shape_, operand(buffers, shape_.form.vector)));
    return call.run(cublas_.handle(), choice_.algorithm, args->a, args->b, c, args->y,
                    choice_.workspace == 0 ? nullptr : aligned_workspace(buffers.workspace), choice_.workspace,
                    static_cast<CudaStream&>(stream).handle());
  }

 private:
  const void* operand(const KernelBuffers& buffers, int extra) const {
    if (extra < 0) return nullptr;
    return buffers.inputs[view_.gemm.extras[static_cast<std::size_t>(extra)].input];
  }

  std::shared_ptr<CudaDevice> device_;  // keeps what follows alive
  CublasLtDevice& cublas_;
  GemmView view_;
  CublasLtShape shape_;
  CublasLtChoice choice_;
  std::unique_ptr<ContractionKernel> slices_;
};

/// Needs     cuBLASLt 12 or 13; f16, bf16 or (allowed) TF32; rows of x, weights and y at one distance and aligned to
///           16 bytes; an epilogue of sums and ReLU or GELU by tanh
/// Numerics  sums in f32, in the algorithm's order; the same bits in every run
class CublasLtTactic final : public PackedRowsTactic {
 public:
  constexpr CublasLtTactic(std::string_view name, int place) : PackedRowsTactic(name, 0, false), place_(place) {}

  int revision() const override {
    const auto api = cublaslt_api();
    return api ? (*api)->version : 0;
  }
  bool is_library() const override { return true; }
  Verdict accepts(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    if (cuda.facts.capability < 80) return reject("compute capability ", cuda.facts.capability, "; needs 80");
    const auto view = gemm_view(problem, cuda, false);
    if (!view) return reject(view.error().message);
    if (const auto shape = cublaslt_shape(problem, *view); !shape) return reject(shape.error().message);
    if (const auto why = no_library_device(cuda)) return reject(*why);
    if (const auto api = cublaslt_api(); !api) return reject(api.error().message);
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const GemmProblem gemm = *gemm_problem(problem);
    return kUnmeasuredLibraryUs + place_ + 1e-3 * estimate_cuda_us(cuda_target(target), gemm.bytes());
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    TRY(GemmView view, gemm_view(problem, cuda, false));
    TRY(const CublasLtShape shape, cublaslt_shape(problem, view));
    if (const auto why = no_library_device(cuda)) return unsupported(*why);
    const CudaDevice::Current current(*cuda.device);
    TRY(CublasLtDevice* const cublas, CublasLtDevice::of(*cuda.device));
    TRY(const CublasLtChoice choice, cublas->choice(shape, problem.key(), static_cast<std::size_t>(place_)));
    return std::unique_ptr<Kernel>(
        std::make_unique<CublasLtKernel>(cuda.device, *cublas, std::move(view), shape, choice, cuda));
  }

 private:
  int place_;
};

constexpr CublasLtTactic kPlaces[] = {
    {"cuda.cublaslt.0", 0}, {"cuda.cublaslt.1", 1}, {"cuda.cublaslt.2", 2}, {"cuda.cublaslt.3", 3},
    {"cuda.cublaslt.4", 4}, {"cuda.cublaslt.5", 5}, {"cuda.cublaslt.6", 6}, {"cuda.cublaslt.7", 7},
};

constexpr auto kAll = tactic_list(kPlaces);

}  // namespace

std::span<const Tactic* const> cublaslt_tactics() { return kAll; }

}  // namespace bolide::cuda
