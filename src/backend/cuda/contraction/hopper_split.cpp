#include "backend/cuda/contraction/hopper_kernel.h"
#include "backend/cuda/contraction/hopper_maps.h"
#include "backend/cuda/contraction/tactics.h"
#include "backend/cuda/tactic_list.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

constexpr int kRows = 64;  // of a tile

/// Columns of a tile; stages; parts of k.
struct Tile {
  int columns, stages, splits;

  std::int64_t shared() const { return 1024 + std::int64_t{stages} * (kRows + columns) * 128; }
  std::int64_t blocks(const GemmProblem& gemm) const {
    return (gemm.n + columns - 1) / columns * ((gemm.m() + kRows - 1) / kRows) * splits;
  }
};

class HopperSplitKernel final : public HopperKernel {
 public:
  HopperSplitKernel(GemmView view, const Tile& tile, const CudaTarget& target)
      : HopperKernel(std::move(view), {kRows, tile.columns}, target) {
    const GemmProblem& gemm = view_.gemm;
    view_.fetch = -1;
    Defines defines;
    defines.extras(gemm).set("ELEM", gemm.a_format).set("OUT", gemm.y_format).set("BN", tile.columns);
    defines.set("ST", tile.stages).set("SPLITS", tile.splits).set("BEARLY", view_.packed ? 1 : 0);
    defines.set("LINEAR", view_.linear ? 1 : 0).set("YLINEAR", 1).set("PDL", 1);
    set_program(defines, "hopper_split", tile.shared());
    blocks_ = static_cast<unsigned>(tile.blocks(gemm));
  }

 protected:
  Status launch_tiles(CudaStream& stream, const DeviceContraction& args, const TensorMap& a,
                      const TensorMap& b) const override {
    return cuda::launch(
        stream, function(),
        {.grid = {blocks_, 1, 1}, .block = {160, 1, 1}, .shared_bytes = shared_bytes(), .overlaps = true}, args, a, b);
  }

 private:
  unsigned blocks_ = 1;
};

/// Needs     as of HopperGemm
/// Numerics  as of HopperGemm, in parts of k that are added in order
class HopperSplit final : public PackedRowsTactic {
 public:
  constexpr HopperSplit(std::string_view name, const Tile& tile) : PackedRowsTactic(name, 2, false), tile_(tile) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    const auto view = hopper_view(problem, cuda);
    if (!view) return reject(view.error().message);
    const GemmProblem& gemm = view->gemm;
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
    const double step = std::max(0.21, together * (kRows + tile_.columns) * 128 / 58e3);
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
constexpr auto kAll = tactic_list(kTiles);

}  // namespace

std::span<const Tactic* const> hopper_split_tactics() { return kAll; }

}  // namespace bolide::cuda
