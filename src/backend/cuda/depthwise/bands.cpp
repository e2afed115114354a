#include "backend/cuda/depthwise/depthwise_kernel.h"
#include "backend/cuda/depthwise/tactics.h"
#include "backend/cuda/tactic_list.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

constexpr int kChannels = 2;

/// Threads go down bands of the result that keep all multiprocessors busy.
std::int64_t band_lines(const GemmProblem& gemm, const CudaTarget& cuda, int pixels) {
  std::int64_t lines = gemm.axes[1].out;
  const std::int64_t wanted = std::int64_t{cuda.facts.multiprocessors} * 512;
  while (lines > 2 * gemm.axes[1].kernel && depthwise_threads(gemm, pixels, lines, kChannels) < wanted)
    lines = (lines + 1) / 2;
  return lines;
}

/// Needs     one input and one output channel a group, in aligned pairs of 16 bits, at most two spatial dims, steps of
///           1; weights that are constant
/// Numerics  sums in f32, taps in order
class BandTactic final : public FloatDepthwise {
 public:
  constexpr BandTactic(std::string_view name, int pixels) : FloatDepthwise(name), pixels_(pixels) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto gemm = gemm_problem(problem);
    if (const auto fault = fault_of(gemm, pixels_, 1)) return reject(*fault);
    for (const std::size_t dim : {std::size_t{1}, std::size_t{2}}) {
      if (gemm->axes[dim].stride != 1 || gemm->axes[dim].dilation != 1) return reject("steps other than 1");
    }
    if (!channels_fit(*gemm, kChannels)) return reject("channels do not lie in pairs");
    if (span(*gemm) > 32) return reject(span(*gemm), " pixels of a line at a time; at most 32");
    if (registers(*gemm) > 224) return reject("weights and sums do not fit registers");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const GemmProblem gemm = *gemm_problem(problem);
    const CudaTarget& cuda = cuda_target(target);
    const std::int64_t lines = band_lines(gemm, cuda, pixels_);
    const double taps = static_cast<double>(gemm.taps());
    const double rows = static_cast<double>(lines + gemm.axes[1].kernel - 1);
    // Operations of a thread: products, and loads, conversions and addresses of the lines it reads.
    const double work = taps * pixels_ * kChannels * static_cast<double>(lines) +
                        rows * static_cast<double>(span(gemm)) * 6.0 + 3.0 * taps;
    const double threads = static_cast<double>(depthwise_threads(gemm, pixels_, lines, kChannels));
    const double latency = 2.0 + 0.7 * rows;
    return std::max(estimate_cuda_us(cuda, gemm.bytes()),
                    latency + threads * work / (cuda.facts.multiprocessors * 128 * 700.0));
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const GemmProblem gemm, gemm_problem(problem));
    const CudaTarget& cuda = cuda_target(target);
    const bool overlaps = launches_overlap(cuda);
    const GemmProblem all = by_channels(gemm);
    const std::int64_t lines = band_lines(gemm, cuda, pixels_);
    const auto form = [&](int channels) {
      Defines defines = depthwise_defines(all, pixels_, lines, channels, overlaps);
      defines.set("X_PIXEL", all.a.pixel).set("Y_PIXEL", all.y.pixel);
      return DepthwiseKernel::Form{
          .program = {"depthwise", gemm_text(all, defines, {"depthwise_parts", "depthwise_bands"}), {}},
          .threads = depthwise_threads(gemm, pixels_, lines, channels),
          .unit = channels == 1 ? 1 : 4};
    };
    std::vector<DepthwiseKernel::Form> forms = {form(kChannels)};
    if (!dense(problem.inputs[0]) || !dense(problem.outputs[0])) forms.push_back(form(1));
    return std::unique_ptr<Kernel>(std::make_unique<DepthwiseKernel>(all, "depthwise", std::move(forms), overlaps));
  }

 private:
  /// Pixels of x above the pixels of a line.
  std::int64_t span(const GemmProblem& gemm) const { return pixels_ - 1 + gemm.axes[2].kernel; }
  /// Of a thread: weights, sums, a line ahead and one at work.
  std::int64_t registers(const GemmProblem& gemm) const {
    return gemm.taps() * kChannels + gemm.axes[1].kernel * pixels_ * kChannels + 2 * span(gemm) + 24;
  }

  int pixels_;
};

constexpr BandTactic kForms[] = {
    {"cuda.conv.depthwise.bands4", 4},
    {"cuda.conv.depthwise.bands7", 7},
};
constexpr auto kAll = tactic_list(kForms);

}  // namespace

std::span<const Tactic* const> depthwise_band_tactics() { return kAll; }

}  // namespace bolide::cuda
