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

bool channels_fit(const GemmProblem& gemm, int channels) {
  const std::int64_t unit = channels == 8 ? 16 : 4;
  return gemm.batch1 % channels == 0 && gemm.a.batch1 == 1 && gemm.y.batch1 == 1 &&
         (channels == 8 || (gemm.a_format != 2 && gemm.y_format != 2)) &&
         common_unit({gemm.a.image, gemm.a.line, gemm.a.pixel}, format_bytes(gemm.a_format)) >= unit &&
         common_unit({gemm.y.image, gemm.y.line, gemm.y.pixel}, format_bytes(gemm.y_format)) >= unit;
}

std::int64_t depthwise_threads(const GemmProblem& gemm, std::int64_t pixels, std::int64_t lines, int channels) {
  return gemm.images * ((gemm.axes[1].out + lines - 1) / lines) * ((gemm.axes[2].out + pixels - 1) / pixels) *
         (gemm.batch1 / channels);
}

Defines depthwise_defines(const GemmProblem& gemm, std::int64_t pixels, std::int64_t lines, int channels,
                          bool overlaps) {
  Defines out;
  out.extras(gemm).set("FORMAT", gemm.a_format).set("OUT", gemm.y_format);
  out.set("R", gemm.axes[1].kernel).set("S", gemm.axes[2].kernel).set("TW", pixels).set("TH", lines);
  out.set("VEC", channels).set("PDL", overlaps ? 1 : 0).set("ARGUMENT_BYTES", sizeof(DeviceDepthwise));
  return out;
}

std::optional<std::string> FloatDepthwise::fault_of(const Result<GemmProblem>& gemm, std::int64_t pixels,
                                                    std::int64_t lines) {
  if (!gemm) return gemm.error().message;
  if (auto fault = epilogue_fault(*gemm)) return fault;
  if (auto fault = depthwise_fault(*gemm)) return fault;
  if (gemm->a_format != gemm->b_format) return "operands of two dtypes";
  if (depthwise_threads(*gemm, pixels, lines, 1) >= std::int64_t{1} << 32) return "too many pixels";
  return std::nullopt;
}

std::size_t FloatDepthwise::packed_bytes(const Problem& problem, const Target&) const {
  const auto gemm = gemm_problem(problem);
  return gemm ? static_cast<std::size_t>(gemm->taps() * gemm->batch1 * format_bytes(gemm->b_format)) : 0;
}
Status FloatDepthwise::pack(const Problem& problem, const Target&, std::span<std::byte> out) const {
  TRY(const GemmProblem gemm, gemm_problem(problem));
  const auto copy = [&]<class T>(T) {
    const auto* const from = reinterpret_cast<const T*>(gemm.b_constant->data());
    auto* const to = reinterpret_cast<T*>(out.data());
    for (std::int64_t tap = 0; tap < gemm.taps(); ++tap) {
      for (std::int64_t c = 0; c < gemm.batch1; ++c)
        to[tap * gemm.batch1 + c] = from[c * gemm.b_batch1 + tap * gemm.b_tap];
    }
  };
  if (gemm.b_format == 2) {
    copy(std::uint32_t{});
  } else {
    copy(std::uint16_t{});
  }
  return {};
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
