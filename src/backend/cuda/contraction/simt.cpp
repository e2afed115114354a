#include "backend/cuda/contraction/gemm_device.h"
#include "backend/cuda/contraction/tactics.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

/// simt.cu: Volume, Window, DirectContraction
struct DeviceVolume {
  std::int64_t batch0, batch1, image, plane, line, pixel, channel;
};
struct DeviceWindow {
  int in, out, kernel, stride, step, before;
};
struct DirectContraction {
  const void* a;
  const void* b;
  void* y;
  std::array<DeviceExtra, GemmProblem::kMostExtras> extra;
  std::array<std::int64_t, GemmProblem::kMostExtras> extra_plane;
  DeviceVolume as, ys;
  std::int64_t b_batch0, b_batch1, b_row, b_channel, b_tap;
  std::array<DeviceWindow, 3> window;
  int m, n, c, taps, inner_batch;
};

DeviceVolume volume(const RowStrides& s) { return {s.batch0, s.batch1, s.image, s.plane, s.line, s.pixel, s.column}; }

class SimtKernel final : public ContractionKernel {
 public:
  SimtKernel(const GemmProblem& gemm, const CudaTarget& target, bool packed) : packed_(packed) {
    Defines defines;
    // The kernel places operands by all of their strides, whatever their kind.
    defines.extras(gemm).set("AFORMAT", gemm.a_format).set("BFORMAT", gemm.b_format).set("OUT", gemm.y_format);
    defines.set("TRANSPOSED", gemm.transposed ? 1 : 0).set("ROWFAST", gemm.a.pixel < gemm.a.column ? 1 : 0);
    overlaps_ = launches_overlap(target);
    defines.set("PDL", overlaps_ ? 1 : 0);
    text_ = gemm_text(gemm, defines, {"contraction_formats", "simt"});
    for (std::size_t i = 0; i < gemm.extras.size(); ++i) {
      const RowStrides& s = gemm.extras[i].strides;
      inputs_[i] = gemm.extras[i].input;
      args_.extra[i] = {nullptr, s.batch0, s.batch1, s.image, s.line, s.pixel, s.column};
      args_.extra_plane[i] = s.plane;
    }
    args_.as = volume(gemm.a);
    args_.ys = volume(gemm.y);
    const std::int64_t row = packed_rows(gemm).row;
    args_.b_batch0 = packed ? 0 : gemm.b_batch0;
    args_.b_batch1 = packed ? gemm.n * row : gemm.b_batch1;
    args_.b_row = packed ? row : gemm.b_n;
    args_.b_channel = packed ? 1 : gemm.b_c;
    args_.b_tap = packed ? gemm.c : gemm.b_tap;
    for (std::size_t i = 0; i < 3; ++i) {
      const WindowAxis& axis = gemm.axes[i];
      args_.window[i] = {static_cast<int>(axis.in),     static_cast<int>(axis.out),      static_cast<int>(axis.kernel),
                         static_cast<int>(axis.stride), static_cast<int>(axis.dilation), static_cast<int>(axis.before)};
    }
    args_.m = static_cast<int>(gemm.m());
    args_.n = static_cast<int>(gemm.n);
    args_.c = static_cast<int>(gemm.c);
    args_.taps = static_cast<int>(gemm.taps());
    args_.inner_batch = static_cast<int>(gemm.batch1);
    extras_ = gemm.extras.size();
    const std::int64_t tiles = (gemm.m() + 63) / 64 * ((gemm.n + 63) / 64);
    grid_ = {static_cast<unsigned>(tiles), 1, static_cast<unsigned>(gemm.batches())};
  }

  std::vector<Use> programs() const override { return {{{"contraction", text_, {}}, "contract_simt"}}; }
  Status load(Device& device) override {
    TRY(function_, static_cast<CudaDevice&>(device).function({"contraction", text_, {}}, "contract_simt"));
    return {};
  }
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override {
    DirectContraction args = args_;
    args.a = buffers.inputs[0];
    args.b = packed_ ? static_cast<const void*>(buffers.packed) : buffers.inputs[1];
    args.y = buffers.outputs[0];
    for (std::size_t i = 0; i < extras_; ++i) args.extra[i].data = buffers.inputs[inputs_[i]];
    return cuda::launch(static_cast<CudaStream&>(stream), function_,
                        {.grid = grid_, .block = {256, 1, 1}, .overlaps = overlaps_}, args);
  }

 private:
  DirectContraction args_ = {};
  std::array<int, GemmProblem::kMostExtras> inputs_ = {};
  std::size_t extras_ = 0;
  std::array<unsigned, 3> grid_ = {1, 1, 1};
  std::string text_;
  Function function_;
  bool packed_ = false;
  bool overlaps_ = false;
};

/// Any strides, dtypes of float (the result and the epilogue's operands also integers), groups, up to three spatial
/// dims, transposed convolution, batches. Numerics  f32, a term at a time: taps in order, channels in order within a
/// tap
class Simt final : public Tactic {
 public:
  constexpr Simt() : Tactic("cuda.gemm.simt", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto gemm = mixed_gemm_problem(problem);
    if (!gemm) return reject(gemm.error().message);
    if (const auto fault = epilogue_fault(*gemm)) return reject(*fault);
    if (gemm->batches() > 65535) return reject(gemm->batches(), " batches and groups; at most 65535");
    const std::int64_t tiles = (gemm->m() + 63) / 64 * ((gemm->n + 63) / 64);
    if (tiles >= std::int64_t{1} << 31) return reject(tiles, " tiles");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const GemmProblem gemm = *mixed_gemm_problem(problem);
    const CudaTarget& cuda = cuda_target(target);
    const std::int64_t tiles = (gemm.m() + 63) / 64 * ((gemm.n + 63) / 64) * gemm.batches();
    const std::int64_t steps = gemm.taps() * ((gemm.c + 15) / 16);
    const auto waves =
        static_cast<double>((tiles + cuda.facts.multiprocessors * 4 - 1) / (cuda.facts.multiprocessors * 4));
    return std::max(estimate_cuda_us(cuda, gemm.bytes()), 3.0 + waves * (1.0 + 1.5 * static_cast<double>(steps)));
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(const GemmProblem gemm, mixed_gemm_problem(problem));
    return std::unique_ptr<Kernel>(std::make_unique<SimtKernel>(gemm, cuda_target(target), false));
  }
};

constexpr Simt kSimt;

}  // namespace

std::unique_ptr<ContractionKernel> bind_simt(const GemmProblem& gemm, const CudaTarget& target, bool packed) {
  return std::make_unique<SimtKernel>(gemm, target, packed);
}

std::span<const Tactic* const> simt_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kSimt};
  return kAll;
}

}  // namespace bolide::cuda
