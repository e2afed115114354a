#include "backend/cuda/depthwise/tactics.h"

#include "backend/cuda/contraction/gemm_device.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

/// depthwise.cu: Depthwise, whose size the text compares with ARGUMENT_BYTES.
struct DeviceDepthwise {
  const void* x;
  const void* b;
  void* y;
  std::array<DeviceExtra, GemmProblem::kMostExtras> extra;
  std::int64_t x_image, x_line, x_pixel, y_image, y_line, y_pixel;
  int images, h, w, oh, ow, pad_h, pad_w, c;
};

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

/// The problem of all channels at once: columns are channels. The epilogue's operands lie as columns too.
GemmProblem by_channels(GemmProblem gemm) {
  const auto column = [&](RowStrides& s) {
    s.column = s.batch1;
    s.batch1 = 0;
  };
  gemm.n = gemm.batch1;
  for (GemmExtra& extra : gemm.extras) column(extra.strides);
  return gemm;
}

class DepthwiseKernel final : public ContractionKernel {
 public:
  DepthwiseKernel(const GemmProblem& gemm, const Piece& piece, const CudaTarget& target, bool gaps)
      : wide_(width(gemm, piece)), overlaps_(launches_overlap(target)) {
    const GemmProblem all = by_channels(gemm);
    texts_.push_back(depthwise_text(all, piece, wide_, overlaps_));
    blocks_[0] = static_cast<unsigned>((threads_of(gemm, piece, wide_) + 127) / 128);
    if (wide_ > 1 && gaps) {
      texts_.push_back(depthwise_text(all, piece, 1, overlaps_));
      blocks_[1] = static_cast<unsigned>((threads_of(gemm, piece, 1) + 127) / 128);
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
    args_.h = static_cast<int>(gemm.axes[1].in);
    args_.w = static_cast<int>(gemm.axes[2].in);
    args_.oh = static_cast<int>(gemm.axes[1].out);
    args_.ow = static_cast<int>(gemm.axes[2].out);
    args_.pad_h = static_cast<int>(gemm.axes[1].before);
    args_.pad_w = static_cast<int>(gemm.axes[2].before);
    args_.c = static_cast<int>(gemm.batch1);
  }

  std::vector<Use> programs() const override {
    std::vector<Use> out;
    for (const std::string& text : texts_) out.push_back({{"depthwise", text, {}}, "depthwise"});
    return out;
  }
  Status load(Device& device) override {
    auto& cuda = static_cast<CudaDevice&>(device);
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      TRY(functions_[i], cuda.function({"depthwise", texts_[i], {}}, "depthwise"));
    }
    return {};
  }
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override {
    DeviceDepthwise args = args_;
    args.x = buffers.inputs[0];
    args.b = buffers.packed;
    args.y = buffers.outputs[0];
    for (std::size_t i = 0; i < extras_; ++i) args.extra[i].data = buffers.inputs[inputs_[i]];
    const std::int64_t unit = wide_ == 8 ? 16 : wide_ == 2 ? 4 : 1;
    const bool fits = aligned(args.x, unit) && aligned(args.y, unit);
    if (!fits && texts_.size() < 2) return internal_error("an image is less aligned than its strides");
    const std::size_t form = fits ? 0 : 1;
    return cuda::launch(static_cast<CudaStream&>(stream), functions_[form],
                        {.grid = {blocks_[form], 1, 1}, .block = {128, 1, 1}, .overlaps = overlaps_}, args);
  }

 private:
  DeviceDepthwise args_ = {};
  std::array<int, GemmProblem::kMostExtras> inputs_ = {};
  std::size_t extras_ = 0;
  std::vector<std::string> texts_;
  std::array<unsigned, 2> blocks_ = {1, 1};
  std::array<Function, 2> functions_ = {};
  int wide_;
  bool overlaps_;
};

/// Needs     one input and one output channel a group, neighbouring channels, at most two spatial dims, constant
/// weights Numerics  sums in f32, taps in order
class DepthwiseTactic final : public Tactic {
 public:
  constexpr DepthwiseTactic(std::string_view name, const Piece& piece) : Tactic(name, 1), piece_(piece) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto gemm = gemm_problem(problem);
    if (!gemm) return reject(gemm.error().message);
    if (const auto fault = epilogue_fault(*gemm)) return reject(*fault);
    if (gemm->transposed || gemm->batch1 == 1 || gemm->c != 1 || gemm->n != 1)
      return reject(gemm->c, " to ", gemm->n, " channels a group; needs 1 to 1");
    if (gemm->a_format != gemm->b_format) return reject("operands of two dtypes");
    if (gemm->b_constant == nullptr) return reject("weights that are computed");
    if (gemm->axes[0].kernel != 1 || gemm->axes[0].in != 1) return reject("three spatial dims");
    if (gemm->a.batch1 != 1 || gemm->y.batch1 != 1) return reject("channels do not lie side by side");
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
    return std::unique_ptr<Kernel>(std::make_unique<DepthwiseKernel>(
        gemm, piece_, cuda_target(target), !dense(problem.inputs[0]) || !dense(problem.outputs[0])));
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
constexpr auto kAll = [] {
  std::array<const Tactic*, std::size(kForms)> out = {};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = &kForms[i];
  return out;
}();

}  // namespace

std::span<const Tactic* const> depthwise_tactics() { return kAll; }

}  // namespace bolide::cuda
