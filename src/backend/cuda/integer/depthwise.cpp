#include "backend/cuda/integer/integer_text.h"
#include "backend/cuda/integer/tactics.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

constexpr const char* kFunction = "depthwise_integers";

/// integer_depthwise.cu: Depthwise
struct DeviceDepthwise {
  const void* x;
  const void* b;
  void* y;
  std::array<DeviceExtra, GemmProblem::kMostExtras> extra;
  std::int64_t x_image, x_line, x_pixel, y_image, y_line, y_pixel;
  int images, h, w, oh, ow, pad_h, pad_w, c;
};

/// The problem of all channels at once: columns are channels.
GemmProblem by_channels(GemmProblem gemm) {
  gemm.n = gemm.batch1;
  for (GemmExtra& extra : gemm.extras) {
    extra.strides.column = extra.strides.batch1;
    extra.strides.batch1 = 0;
  }
  return gemm;
}

/// Channels of a thread: 4 where everything is aligned to them.
int width(const GemmProblem& gemm) {
  const bool fits = gemm.batch1 % 4 == 0 && common_unit({gemm.a.image, gemm.a.line, gemm.a.pixel}, 1) >= 4 &&
                    (format_bytes(gemm.y_format) > 1 || common_unit({gemm.y.image, gemm.y.line, gemm.y.pixel}, 1) >= 4);
  return fits ? 4 : 1;
}

std::int64_t threads_of(const GemmProblem& gemm, int wide) { return gemm.m() * gemm.batch1 / wide; }

class DepthwiseKernel final : public ContractionKernel {
 public:
  DepthwiseKernel(const GemmProblem& gemm, bool gaps) : wide_(width(gemm)) {
    const GemmProblem all = by_channels(gemm);
    const WindowAxis& down = gemm.axes[1];
    const WindowAxis& across = gemm.axes[2];
    for (const int wide : {wide_, 1}) {
      if (!programs_.empty() && (wide_ == 1 || !gaps)) break;
      Defines defines;
      defines.set("AZERO", gemm.a_zero).set("R", down.kernel).set("S", across.kernel).set("SY", down.stride);
      defines.set("SX", across.stride).set("DY", down.dilation).set("DX", across.dilation).set("VEC", wide);
      blocks_[programs_.size()] = static_cast<unsigned>((threads_of(gemm, wide) + 127) / 128);
      programs_.push_back(
          integer_program(all, defines, {"contraction_formats", "integer_numbers", "integer_depthwise"}));
    }
    for (std::size_t i = 0; i < all.extras.size(); ++i) {
      inputs_[i] = all.extras[i].input;
      args_.extra[i] = device_extra(all, all.extras[i]);
    }
    extras_ = all.extras.size();
    args_.x_image = gemm.a.image;
    args_.x_line = gemm.a.line;
    args_.x_pixel = gemm.a.pixel;
    args_.y_image = gemm.y.image;
    args_.y_line = gemm.y.line;
    args_.y_pixel = gemm.y.pixel;
    args_.images = static_cast<int>(gemm.images);
    args_.h = static_cast<int>(down.in);
    args_.w = static_cast<int>(across.in);
    args_.oh = static_cast<int>(down.out);
    args_.ow = static_cast<int>(across.out);
    args_.pad_h = static_cast<int>(down.before);
    args_.pad_w = static_cast<int>(across.before);
    args_.c = static_cast<int>(gemm.batch1);
  }

  std::vector<Use> programs() const override {
    std::vector<Use> out;
    for (const Program& program : programs_) out.push_back({program, kFunction});
    return out;
  }
  Status load(Device& device) override {
    for (std::size_t i = 0; i < programs_.size(); ++i) {
      TRY(functions_[i], static_cast<CudaDevice&>(device).function(programs_[i], kFunction));
    }
    return {};
  }
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override {
    DeviceDepthwise args = args_;
    args.x = buffers.inputs[0];
    args.b = buffers.packed;
    args.y = buffers.outputs[0];
    for (std::size_t i = 0; i < extras_; ++i) args.extra[i].data = buffers.inputs[inputs_[i]];
    const bool fits = aligned(args.x, wide_) && aligned(args.y, wide_);
    if (!fits && programs_.size() < 2) return internal_error("an image is less aligned than its strides");
    const std::size_t form = fits ? 0 : 1;
    return cuda::launch(static_cast<CudaStream&>(stream), functions_[form],
                        {.grid = {blocks_[form], 1, 1}, .block = {128, 1, 1}}, args);
  }

 private:
  DeviceDepthwise args_ = {};
  std::array<int, GemmProblem::kMostExtras> inputs_ = {};
  std::size_t extras_ = 0;
  std::vector<Program> programs_;  // by channels of a thread: four, one
  std::array<unsigned, 2> blocks_ = {1, 1};
  std::array<Function, 2> functions_ = {};
  int wide_;
};

/// Needs     one input and one output channel a group, neighbouring channels, at most two spatial dims, constant
/// weights Numerics  exact sums
class DepthwiseTactic final : public Tactic {
 public:
  constexpr DepthwiseTactic() : Tactic("cuda.integer.depthwise", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto gemm = checked_integer_problem(problem);
    if (!gemm) return reject(gemm.error().message);
    if (gemm->transposed || gemm->batch1 == 1 || gemm->c != 1 || gemm->n != 1)
      return reject(gemm->c, " to ", gemm->n, " channels a group; needs 1 to 1");
    if (gemm->b_constant == nullptr) return reject("weights that are computed");
    if (gemm->axes[0].kernel != 1 || gemm->axes[0].in != 1) return reject("three spatial dims");
    if (gemm->a.batch1 != 1 || gemm->y.batch1 != 1) return reject("channels do not lie side by side");
    if (gemm->axes[2].kernel > 16) return reject("a kernel of ", gemm->axes[2].kernel, " pixels; at most 16");
    if (threads_of(*gemm, 1) >= std::int64_t{1} << 31) return reject("too many pixels");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const GemmProblem gemm = *integer_gemm_problem(problem);
    const CudaTarget& cuda = cuda_target(target);
    const int wide = width(gemm);
    const double work =
        static_cast<double>(threads_of(gemm, wide)) * static_cast<double>(gemm.taps()) * (4 + 3.0 * wide);
    return std::max(estimate_cuda_us(cuda, gemm.bytes()), 2.5 + work / (cuda.facts.multiprocessors * 64 * 800.0));
  }
  std::size_t packed_bytes(const Problem& problem, const Target&) const override {
    const auto gemm = integer_gemm_problem(problem);
    return gemm ? static_cast<std::size_t>(gemm->taps() * gemm->batch1) * sizeof(std::int16_t) : 0;
  }
  Status pack(const Problem& problem, const Target&, std::span<std::byte> out) const override {
    TRY(const GemmProblem gemm, integer_gemm_problem(problem));
    const auto* const from = reinterpret_cast<const std::uint8_t*>(gemm.b_constant->data());
    auto* const to = reinterpret_cast<std::int16_t*>(out.data());
    for (std::int64_t tap = 0; tap < gemm.taps(); ++tap) {
      for (std::int64_t c = 0; c < gemm.batch1; ++c) {
        const std::uint8_t code = from[c * gemm.b_batch1 + tap * gemm.b_tap];
        const int value = gemm.b_format == 3 ? int{code} : int{static_cast<std::int8_t>(code)};
        to[tap * gemm.batch1 + c] = static_cast<std::int16_t>(value - gemm.b_zero);
      }
    }
    return {};
  }
  std::string pack_key(const Problem&, const Target&) const override { return "integer taps"; }
  bool packs_input(const Problem&, int index) const override { return index == 1; }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(const GemmProblem gemm, checked_integer_problem(problem));
    return std::unique_ptr<Kernel>(
        std::make_unique<DepthwiseKernel>(gemm, !dense(problem.inputs[0]) || !dense(problem.outputs[0])));
  }
};

constexpr DepthwiseTactic kDepthwise;

}  // namespace

std::span<const Tactic* const> integer_depthwise_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kDepthwise};
  return kAll;
}

}  // namespace bolide::cuda
