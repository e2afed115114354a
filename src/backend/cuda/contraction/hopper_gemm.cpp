#include "backend/cuda/contraction/hopper_kernel.h"
#include "backend/cuda/contraction/hopper_maps.h"
#include "backend/cuda/contraction/tactics.h"
#include "backend/cuda/tactic_list.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

/// Groups of warps that multiply; rows and columns of a tile; stages; buffers of results; blocks on a multiprocessor.
struct Tile {
  int groups, rows, columns, stages, buffers, blocks;
  bool apart = false;  ///< every group has tiles of its own
  bool kept = false;   ///< b of the block's columns stays in shared memory

  /// `steps` of 128 bytes of k.
  std::int64_t shared(std::int64_t steps) const {
    const std::int64_t rows_of_a = std::int64_t{stages} * rows;
    return 1024 + (rows_of_a + (kept ? steps : stages) * columns) * 128 + std::int64_t{buffers} * rows * columns * 2;
  }
};

std::int64_t tiles_across(const GemmProblem& gemm, const Tile& tile) {
  return (gemm.n + tile.columns - 1) / tile.columns;
}
/// Blocks that the device holds at once; where b is kept, as many for each column of tiles.
std::int64_t slots_of(const GemmProblem& gemm, const Tile& tile, const CudaTarget& target) {
  const std::int64_t slots = std::int64_t{target.facts.multiprocessors} * tile.blocks;
  const std::int64_t across = tiles_across(gemm, tile);
  return tile.kept ? slots / across * across : slots;
}

class HopperGemmKernel final : public HopperKernel {
 public:
  HopperGemmKernel(GemmView view, const Tile& tile, const CudaTarget& target)
      : HopperKernel(std::move(view), {tile.rows, tile.columns}, target) {
    const GemmProblem& gemm = view_.gemm;
    overlaps_ = launches_overlap(target);
    bulk_ = gemm.y_format != 2;
    if (!bulk_) view_.fetch = -1;
    Defines defines;
    defines.extras(gemm).set("GROUPS", tile.groups).set("ELEM", gemm.a_format).set("OUT", gemm.y_format);
    defines.set("BM", tile.rows).set("BN", tile.columns).set("ST", tile.stages).set("CS", tile.buffers);
    defines.set("APART", tile.apart ? 1 : 0).set("KEEP", tile.kept ? map_steps(view_) : 0);
    defines.set("BEARLY", view_.packed ? 1 : 0);
    defines.set("MINB", tile.blocks).set("LINEAR", view_.linear ? 1 : 0).set("YLINEAR", 1);
    defines.set("YBULK", bulk_ ? 1 : 0).set("FETCH", view_.fetch).set("PDL", overlaps_ ? 1 : 0);
    set_program(defines, "hopper_gemm", tile.shared(map_steps(view_)));
    const std::int64_t tiles = tiles_across(gemm, tile) * ((gemm.m() + tile.rows - 1) / tile.rows);
    blocks_ = static_cast<unsigned>(std::min<std::int64_t>(tiles, slots_of(gemm, tile, target)));
    threads_ = static_cast<unsigned>(tile.groups * 128 + 128);
  }

 protected:
  Status launch_tiles(CudaStream& stream, const DeviceContraction& args, const TensorMap& a,
                      const TensorMap& b) const override {
    const DriverApi& api = stream.device().api();
    const GemmProblem& gemm = view_.gemm;
    TensorMap extra = {};
    TensorMap y = {};
    if (bulk_) TRY_OK(matrix_map(api, y, args.y, gemm.y_format, {gemm.m(), gemm.n}, args.ys.pixel, {64, 64}));
    if (view_.fetch >= 0) {
      const auto at = static_cast<std::size_t>(view_.fetch);
      const DeviceExtra& fetched = args.extra[at];
      TRY_OK(matrix_map(api, extra, fetched.data, gemm.extras[at].format, {gemm.m(), gemm.n}, fetched.pixel, {64, 64}));
    }
    return cuda::launch(
        stream, function(),
        {.grid = {blocks_, 1, 1}, .block = {threads_, 1, 1}, .shared_bytes = shared_bytes(), .overlaps = overlaps_},
        args, a, b, extra, y);
  }

 private:
  unsigned blocks_ = 1;
  unsigned threads_ = 0;
  bool overlaps_ = false;
  bool bulk_ = false;
};

/// Needs     sm_90; f16, bf16 or (allowed) TF32; channels in units of 16 bytes; no groups; constant b for windows
/// Numerics  sums in f32, k in order by 16 (TF32: 8) at a time, within a tap; TF32 operands are cut, not rounded
class HopperGemm final : public PackedRowsTactic {
 public:
  constexpr HopperGemm(std::string_view name, const Tile& tile) : PackedRowsTactic(name, 3, false), tile_(tile) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    const auto view = hopper_view(problem, cuda);
    if (!view) return reject(view.error().message);
    const GemmProblem& gemm = view->gemm;
    if (tile_.blocks > 2 && tile_.rows * tile_.columns > 64 * 64 && !gemm.extras.empty() && view->fetch >= 0)
      return reject("an operand beside the tile leaves too few registers");
    const std::int64_t sums = tile_.rows * tile_.columns / (tile_.apart ? 128 : 128 * tile_.groups);
    for (const GemmExtra& extra : gemm.extras) {
      if (extra_kind(gemm, extra) == ExtraKind::kPlaced && (sums > 64 || tile_.blocks > 2 || tile_.apart))
        return reject("an operand of any strides leaves too few registers");
    }
    if (gemm.y_format == 2 && tile_.blocks > 1) return reject("an f32 result from small blocks");
    if (slots_of(gemm, tile_, cuda) == 0) return reject(tiles_across(gemm, tile_), " columns of tiles to keep b of");
    const std::int64_t shared = tile_.shared(map_steps(*view));
    if (shared > cuda.facts.shared_bytes_per_multiprocessor / tile_.blocks - 1024 ||
        shared + 1024 > cuda.facts.shared_bytes_per_block)
      return reject(shared, " bytes of shared memory");
    if (tile_.columns > 64 && tile_.columns >= 2 * gemm.n) return reject("half of the columns would be empty");
    if (tile_.rows >= 2 * gemm.m()) return reject("half of the rows would be empty");
    return accept();
  }

  double estimate_us(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    const GemmView view = *gemm_view(problem, cuda, false);
    const GemmProblem& gemm = view.gemm;
    const std::int64_t steps = map_steps(view);
    const std::int64_t tiles = tiles_across(gemm, tile_) * ((gemm.m() + tile_.rows - 1) / tile_.rows);
    const std::int64_t slots = slots_of(gemm, tile_, cuda);
    const std::int64_t rounds = (tiles + slots - 1) / slots;
    const auto together = static_cast<double>(
        std::min<std::int64_t>(tile_.blocks, (tiles + cuda.facts.multiprocessors - 1) / cuda.facts.multiprocessors));
    const auto depth = static_cast<double>(steps);
    const double numbers = tile_.rows * tile_.columns;
    // Narrow tiles read a from shared memory more often than they multiply.
    const double rate = tile_.columns >= 128 ? 5.6e6 : tile_.kept ? 5.1e6 : 2.5e6;
    const double product = 2.0 * numbers * 64 / rate;
    const double multiply = depth * std::max(product * together, 0.19);
    // What a tile brings through the L2 cache and writes, at a multiprocessor's share of it.
    const double moved = depth * (tile_.rows + (tile_.kept ? 0 : tile_.columns)) * 128 +
                         (view.fetch >= 0 ? 2 : 1) * numbers * static_cast<double>(format_bytes(gemm.y_format));
    const double move = moved / 85e3 * together;
    const double finish = numbers * 1.3e-5 * (tile_.apart || tile_.groups == 1 ? 2 : 1) * together;
    const double busy = tile_.apart        ? std::max(multiply, (multiply + finish) / 2)
                        : tile_.blocks > 1 ? std::max(multiply, (multiply + finish) / 1.5)
                                           : multiply + 1.2 * finish;
    const double us = 2.2 + static_cast<double>(rounds) * std::max(busy, move) + (tile_.apart ? finish / 2 : 0);
    const double memory = estimate_cuda_us(cuda, gemm.bytes());
    return std::max(us, memory) + 0.3 * (std::min(us, memory) - 2.0);  // neither hides the other altogether
  }

  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    TRY(GemmView view, gemm_view(problem, cuda, false));
    auto kernel = std::make_unique<HopperGemmKernel>(std::move(view), tile_, cuda);
    return std::unique_ptr<Kernel>(std::move(kernel));
  }

 private:
  Tile tile_;
};

constexpr HopperGemm kTiles[] = {
    {"cuda.gemm.wgmma.128x128.s5", {2, 128, 128, 5, 1, 1}},
    {"cuda.gemm.wgmma.128x256.s3", {2, 128, 256, 3, 1, 1}},
    {"cuda.gemm.wgmma.256x128.s3", {2, 256, 128, 3, 1, 1}},
    {"cuda.gemm.wgmma.128x64.s3", {2, 128, 64, 3, 1, 2}},
    {"cuda.gemm.wgmma.128x64.x3", {1, 128, 64, 2, 1, 3}},
    {"cuda.gemm.wgmma.64x64.x3", {1, 64, 64, 3, 1, 3}},
    {"cuda.gemm.wgmma.128x128.x2", {1, 128, 128, 2, 1, 2}},
    {"cuda.gemm.wgmma.128x192.s3", {2, 128, 192, 3, 1, 1}},
    {"cuda.gemm.wgmma.128x128.s4", {2, 128, 128, 4, 2, 1}},
    {"cuda.gemm.wgmma.64x128.x2", {1, 64, 128, 3, 1, 2}},
    // Groups with tiles of their own.
    {"cuda.gemm.wgmma.a128x128", {2, 128, 128, 4, 2, 1, true}},
    {"cuda.gemm.wgmma.a64x256", {2, 64, 256, 4, 2, 1, true}},
    {"cuda.gemm.wgmma.a64x128", {2, 64, 128, 5, 4, 1, true}},
    // b stays.
    {"cuda.gemm.wgmma.k128x128.c4", {2, 128, 128, 4, 4, 1, true, true}},
    {"cuda.gemm.wgmma.k128x128.c2", {2, 128, 128, 4, 2, 1, true, true}},
    {"cuda.gemm.wgmma.k64x128", {2, 64, 128, 6, 4, 1, true, true}},
    {"cuda.gemm.wgmma.k64x256", {2, 64, 256, 6, 3, 1, true, true}},
    {"cuda.gemm.wgmma.k128x64", {2, 128, 64, 5, 3, 1, true, true}},
    {"cuda.gemm.wgmma.k64x128.x2", {1, 64, 128, 4, 2, 2, false, true}},
    {"cuda.gemm.wgmma.k128x64.s", {2, 128, 64, 6, 2, 1, false, true}},
};

constexpr auto kAll = tactic_list(kTiles);

}  // namespace

std::span<const Tactic* const> hopper_gemm_tactics() { return kAll; }

}  // namespace bolide::cuda
