#include "backend/cuda/depthwise/tactics.h"

#include "backend/cuda/depthwise/depthwise_kernel.h"
#include "backend/cuda/tactic_list.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

/// Pixels, lines and channels of the result for each thread, where they can be.
struct Piece {
  int pixels, lines, channels;
};

/// Channels a thread takes: those of the piece where everything is aligned to them, else one.
int width(const GemmProblem& gemm, const Piece& piece) {
  return channels_fit(gemm, piece.channels) ? piece.channels : 1;
}

std::string depthwise_text(const GemmProblem& gemm, const Piece& piece, int wide, bool overlaps) {
  const WindowAxis& down = gemm.axes[1];
  const WindowAxis& across = gemm.axes[2];
  Defines defines = depthwise_defines(gemm, piece.pixels, piece.lines, wide, overlaps);
  defines.set("SY", down.stride).set("SX", across.stride).set("DY", down.dilation).set("DX", across.dilation);
  defines.set("KEEP", gemm.taps() <= 9 ? 1 : 0).set("UNROLL", wide == 8 ? (piece.pixels > 2 ? 1 : 2) : down.kernel);
  return gemm_text(gemm, defines, {"depthwise_parts", "depthwise"});
}

/// Threads of `piece`, and of one channel a thread where slices may be less aligned.
std::vector<DepthwiseKernel::Form> forms_of(const GemmProblem& gemm, const Piece& piece, bool overlaps, bool gaps) {
  const GemmProblem all = by_channels(gemm);
  std::vector<DepthwiseKernel::Form> out;
  for (const int wide : {width(gemm, piece), 1}) {
    out.push_back({.program = {"depthwise", depthwise_text(all, piece, wide, overlaps), {}},
                   .threads = depthwise_threads(gemm, piece.pixels, piece.lines, wide),
                   .unit = wide == 8   ? 16
                           : wide == 2 ? 4
                                       : 1});
    if (wide == 1 || !gaps) break;
  }
  return out;
}

/// Needs     one input and one output channel a group, neighbouring channels, at most two spatial dims; weights that
///           are constant
/// Numerics  sums in f32, taps in order
class DepthwiseTactic final : public FloatDepthwise {
 public:
  constexpr DepthwiseTactic(std::string_view name, const Piece& piece) : FloatDepthwise(name), piece_(piece) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto gemm = gemm_problem(problem);
    if (const auto fault = fault_of(gemm, piece_.pixels, piece_.lines)) return reject(*fault);
    if (piece_.pixels > 4 &&
        (gemm->a_format == 2 || gemm->taps() <= 9 || gemm->axes[2].stride > 1 || gemm->axes[2].dilation > 1))
      return reject("long pieces need registers that this kernel does not leave");
    if (words_of_line(*gemm) > 224) return reject("a line of the kernel does not fit registers");
    if (gemm->taps() > 121) return reject(gemm->taps(), " taps; at most 121");
    if (piece_.channels == 2 && width(*gemm, piece_) == 1) return reject("channels do not lie in pairs");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const GemmProblem gemm = *gemm_problem(problem);
    const CudaTarget& cuda = cuda_target(target);
    const int wide = width(gemm, piece_);
    const double pixels = piece_.pixels;
    const double taps = static_cast<double>(gemm.taps());
    const double lines = static_cast<double>(gemm.axes[1].kernel);
    const double span =
        (pixels - 1) * static_cast<double>(gemm.axes[2].stride) + static_cast<double>(gemm.axes[2].kernel);
    // Operations of a thread: products, and loads and conversions that neighbours repeat.
    const double work = (taps * pixels * wide + (span + taps / pixels) * lines * (2.0 + wide)) * piece_.lines;
    const double threads = static_cast<double>(depthwise_threads(gemm, piece_.pixels, piece_.lines, wide));
    const double waves = std::max(1.0, threads / (cuda.facts.multiprocessors * 384.0));
    // Lines of the kernel that wait for their loads.
    const double waits = gemm.taps() <= 9 || wide < 8 ? 1.0 : piece_.pixels > 2 ? lines : lines / 2;
    const double latency = 1.2 + 0.7 * waits * piece_.lines + 0.002 * work;
    return std::max(
        estimate_cuda_us(cuda, gemm.bytes()),
        std::max(latency, latency * 0.25 * waves) + threads * work / (cuda.facts.multiprocessors * 128 * 800.0));
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const GemmProblem gemm, gemm_problem(problem));
    const bool gaps = !dense(problem.inputs[0]) || !dense(problem.outputs[0]);
    const bool overlaps = launches_overlap(cuda_target(target));
    return std::unique_ptr<Kernel>(std::make_unique<DepthwiseKernel>(by_channels(gemm), "depthwise",
                                                                     forms_of(gemm, piece_, overlaps, gaps), overlaps));
  }

 private:
  /// Registers of weights and pixels that one line of the kernel takes.
  std::int64_t words_of_line(const GemmProblem& gemm) const {
    const WindowAxis& across = gemm.axes[2];
    const std::int64_t span = (piece_.pixels - 1) * across.stride + (across.kernel - 1) * across.dilation + 1;
    const std::int64_t pixels = std::min(span, piece_.pixels * across.kernel);
    const int wide = width(gemm, piece_);
    return (across.kernel + pixels) * std::max<std::int64_t>(1, wide * format_bytes(gemm.a_format) / 4);
  }

  Piece piece_;
};

constexpr DepthwiseTactic kForms[] = {
    {"cuda.conv.depthwise.4x4", {4, 4, 8}},    {"cuda.conv.depthwise.4x1", {4, 1, 8}},
    {"cuda.conv.depthwise.2x1", {2, 1, 8}},    {"cuda.conv.depthwise.4x2", {4, 2, 8}},
    {"cuda.conv.depthwise.8x2", {8, 2, 8}},    {"cuda.conv.depthwise.1x1.c2", {1, 1, 2}},
    {"cuda.conv.depthwise.2x1.c2", {2, 1, 2}}, {"cuda.conv.depthwise.4x1.c2", {4, 1, 2}},
};
constexpr auto kAll = tactic_list(kForms);

}  // namespace

std::span<const Tactic* const> depthwise_tactics() { return kAll; }

}  // namespace bolide::cuda
