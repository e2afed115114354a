#include "backend/cuda/contraction/gemm_view.h"
#include "backend/cuda/contraction/tactics.h"
#include "backend/cuda/tactic_list.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

/// A block's share: rows x columns x bytes of k in a stage; warps along rows and columns; stages; blocks that a
/// multiprocessor should hold; parts that k is cut into.
struct Tile {
  int rows, columns, depth, warps_m, warps_n, stages, blocks, splits;

  int threads() const { return warps_m * warps_n * 32; }
  std::int64_t ring() const { return std::int64_t{stages} * (rows + columns) * depth; }
};

/// Copies of `unit` bytes of rows of `row_bytes` must divide among the threads.
bool copies_divide(std::int64_t tall, std::int64_t row_bytes, std::int64_t unit, int threads) {
  const std::int64_t chunks = row_bytes / unit;
  return chunks > 0 && threads % chunks == 0 && tall % (threads / chunks) == 0;
}

std::int64_t shared_bytes(const GemmView& view, const Tile& tile) {
  const std::int64_t results = tile.rows * (tile.columns * format_bytes(view.gemm.y_format) + 16);
  if (tile.splits > 1) return std::max(tile.ring(), std::int64_t{tile.rows} * (tile.columns * 4 + 32));
  if (view.fetch >= 0) return tile.ring() + results;
  return std::max(tile.ring(), results);
}

class ImplicitGemmKernel final : public ContractionKernel {
 public:
  ImplicitGemmKernel(GemmView view, const Tile& tile, const CudaTarget& target) : view_(std::move(view)) {
    const GemmProblem& gemm = view_.gemm;
    const bool cluster = target.facts.capability >= 90;
    const int split = tile.splits == 1 ? 0 : cluster ? 2 : 1;
    if (split != 0) view_.fetch = -1;
    overlaps_ = launches_overlap(target);
    if (view_.gaps) slices_ = bind_simt(gemm, target, view_.packed);
    Defines defines;
    defines.extras(gemm).set("ELEM", gemm.a_format).set("OUT", gemm.y_format);
    defines.set("BM", tile.rows).set("BN", tile.columns).set("BKB", tile.depth);
    defines.set("WM", tile.warps_m).set("WN", tile.warps_n).set("ST", tile.stages);
    defines.set("LINEAR", view_.linear ? 1 : 0).set("VECA", view_.a_unit).set("VECB", view_.b_unit);
    defines.set("BT", view_.b_rows_of_k ? 1 : 0).set("SPLIT", split).set("SPLITS", tile.splits);
    defines.set("YLINEAR", view_.y_linear ? 1 : 0).set("YVEC", view_.y_vectors ? 1 : 0).set("FETCH", view_.fetch);
    defines.set("PDL", overlaps_ ? 1 : 0).set("BCONSTANT", view_.packed ? 1 : 0);
    for (int blocks = tile.blocks; blocks > 0; --blocks) {
      Defines all = defines;
      all.set("MINB", blocks);
      texts_.push_back(gemm_text(gemm, all, {"contraction_rows", "mma", "implicit_tiles", "implicit_gemm"}));
    }
    shared_ = static_cast<std::size_t>(shared_bytes(view_, tile));
    const std::int64_t tiles_n = (gemm.n + tile.columns - 1) / tile.columns;
    const std::int64_t tiles_m = (gemm.m() + tile.rows - 1) / tile.rows;
    view_.args.tiles_n = static_cast<int>(tiles_n);
    view_.args.splits = tile.splits;
    grid_ = {static_cast<unsigned>(tiles_n * tiles_m), static_cast<unsigned>(tile.splits),
             static_cast<unsigned>(gemm.batches())};
    threads_ = static_cast<unsigned>(tile.threads());
    if (split == 1) {
      const std::int64_t count = gemm.m() * gemm.n;
      finish_blocks_ = static_cast<unsigned>((count + 255) / 256);
      workspace_ = static_cast<std::size_t>(count * gemm.batches() * tile.splits) * sizeof(float);
    }
  }

  std::size_t workspace_bytes() const override { return workspace_; }
  std::vector<Use> programs() const override {
    std::vector<Use> out = {{{"contraction", texts_[form_], {}}, "contract"}};
    if (slices_) out.push_back(slices_->programs()[0]);
    return out;
  }
  Status load(Device& device) override {
    auto& cuda = static_cast<CudaDevice&>(device);
    // The fullest multiprocessor at which all sums stay in registers.
    for (form_ = 0;; ++form_) {
      const Program program{"contraction", texts_[form_], {}};
      TRY(function_, cuda.function(program, "contract", shared_));
      if (finish_blocks_ > 0) {
        TRY(finish_, cuda.function(program, "contract_finish"));
      }
      if (function_.local_bytes == 0 || form_ + 1 == texts_.size()) break;
    }
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
    TRY_OK(cuda::launch(cuda, function_,
                        {.grid = grid_, .block = {threads_, 1, 1}, .shared_bytes = shared_, .overlaps = overlaps_},
                        *args));
    if (finish_blocks_ == 0) return {};
    return cuda::launch(cuda, finish_,
                        {.grid = {finish_blocks_, 1, grid_[2]}, .block = {256, 1, 1}, .overlaps = overlaps_}, *args);
  }

 private:
  GemmView view_;
  std::vector<std::string> texts_;  // by how many blocks a multiprocessor should hold
  std::size_t form_ = 0;
  std::array<unsigned, 3> grid_ = {1, 1, 1};
  unsigned threads_ = 0;
  unsigned finish_blocks_ = 0;
  std::size_t shared_ = 0;
  std::size_t workspace_ = 0;
  bool overlaps_ = false;
  Function function_;
  Function finish_;
  std::unique_ptr<ContractionKernel> slices_;
};

/// Needs     f16, bf16 or (allowed) TF32; neighbouring channels; at most two spatial dims; sm_80
/// Numerics  sums in f32: within a part k in order, by 16 (TF32: 8) at a time; then the parts in order
class ImplicitGemm final : public PackedRowsTactic {
 public:
  constexpr ImplicitGemm(std::string_view name, const Tile& tile, bool patches = false)
      : PackedRowsTactic(name, 2, patches), tile_(tile) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    if (cuda.facts.capability < 80) return reject("compute capability ", cuda.facts.capability, "; needs 80");
    const auto view = gemm_view(problem, cuda, patches_);
    if (!view) return reject(view.error().message);
    const GemmProblem& gemm = view->gemm;
    if (!copies_divide(tile_.rows, tile_.depth, view->a_unit, tile_.threads()))
      return reject("copies of ", view->a_unit, " bytes do not divide among the threads");
    if (tile_.rows >= 64 && view->a_unit < 4) return reject("rows of a are not aligned to 4 bytes");
    const std::int64_t k = tile_.depth / view->element_bytes();
    const std::int64_t b_tall = view->b_rows_of_k ? k : tile_.columns;
    const std::int64_t b_row = view->b_rows_of_k ? tile_.columns * 2 : tile_.depth;
    if (!copies_divide(b_tall, b_row, view->b_unit, tile_.threads()))
      return reject("copies of ", view->b_unit, " bytes do not divide among the threads");
    const std::int64_t shared = shared_bytes(*view, tile_);
    if (shared > cuda.facts.shared_bytes_per_block)
      return reject(shared, " bytes of shared memory; the device has ", cuda.facts.shared_bytes_per_block);
    const std::int64_t steps = (gemm.kd() + k - 1) / k;
    if (tile_.splits > steps) return reject(steps, " steps cannot be cut into ", tile_.splits);
    if (tile_.columns > 32 && tile_.columns >= 2 * gemm.n) return reject("half of the columns would be empty");
    if (tile_.rows > 32 && tile_.rows >= 2 * gemm.m()) return reject("half of the rows would be empty");
    return accept();
  }

  double estimate_us(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    const GemmView view = *gemm_view(problem, cuda, patches_);
    const GemmProblem& gemm = view.gemm;
    const std::int64_t k = tile_.depth / view.element_bytes();
    const std::int64_t steps = ((gemm.kd() + k - 1) / k + tile_.splits - 1) / tile_.splits;
    const std::int64_t tiles = (gemm.n + tile_.columns - 1) / tile_.columns *
                               ((gemm.m() + tile_.rows - 1) / tile_.rows) * gemm.batches() * tile_.splits;
    const std::int64_t fit = std::max<std::int64_t>(
        1, std::min<std::int64_t>(cuda.facts.shared_bytes_per_multiprocessor / (shared_bytes(view, tile_) + 1024),
                                  std::max(1, 512 / tile_.threads())));
    const std::int64_t waves = (tiles + fit * cuda.facts.multiprocessors - 1) / (fit * cuda.facts.multiprocessors);
    const auto together =
        static_cast<double>(std::min(fit, (tiles + cuda.facts.multiprocessors - 1) / cuda.facts.multiprocessors));
    // One step of all blocks of a multiprocessor: products, bytes from the L2 cache, latency left after the stages.
    const double products =
        2.0 * tile_.rows * tile_.columns * static_cast<double>(k) / 2.4e6 * (gemm.a_format == 2 ? 2 : 1);
    const double bytes = static_cast<double>(tile_.rows + tile_.columns) * tile_.depth / 40e3;
    const double narrow = view.a_unit < 16 ? 0.15 : 0.0;
    const double step = std::max({products * together, bytes * together, 0.9 / tile_.stages + narrow});
    double us = 2.0 + static_cast<double>(waves) * (static_cast<double>(steps) * step + 0.3);
    if (tile_.splits > 1) us += 0.7 + 0.1 * tile_.splits;
    const double memory = estimate_cuda_us(cuda, gemm.bytes());
    return std::max(us, memory) + 0.5 * (std::min(us, memory) - 2.0);  // a block's end does not overlap its beginning
  }

  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    TRY(GemmView view, gemm_view(problem, cuda, patches_));
    auto kernel = std::make_unique<ImplicitGemmKernel>(std::move(view), tile_, cuda);
    return std::unique_ptr<Kernel>(std::move(kernel));
  }

 private:
  Tile tile_;
};

constexpr ImplicitGemm kTiles[] = {
    {"cuda.gemm.mma.128x128x128", {128, 128, 128, 2, 4, 2, 2, 1}},
    {"cuda.gemm.mma.128x64x128", {128, 64, 128, 4, 2, 3, 2, 1}},
    {"cuda.gemm.mma.64x128x128", {64, 128, 128, 2, 4, 2, 2, 1}},
    {"cuda.gemm.mma.256x64x64", {256, 64, 64, 4, 2, 3, 2, 1}},
    {"cuda.gemm.mma.64x64x128", {64, 64, 128, 2, 2, 3, 3, 1}},
    {"cuda.gemm.mma.64x32x128", {64, 32, 128, 2, 2, 4, 2, 1}},
    {"cuda.gemm.mma.32x64x128", {32, 64, 128, 1, 4, 4, 2, 1}},
    {"cuda.gemm.mma.32x32x128", {32, 32, 128, 2, 2, 4, 4, 1}},
    {"cuda.gemm.mma.16x64x128", {16, 64, 128, 1, 4, 4, 4, 1}},
    {"cuda.gemm.mma.16x32x128", {16, 32, 128, 1, 2, 6, 4, 1}},
    {"cuda.gemm.mma.64x64x64", {64, 64, 64, 2, 2, 3, 4, 1}},
    {"cuda.gemm.mma.64x64x128.k2", {64, 64, 128, 2, 2, 4, 2, 2}},
    {"cuda.gemm.mma.64x64x128.k4", {64, 64, 128, 2, 2, 4, 2, 4}},
    {"cuda.gemm.mma.64x64x128.k8", {64, 64, 128, 2, 2, 4, 2, 8}},
    {"cuda.gemm.mma.32x64x128.k2", {32, 64, 128, 1, 4, 4, 2, 2}},
    {"cuda.gemm.mma.32x64x128.k4", {32, 64, 128, 1, 4, 4, 2, 4}},
    {"cuda.gemm.mma.32x64x128.k8", {32, 64, 128, 1, 4, 4, 2, 8}},
    {"cuda.gemm.mma.32x32x128.k4", {32, 32, 128, 2, 2, 4, 4, 4}},
    {"cuda.gemm.mma.32x32x128.k8", {32, 32, 128, 2, 2, 4, 4, 8}},
    {"cuda.gemm.mma.16x64x128.k4", {16, 64, 128, 1, 4, 4, 4, 4}},
    {"cuda.gemm.mma.16x32x128.k4", {16, 32, 128, 1, 2, 6, 4, 4}},
    {"cuda.gemm.mma.16x32x128.k8", {16, 32, 128, 1, 2, 6, 4, 8}},
    {"cuda.gemm.patches.128x128x128", {128, 128, 128, 2, 4, 2, 2, 1}, true},
    {"cuda.gemm.patches.128x64x128", {128, 64, 128, 4, 2, 3, 2, 1}, true},
    {"cuda.gemm.patches.64x64x128", {64, 64, 128, 2, 2, 3, 3, 1}, true},
    {"cuda.gemm.patches.32x64x128", {32, 64, 128, 1, 4, 4, 2, 1}, true},
    {"cuda.gemm.patches.32x64x128.k4", {32, 64, 128, 1, 4, 4, 2, 4}, true},
};

constexpr auto kAll = tactic_list(kTiles);

}  // namespace

std::span<const Tactic* const> implicit_gemm_tactics() { return kAll; }

}  // namespace bolide::cuda
