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
  const std::int64_t unit = piece.channels == 8 ? 16 : 4;
  const bool fits = gemm.batch1 % piece.channels == 0 && gemm.a.batch1 == 1 && gemm.y.batch1 == 1 &&
                    (piece.channels == 8 || (gemm.a_format != 2 && gemm.y_format != 2)) &&
                    common_unit({gemm.a.image, gemm.a.line, gemm.a.pixel}, format_bytes(gemm.a_format)) >= unit &&
                    common_unit({gemm.y.image, gemm.y.line, gemm.y.pixel}, format_bytes(gemm.y_format)) >= unit;
  return fits ? piece.channels : 1;
}

std::string depthwise_text(const GemmProblem& gemm, const Piece& piece, int wide, bool overlaps) {
  const WindowAxis& down = gemm.axes[1];
  const WindowAxis& across = gemm.axes[2];
  Defines defines;
  defines.extras(gemm).set("FORMAT", gemm.a_format).set("OUT", gemm.y_format).set("R", down.kernel);
  defines.set("S", across.kernel).set("SY", down.stride).set("SX", across.stride).set("DY", down.dilation);
  defines.set("DX", across.dilation).set("TW", piece.pixels).set("TH", piece.lines).set("VEC", wide);
  defines.set("KEEP", gemm.taps() <= 9 ? 1 : 0)
      .set("UNROLL", wide == 8 ? (piece.pixels > 2 ? 1 : 2) : down.kernel)
      .set("PDL", overlaps ? 1 : 0)
      .set("ARGUMENT_BYTES", sizeof(DeviceDepthwise));
  return gemm_text(gemm, defines, {"depthwise"});
}

std::int64_t threads_of(const GemmProblem& gemm, const Piece& piece, int wide) {
  return gemm.images * ((gemm.axes[1].out + piece.lines - 1) / piece.lines) *
         ((gemm.axes[2].out + piece.pixels - 1) / piece.pixels) * (gemm.batch1 / wide);
}

/// Threads of `piece`, and of one channel a thread where slices may be less aligned.
std::vector<DepthwiseKernel::Form> forms_of(const GemmProblem& gemm, const Piece& piece, bool overlaps, bool gaps) {
  const GemmProblem all = by_channels(gemm);
  std::vector<DepthwiseKernel::Form> out;
  for (const int wide : {width(gemm, piece), 1}) {
    out.push_back({.program = {"depthwise", depthwise_text(all, piece, wide, overlaps), {}},
                   .threads = threads_of(gemm, piece, wide),
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
class DepthwiseTactic final : public Tactic {
 public:
  constexpr DepthwiseTactic(std::string_view name, const Piece& piece) : Tactic(name, 1), piece_(piece) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto gemm = gemm_problem(problem);
    if (!gemm) return reject(gemm.error().message);
    if (const auto fault = epilogue_fault(*gemm)) return reject(*fault);
    if (const auto fault = depthwise_fault(*gemm)) return reject(*fault);
    if (gemm->a_format != gemm->b_format) return reject("operands of two dtypes");
    if (piece_.pixels > 4 &&
        (gemm->a_format == 2 || gemm->taps() <= 9 || gemm->axes[2].stride > 1 || gemm->axes[2].dilation > 1))
      return reject("long pieces need registers that this kernel does not leave");
    if (gemm->taps() > 121) return reject(gemm->taps(), " taps; at most 121");
    if (piece_.channels == 2 && width(*gemm, piece_) == 1) return reject("channels do not lie in pairs");
    if (threads_of(*gemm, piece_, 1) >= std::int64_t{1} << 32) return reject("too many pixels");
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
    const double threads = static_cast<double>(threads_of(gemm, piece_, wide));
    const double waves = std::max(1.0, threads / (cuda.facts.multiprocessors * 384.0));
    // Lines of the kernel that wait for their loads.
    const double waits = gemm.taps() <= 9 || wide < 8 ? 1.0 : piece_.pixels > 2 ? lines : lines / 2;
    const double latency = 1.2 + 0.7 * waits * piece_.lines + 0.002 * work;
    return std::max(
        estimate_cuda_us(cuda, gemm.bytes()),
        std::max(latency, latency * 0.25 * waves) + threads * work / (cuda.facts.multiprocessors * 128 * 800.0));
  }
  std::size_t packed_bytes(const Problem& problem, const Target&) const override {
    const auto gemm = gemm_problem(problem);
    return gemm ? static_cast<std::size_t>(gemm->taps() * gemm->batch1 * format_bytes(gemm->b_format)) : 0;
  }
  Status pack(const Problem& problem, const Target&, std::span<std::byte> out) const override {
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
  bool packs_input(const Problem&, int index) const override { return index == 1; }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const GemmProblem gemm, gemm_problem(problem));
    const bool gaps = !dense(problem.inputs[0]) || !dense(problem.outputs[0]);
    const bool overlaps = launches_overlap(cuda_target(target));
    return std::unique_ptr<Kernel>(std::make_unique<DepthwiseKernel>(by_channels(gemm), "depthwise",
                                                                     forms_of(gemm, piece_, overlaps, gaps), overlaps));
  }

 private:
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
