#include "backend/cuda/library/cudnn_device.h"
#include "backend/cuda/library/library_tactic.h"
#include "backend/cuda/library/tactics.h"
#include "backend/cuda/tactic_list.h"

namespace bolide::cuda {

std::optional<std::string> no_library_device(const CudaTarget& target) {
  if (target.device == nullptr || target.device->is_recording()) return "a plan without its device";
  return std::nullopt;
}

namespace {

class CudnnConvKernel final : public DeviceKernel {
 public:
  CudnnConvKernel(std::shared_ptr<CudaDevice> device, CudnnDevice& cudnn, std::shared_ptr<const CudnnPlan> plan,
                  const CudnnConv& conv)
      : device_(std::move(device)), cudnn_(cudnn), plan_(std::move(plan)) {
    bias_ = conv.bias_input;
    residual_ = conv.residual_input;
  }
  ~CudnnConvKernel() override {
    const CudaDevice::Current current(*device_);
    plan_.reset();
  }

  std::size_t workspace_bytes() const override { return padded_workspace(plan_->workspace); }
  Status load(Device&) override { return {}; }
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override {
    const CudaDevice::Current current(*device_);
    std::array<std::int64_t, 5> ids = {kIdX, kIdW, kIdY};
    std::array<void*, 5> addresses = {const_cast<void*>(buffers.inputs[0]), const_cast<std::byte*>(buffers.packed),
                                      buffers.outputs[0]};
    std::size_t count = 3;
    const auto add = [&](std::int64_t id, int input) {
      if (input < 0) return;
      ids[count] = id;
      addresses[count++] = const_cast<void*>(buffers.inputs[input]);
    };
    add(kIdBias, bias_);
    add(kIdResidual, residual_);
    for (std::size_t i = 0; i < count; ++i) {
      if (!aligned(addresses[i], 16)) return internal_error("an operand of a convolution by cuDNN is not aligned");
    }
    void* const workspace = plan_->workspace == 0 ? nullptr : aligned_workspace(buffers.workspace);
    return cudnn_.run(*plan_, static_cast<CudaStream&>(stream).handle(), std::span(ids).first(count),
                      std::span<void* const>(addresses).first(count), workspace);
  }

 private:
  std::shared_ptr<CudaDevice> device_;  // keeps what follows alive
  CudnnDevice& cudnn_;
  std::shared_ptr<const CudnnPlan> plan_;
  int bias_ = -1;
  int residual_ = -1;
};

/// Weights as [o, taps, c], without gaps.
void pack_dense(const GemmProblem& gemm, std::span<std::byte> out) {
  const auto copy = [&]<class T>(T) {
    auto* to = reinterpret_cast<T*>(out.data());
    const auto* const from = reinterpret_cast<const T*>(gemm.b_constant->data());
    for (std::int64_t row = 0; row < gemm.n * gemm.batch1; ++row) {
      const T* const base = from + row / gemm.n * gemm.b_batch1 + row % gemm.n * gemm.b_n;
      for (std::int64_t tap = 0; tap < gemm.taps(); ++tap) {
        for (std::int64_t c = 0; c < gemm.c; ++c) *to++ = base[c * gemm.b_c + tap * gemm.b_tap];
      }
    }
  };
  if (format_bytes(gemm.b_format) == 2) {
    copy(std::uint16_t{});
  } else {
    copy(std::uint32_t{});
  }
}

/// Needs     cuDNN 9; f16, bf16 or (allowed) TF32; channels-last without gaps, channels in units of 16 bytes; two
///           spatial dims; an epilogue of sums and one activation; weights that are constant
/// Numerics  sums in f32, in the engine's order; the same bits in every run
class CudnnConvTactic final : public Tactic {
 public:
  constexpr CudnnConvTactic(std::string_view name, int place) : Tactic(name, 0), place_(place) {}

  int revision() const override {
    const auto api = cudnn_api();
    return api ? (*api)->version : 0;
  }
  bool is_library() const override { return true; }
  Verdict accepts(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    if (const auto conv = cudnn_conv(problem, cuda); !conv) return reject(conv.error().message);
    if (const auto why = no_library_device(cuda)) return reject(*why);
    if (const auto api = cudnn_api(); !api) return reject(api.error().message);
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const GemmProblem gemm = *gemm_problem(problem);
    return kUnmeasuredLibraryUs + 0.5 + place_ + 1e-3 * estimate_cuda_us(cuda_target(target), gemm.bytes());
  }
  std::size_t packed_bytes(const Problem& problem, const Target&) const override {
    const auto gemm = gemm_problem(problem);
    if (!gemm) return 0;
    return static_cast<std::size_t>(gemm->n * gemm->batch1 * gemm->kd() * format_bytes(gemm->b_format));
  }
  Status pack(const Problem& problem, const Target&, std::span<std::byte> out) const override {
    TRY(const GemmProblem gemm, gemm_problem(problem));
    pack_dense(gemm, out);
    return {};
  }
  std::string pack_key(const Problem&, const Target&) const override { return "dense rows"; }
  bool packs_input(const Problem&, int index) const override { return index == 1; }

  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    TRY(const CudnnConv conv, cudnn_conv(problem, cuda));
    if (const auto why = no_library_device(cuda)) return unsupported(*why);
    const CudaDevice::Current current(*cuda.device);
    TRY(CudnnDevice* const cudnn, CudnnDevice::of(*cuda.device));
    TRY(auto plan, cudnn->plan(conv, problem.key(), static_cast<std::size_t>(place_)));
    return std::unique_ptr<Kernel>(std::make_unique<CudnnConvKernel>(cuda.device, *cudnn, std::move(plan), conv));
  }

 private:
  int place_;
};

constexpr CudnnConvTactic kPlaces[] = {
    {"cuda.cudnn.0", 0}, {"cuda.cudnn.1", 1}, {"cuda.cudnn.2", 2}, {"cuda.cudnn.3", 3},
    {"cuda.cudnn.4", 4}, {"cuda.cudnn.5", 5}, {"cuda.cudnn.6", 6}, {"cuda.cudnn.7", 7},
};

constexpr auto kAll = tactic_list(kPlaces);

}  // namespace

std::span<const Tactic* const> cudnn_tactics() { return kAll; }

}  // namespace bolide::cuda
