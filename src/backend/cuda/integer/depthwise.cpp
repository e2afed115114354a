#include "backend/cuda/depthwise/depthwise_kernel.h"
#include "backend/cuda/integer/integer_text.h"
#include "backend/cuda/integer/tactics.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

/// Channels of a thread: 4 where everything is aligned to them.
int width(const GemmProblem& gemm) {
  const bool fits = gemm.batch1 % 4 == 0 && common_unit({gemm.a.image, gemm.a.line, gemm.a.pixel}, 1) >= 4 &&
                    (format_bytes(gemm.y_format) > 1 || common_unit({gemm.y.image, gemm.y.line, gemm.y.pixel}, 1) >= 4);
  return fits ? 4 : 1;
}

std::int64_t threads_of(const GemmProblem& gemm, int wide) { return gemm.m() * gemm.batch1 / wide; }

/// As many channels a thread as fit, and one where slices may be less aligned.
std::vector<DepthwiseKernel::Form> forms_of(const GemmProblem& gemm, bool gaps) {
  const GemmProblem all = by_channels(gemm);
  const WindowAxis& down = gemm.axes[1];
  const WindowAxis& across = gemm.axes[2];
  std::vector<DepthwiseKernel::Form> out;
  for (const int wide : {width(gemm), 1}) {
    Defines defines;
    defines.set("AZERO", gemm.a_zero).set("R", down.kernel).set("S", across.kernel).set("SY", down.stride);
    defines.set("SX", across.stride).set("DY", down.dilation).set("DX", across.dilation).set("VEC", wide);
    out.push_back(
        {.program = integer_program(all, defines, {"contraction_formats", "integer_numbers", "integer_depthwise"}),
         .threads = threads_of(gemm, wide),
         .unit = wide});
    if (wide == 1 || !gaps) break;
  }
  return out;
}

/// Needs     one input and one output channel a group, neighbouring channels, at most two spatial dims; weights that
///           are constant
/// Numerics  exact sums
class DepthwiseTactic final : public Tactic {
 public:
  constexpr DepthwiseTactic() : Tactic("cuda.integer.depthwise", 2) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto gemm = checked_integer_problem(problem);
    if (!gemm) return reject(gemm.error().message);
    if (const auto fault = depthwise_fault(*gemm)) return reject(*fault);
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
    const bool gaps = !dense(problem.inputs[0]) || !dense(problem.outputs[0]);
    return std::unique_ptr<Kernel>(
        std::make_unique<DepthwiseKernel>(by_channels(gemm), "depthwise_integers", forms_of(gemm, gaps), false));
  }
};

constexpr DepthwiseTactic kDepthwise;

}  // namespace

std::span<const Tactic* const> integer_depthwise_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kDepthwise};
  return kAll;
}

}  // namespace bolide::cuda
