#include "backend/cuda/contraction/image_arguments.h"
#include "backend/cuda/contraction/tactics.h"

#include <algorithm>
#include <cstring>

namespace bolide::cuda {
namespace {

/// stem.cu: Stem, whose size the text compares with ARGUMENT_BYTES.
struct DeviceStem {
  const void* x;
  const void* b;
  void* y;
  std::array<DeviceExtra, GemmProblem::kMostExtras> extra;
  std::int64_t x_image, x_channel, x_line, x_pixel, y_image, y_line, y_pixel;
  int images, h, w, oh, ow, pad_h, pad_w, n;
};

/// Sizes that the text and the launch agree on.
struct StemShape {
  std::int64_t lines = 8;     ///< of a piece, which is 16 pixels wide
  std::int64_t columns = 64;  ///< output channels of a block
  std::int64_t span = 0;      ///< kernel width rounded up to even
  std::int64_t steps = 0;     ///< of 16 products
  std::int64_t patch = 0;     ///< input elements under a piece
  std::int64_t shared = 0;
  std::int64_t pieces = 0;
  bool pairs = false;  ///< of channels
  int writes = 0;      ///< YVEC of the text
};

/// Channels-last images of an even number of channels.
bool channel_pairs(const GemmProblem& gemm) {
  return gemm.c % 2 == 0 && gemm.a.column == 1 && gemm.a.pixel % 2 == 0 && gemm.a.line % 2 == 0 &&
         gemm.a.image % 2 == 0 && gemm.a_format == gemm.b_format;
}

StemShape stem_shape(const GemmProblem& gemm, std::int64_t lines, bool pairs) {
  const WindowAxis& down = gemm.axes[1];
  const WindowAxis& across = gemm.axes[2];
  StemShape out;
  out.lines = lines;
  out.pairs = pairs;
  out.columns = gemm.n == 96 ? 96 : std::min<std::int64_t>(64, (gemm.n + 7) / 8 * 8);
  out.span = (across.kernel + 1) / 2 * 2;
  const std::int64_t products = pairs ? gemm.kd() : gemm.c * down.kernel * out.span;
  out.steps = (products + 15) / 16;
  const std::int64_t patch_h = (lines - 1) * down.stride + down.kernel;
  const std::int64_t patch_w = pairs ? 15 * across.stride + across.kernel : (15 * across.stride + out.span + 1) / 2 * 2;
  out.patch = gemm.c * patch_h * patch_w;
  const std::int64_t size = format_bytes(gemm.y_format);
  out.shared = (out.columns + 15) / 16 * 16 * (out.steps * 8 + 4) * 4 + out.steps * 32 +
               (out.patch / (pairs ? 2 : 1) + 1) / 2 * 16 + (out.patch * 2 + 15) / 16 * 16 +
               lines * 16 * (out.columns * size + 16);
  out.pieces = gemm.images * ((down.out + lines - 1) / lines) * ((across.out + 15) / 16);
  const bool runs = gemm.y_format != 2 && gemm.n % 2 == 0 && gemm.n <= out.columns && gemm.y.pixel == gemm.n &&
                    gemm.y.line % 2 == 0 && gemm.y.image % 2 == 0;
  out.writes = common_unit({gemm.y.image, gemm.y.line, gemm.y.pixel, gemm.n}, size) == 16 ? 1 : runs ? 2 : 0;
  return out;
}

class StemKernel final : public ContractionKernel {
 public:
  StemKernel(const GemmProblem& gemm, const StemShape& shape, const CudaTarget& target, bool gaps) : arguments_(gemm) {
    const WindowAxis& down = gemm.axes[1];
    const WindowAxis& across = gemm.axes[2];
    overlaps_ = launches_overlap(target);
    std::int64_t paired = 0;
    for (std::size_t i = 0; i < gemm.extras.size(); ++i) {
      const RowStrides& strides = gemm.extras[i].strides;
      const bool even = strides.image % 2 == 0 && strides.line % 2 == 0 && strides.pixel % 2 == 0;
      if (!gaps && even && strides.column == 1 && gemm.n % 2 == 0 && gemm.extras[i].format != 2) paired |= 1 << i;
    }
    for (const int writes : {shape.writes, 0}) {
      Defines defines;
      defines.extras(gemm).set("XFORMAT", gemm.a_format).set("OUT", gemm.y_format).set("ELEM", gemm.b_format);
      defines.set("C", gemm.c).set("R", down.kernel).set("S", across.kernel).set("SY", down.stride);
      defines.set("SX", across.stride).set("SP", shape.span).set("TH", shape.lines).set("BN", shape.columns);
      defines.set("MINB", shape.columns * shape.lines > 512 ? 2 : 3).set("YVEC", writes).set("NY", gemm.n);
      defines.set("PAIRS", shape.pairs ? 1 : 0).set("EXTRA_PAIRS", paired);
      defines.set("PDL", overlaps_ ? 1 : 0).set("ARGUMENT_BYTES", sizeof(DeviceStem));
      texts_.push_back(gemm_text(gemm, defines, {"mma", "stem"}));
      if (writes == 0 || !gaps) break;
    }
    unit_ = shape.writes == 1 ? 16 : shape.writes == 2 ? 4 : 1;
    x_unit_ = shape.pairs ? 4 : 1;
    shared_ = static_cast<std::size_t>(shape.shared);
    arguments_.args.x_channel = gemm.a.column;
    arguments_.args.n = static_cast<int>(gemm.n);
    fit_ = std::clamp<std::int64_t>(target.facts.shared_bytes_per_multiprocessor / (shape.shared + 1024), 1, 8);
    multiprocessors_ = target.facts.multiprocessors;
    pieces_ = shape.pieces;
    columns_ = (gemm.n + shape.columns - 1) / shape.columns;
  }

  std::vector<Use> programs() const override {
    std::vector<Use> out;
    for (const std::string& text : texts_) out.push_back({{"stem", text, {}}, "stem"});
    return out;
  }
  Status load(Device& device) override {
    auto& cuda = static_cast<CudaDevice&>(device);
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      TRY(functions_[i], cuda.function({"stem", texts_[i], {}}, "stem", shared_));
    }
    // Blocks that stay: as many as fit at once.
    const std::int64_t warps = functions_[0].registers > 0 ? 65536 / (functions_[0].registers * 32) : 64;
    const std::int64_t blocks = multiprocessors_ * std::clamp<std::int64_t>(warps / 4, 1, fit_);
    grid_ = {static_cast<unsigned>(std::clamp<std::int64_t>(blocks / columns_, 1, pieces_)),
             static_cast<unsigned>(columns_), 1};
    return {};
  }
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override {
    const DeviceStem args = arguments_.addressed(buffers);
    const bool fits = aligned(args.y, unit_);
    if ((!fits && texts_.size() < 2) || !aligned(args.x, x_unit_))
      return internal_error("an image is less aligned than its strides");
    return cuda::launch(static_cast<CudaStream&>(stream), functions_[fits ? 0 : 1],
                        {.grid = grid_, .block = {128, 1, 1}, .shared_bytes = shared_, .overlaps = overlaps_}, args);
  }

 private:
  ImageArguments<DeviceStem> arguments_;
  std::array<unsigned, 3> grid_ = {1, 1, 1};
  std::size_t shared_ = 0;
  std::vector<std::string> texts_;
  std::array<Function, 2> functions_ = {};
  std::int64_t fit_ = 1;
  std::int64_t multiprocessors_ = 1;
  std::int64_t pieces_ = 1;
  std::int64_t columns_ = 1;
  std::int64_t unit_ = 1;    // alignment that the result needs
  std::int64_t x_unit_ = 1;  // and the image
  bool overlaps_ = false;
};

/// Needs     at most 4 input channels in any order of dims, or an even number of neighbouring ones up to 48; two
/// spatial
///           dims, constant weights; f16 or bf16; sm_80
/// Numerics  sums in f32: channel, line, pixel in order (pairs: line, pixel, channel), by 16 at a time
class StemTactic final : public Tactic {
 public:
  constexpr StemTactic(std::string_view name, std::int64_t lines, bool pairs)
      : Tactic(name, 2), lines_(lines), pairs_(pairs) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    if (cuda.facts.capability < 80) return reject("compute capability ", cuda.facts.capability, "; needs 80");
    const auto gemm = gemm_problem(problem);
    if (!gemm) return reject(gemm.error().message);
    if (const auto fault = epilogue_fault(*gemm)) return reject(*fault);
    if (gemm->taps() < 4 || gemm->c > (pairs_ ? 48 : 4))
      return reject(gemm->c, " channels and ", gemm->taps(), " taps");
    if (pairs_ && !channel_pairs(*gemm)) return reject("channels do not lie in pairs");
    if (pairs_ && !dense(problem.inputs[0])) return reject("a slice");
    if (pairs_ && gemm->n > 64) return reject(gemm->n, " output channels");
    if (gemm->transposed || gemm->batches() != 1) return reject("groups or a transposed convolution");
    if (gemm->b_constant == nullptr) return reject("weights that are computed");
    if (gemm->b_format == 2) return reject("f32 weights");
    if (gemm->axes[0].kernel != 1 || gemm->axes[0].in != 1) return reject("three spatial dims");
    if (gemm->axes[1].dilation != 1 || gemm->axes[2].dilation != 1) return reject("dilations");
    if (gemm->n > 1 && gemm->y.column != 1) return reject("channels of y lie ", gemm->y.column, " apart; needs 1");
    const StemShape shape = stem_shape(*gemm, lines_, pairs_);
    if (gemm->images * gemm->a.image + gemm->c * gemm->a.column >= std::int64_t{1} << 31)
      return reject("an image of 2^31 elements");
    if (shape.patch / (pairs_ ? 2 : 1) > 128 * 32) return reject(shape.patch, " input elements under a piece");
    if (shape.shared > cuda.facts.shared_bytes_per_block) return reject(shape.shared, " bytes of shared memory");
    if (shape.pieces >= std::int64_t{1} << 31) return reject(shape.pieces, " pieces");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const GemmProblem gemm = *gemm_problem(problem);
    const CudaTarget& cuda = cuda_target(target);
    const StemShape shape = stem_shape(gemm, lines_, pairs_);
    const std::int64_t blocks = shape.pieces * ((gemm.n + shape.columns - 1) / shape.columns);
    const std::int64_t most = shape.columns * lines_ > 512 ? 2 : shape.columns == 64 ? 3 : 4;
    const std::int64_t slots = cuda.facts.multiprocessors * most;
    const auto waves = static_cast<double>((blocks + slots - 1) / slots);
    const auto together =
        static_cast<double>(std::min(most, (blocks + cuda.facts.multiprocessors - 1) / cuda.facts.multiprocessors));
    const double line = 0.25 + 0.014 * static_cast<double>(shape.steps) * together;
    return std::max(estimate_cuda_us(cuda, gemm.bytes()), 2.5 + waves * (static_cast<double>(lines_) * line + 0.15));
  }
  std::size_t packed_bytes(const Problem& problem, const Target&) const override {
    const auto gemm = gemm_problem(problem);
    return gemm ? static_cast<std::size_t>(stem_shape(*gemm, lines_, pairs_).steps * 32 * gemm->n) : 0;
  }
  Status pack(const Problem& problem, const Target&, std::span<std::byte> out) const override {
    TRY(const GemmProblem gemm, gemm_problem(problem));
    const StemShape shape = stem_shape(gemm, lines_, pairs_);
    auto* const to = reinterpret_cast<std::uint16_t*>(out.data());
    const auto* const from = reinterpret_cast<const std::uint16_t*>(gemm.b_constant->data());
    std::memset(out.data(), 0, static_cast<std::size_t>(shape.steps * 32 * gemm.n));
    const std::int64_t width = gemm.axes[2].kernel;
    for (std::int64_t n = 0; n < gemm.n; ++n) {
      for (std::int64_t c = 0; c < gemm.c; ++c) {
        for (std::int64_t tap = 0; tap < gemm.taps(); ++tap) {
          const std::int64_t line = c * gemm.axes[1].kernel + tap / width;
          const std::int64_t at = pairs_ ? tap * gemm.c + c : line * shape.span + tap % width;
          to[n * shape.steps * 16 + at] = from[n * gemm.b_n + c * gemm.b_c + tap * gemm.b_tap];
        }
      }
    }
    return {};
  }
  bool packs_input(const Problem&, int index) const override { return index == 1; }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const GemmProblem gemm, gemm_problem(problem));
    bool gaps = !dense(problem.outputs[0]);
    for (const GemmExtra& extra : gemm.extras) gaps |= !dense(problem.inputs[static_cast<std::size_t>(extra.input)]);
    return std::unique_ptr<Kernel>(
        std::make_unique<StemKernel>(gemm, stem_shape(gemm, lines_, pairs_), cuda_target(target), gaps));
  }

 private:
  std::int64_t lines_;
  bool pairs_;
};

constexpr StemTactic kLines8{"cuda.conv.stem.8", 8, false};
constexpr StemTactic kLines4{"cuda.conv.stem.4", 4, false};
constexpr StemTactic kPairs8{"cuda.conv.pairs.8", 8, true};
constexpr StemTactic kPairs4{"cuda.conv.pairs.4", 4, true};

}  // namespace

std::span<const Tactic* const> stem_tactics() {
  static constexpr std::array<const Tactic*, 4> kAll = {&kLines8, &kLines4, &kPairs8, &kPairs4};
  return kAll;
}

}  // namespace bolide::cuda
