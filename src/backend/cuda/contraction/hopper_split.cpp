#include "backend/cuda/contraction/hopper_device.h"
#include "backend/cuda/contraction/hopper_maps.h"
#include "backend/cuda/contraction/tactics.h"
#include "backend/cuda/contraction/wgmma_text.h"
#include "backend/cuda/text/kernel_text.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

/// Columns of a tile of 64 rows; stages; parts of k.
struct Tile {
  int columns, stages, splits;

  std::int64_t shared() const { return 1024 + std::int64_t{stages} * (64 + columns) * 128; }
  std::int64_t blocks(const GemmProblem& gemm) const {
    return (gemm.n + columns - 1) / columns * ((gemm.m() + 63) / 64) * splits;
  }
};

class HopperSplitKernel final : public ContractionKernel {
 public:
  HopperSplitKernel(GemmView view, const Tile& tile, const CudaTarget& target) : view_(std::move(view)), tile_(tile) {
    const GemmProblem& gemm = view_.gemm;
    if (view_.gaps) slices_ = bind_simt(gemm, target, view_.packed);
    view_.fetch = -1;
    Defines defines;
    defines.extras(gemm).set("ELEM", gemm.a_format).set("OUT", gemm.y_format).set("BN", tile.columns);
    defines.set("ST", tile.stages).set("SPLITS", tile.splits).set("BEARLY", view_.packed ? 1 : 0);
    defines.set("LINEAR", view_.linear ? 1 : 0).set("YLINEAR", 1).set("PDL", 1);
    text_ = gemm_text(gemm, defines, {"contraction_rows", "hopper_copies"}) +
            wgmma_text("multiply_tile", tile.columns, gemm.a_format) + std::string(kernel_text("hopper_split"));
    view_.args.tiles_n = static_cast<int>((gemm.n + tile.columns - 1) / tile.columns);
  }

  std::vector<Use> programs() const override {
    std::vector<Use> out = {{{"contraction", text_, {}}, "contract"}};
    if (slices_) out.push_back(slices_->programs()[0]);
    return out;
  }
  Status load(Device& device) override {
    auto& cuda = static_cast<CudaDevice&>(device);
    if (cuda.api().tensor_map_tiled == nullptr || cuda.api().tensor_map_im2col == nullptr)
      return unsupported("the driver has no tensor maps");
    TRY(function_, cuda.function({"contraction", text_, {}}, "contract", static_cast<std::size_t>(tile_.shared())));
    if (slices_) TRY_OK(slices_->load(device));
    return {};
  }
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override {
    const auto args = addressed(view_, buffers);
    if (!args) {
      if (slices_) return slices_->launch(stream, buffers);
      return internal_error("an operand of a contraction is less aligned than its strides");
    }
    auto& cuda = static_cast<CudaStream&>(stream);
    const CudaDevice::Current current(cuda.device());  // tensor maps are made for it
    TensorMap a = {};
    TensorMap b = {};
    TRY_OK(operand_maps(cuda.device().api(), view_, *args, 64, tile_.columns, a, b));
    return cuda::launch(cuda, function_,
                        {.grid = {static_cast<unsigned>(tile_.blocks(view_.gemm)), 1, 1},
                         .block = {160, 1, 1},
                         .shared_bytes = static_cast<std::size_t>(tile_.shared()),
                         .overlaps = true},
                        *args, a, b);
  }

 private:
  GemmView view_;
  Tile tile_;
  std::string text_;
  Function function_;
  std::unique_ptr<ContractionKernel> slices_;
};

/// Needs     as of HopperGemm
/// Numerics  as of HopperGemm, in parts of k that are added in order
class HopperSplit final : public PackedRowsTactic {
 public:
  constexpr HopperSplit(std::string_view name, const Tile& tile) : PackedRowsTactic(name, 1, false), tile_(tile) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    if (const auto fault = hopper_fault(cuda.facts)) return reject(*fault);
    const auto view = gemm_view(problem, cuda, false);
    if (!view) return reject(view.error().message);
    const GemmProblem& gemm = view->gemm;
    if (const auto fault = map_fault(*view)) return reject(*fault);
    if (map_steps(*view) < 2 * tile_.splits)
      return reject(map_steps(*view), " steps of k for ", tile_.splits, " parts");
    if (tile_.blocks(gemm) > 6 * cuda.facts.multiprocessors) return reject("enough tiles without parts of k");
    if (tile_.columns > 64 && tile_.columns >= 2 * gemm.n) return reject("half of the columns would be empty");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    const GemmView view = *gemm_view(problem, cuda, false);
    const std::int64_t fit =
        std::min<std::int64_t>(cuda.facts.shared_bytes_per_multiprocessor / (tile_.shared() + 1024), 4);
    const std::int64_t slots = cuda.facts.multiprocessors * fit;
    const std::int64_t blocks = tile_.blocks(view.gemm);
    const auto rounds = static_cast<double>((blocks + slots - 1) / slots);
    const auto together =
        static_cast<double>(std::min(fit, (blocks + cuda.facts.multiprocessors - 1) / cuda.facts.multiprocessors));
    const auto steps = static_cast<double>((map_steps(view) + tile_.splits - 1) / tile_.splits);
    const double step = std::max(0.21, together * (64 + tile_.columns) * 128 / 58e3);
    const double us = 2.3 + 0.05 * tile_.splits + rounds * steps * step;
    const double memory = estimate_cuda_us(cuda, view.gemm.bytes());
    return std::max(us, memory) + 0.3 * (std::min(us, memory) - 2.0);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    TRY(GemmView view, gemm_view(problem, cuda, false));
    return std::unique_ptr<Kernel>(std::make_unique<HopperSplitKernel>(std::move(view), tile_, cuda));
  }

 private:
  Tile tile_;
};

constexpr HopperSplit kTiles[] = {
    {"cuda.gemm.wgmma.64x64.k1", {64, 6, 1}},   {"cuda.gemm.wgmma.64x64.k2", {64, 6, 2}},
    {"cuda.gemm.wgmma.64x64.k4", {64, 4, 4}},   {"cuda.gemm.wgmma.64x64.k8", {64, 4, 8}},
    {"cuda.gemm.wgmma.64x32.k4", {32, 6, 4}},   {"cuda.gemm.wgmma.64x32.k8", {32, 4, 8}},
    {"cuda.gemm.wgmma.64x32.k2", {32, 6, 2}},   {"cuda.gemm.wgmma.64x128.k2", {128, 4, 2}},
    {"cuda.gemm.wgmma.64x128.k4", {128, 4, 4}},
};
constexpr auto kAll = [] {
  std::array<const Tactic*, std::size(kTiles)> out = {};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = &kTiles[i];
  return out;
}();

}  // namespace

std::span<const Tactic* const> hopper_split_tactics() { return kAll; }

}  // namespace bolide::cuda
