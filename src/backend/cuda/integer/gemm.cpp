#include "backend/cuda/contraction/gemm_view.h"
#include "backend/cuda/integer/integer_text.h"
#include "backend/cuda/integer/tactics.h"
#include "backend/cuda/tactic_list.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

/// A block's share: rows x columns x bytes of k in a stage; warps along rows and columns; stages.
struct Tile {
  int rows, columns, depth, warps_m, warps_n, stages;

  int threads() const { return warps_m * warps_n * 32; }
};

std::int64_t shared_bytes(const GemmView& view, const Tile& tile) {
  const std::int64_t ring = std::int64_t{tile.stages} * (tile.rows + tile.columns) * tile.depth;
  return std::max(ring, tile.rows * (tile.columns * format_bytes(view.gemm.y_format) + 16));
}

/// Rows of `tall` copied `unit` bytes at a time divide among the threads.
bool copies_divide(int tall, const Tile& tile, std::int64_t unit) {
  const std::int64_t chunks = tile.depth / unit;
  return tile.threads() % chunks == 0 && tall % (tile.threads() / chunks) == 0;
}

class IntegerGemmKernel final : public ContractionKernel {
 public:
  IntegerGemmKernel(GemmView view, const Tile& tile) : view_(std::move(view)) {
    const GemmProblem& gemm = view_.gemm;
    const PackedIntegers packed = packed_integers(gemm);
    offsets_ = packed.offsets;
    if (view_.gaps) slices_ = bind_integer_direct(gemm, true);
    Defines defines;
    defines.set("AZERO", gemm.a_zero & 0xff).set("BREST", packed.zero).set("ACODE", gemm.a_zero);
    defines.set("BM", tile.rows).set("BN", tile.columns).set("BKB", tile.depth);
    defines.set("WM", tile.warps_m).set("WN", tile.warps_n).set("ST", tile.stages);
    defines.set("LINEAR", view_.linear ? 1 : 0).set("VECA", view_.a_unit);
    defines.set("YLINEAR", view_.y_linear ? 1 : 0).set("YVEC", view_.y_vectors ? 1 : 0);
    program_ = integer_program(
        gemm, defines,
        {"contraction_rows", "contraction_formats", "integer_numbers", "mma", "implicit_tiles", "integer_gemm"});
    shared_ = static_cast<std::size_t>(shared_bytes(view_, tile));
    const std::int64_t tiles_n = (gemm.n + tile.columns - 1) / tile.columns;
    view_.args.tiles_n = static_cast<int>(tiles_n);
    grid_ = {static_cast<unsigned>(tiles_n * ((gemm.m() + tile.rows - 1) / tile.rows)), 1,
             static_cast<unsigned>(gemm.batches())};
    threads_ = static_cast<unsigned>(tile.threads());
  }

  std::vector<Use> programs() const override {
    std::vector<Use> out = {{program_, kFunction}};
    if (slices_) out.push_back(slices_->programs()[0]);
    return out;
  }
  Status load(Device& device) override {
    TRY(function_, static_cast<CudaDevice&>(device).function(program_, kFunction, shared_));
    return slices_ ? slices_->load(device) : Status();
  }
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override {
    const auto args = addressed(view_, buffers);
    if (!args) {
      if (slices_) return slices_->launch(stream, buffers);
      return internal_error("an operand of a contraction is less aligned than its strides");
    }
    const auto* const offsets = reinterpret_cast<const std::int32_t*>(buffers.packed + offsets_);
    return cuda::launch(static_cast<CudaStream&>(stream), function_,
                        {.grid = grid_, .block = {threads_, 1, 1}, .shared_bytes = shared_}, *args, offsets);
  }

 private:
  static constexpr const char* kFunction = "contract_integers";
  GemmView view_;
  Program program_;
  std::array<unsigned, 3> grid_ = {1, 1, 1};
  unsigned threads_ = 0;
  std::size_t shared_ = 0;
  std::size_t offsets_ = 0;
  Function function_;
  std::unique_ptr<ContractionKernel> slices_;
};

/// Needs     constant weights; neighbouring channels, a multiple of four; at most two spatial dims; sm_80
/// Numerics  exact sums
class IntegerGemm final : public Tactic {
 public:
  constexpr IntegerGemm(std::string_view name, const Tile& tile) : Tactic(name, 2), tile_(tile) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    if (cuda.facts.capability < 80) return reject("compute capability ", cuda.facts.capability, "; needs 80");
    if (const auto checked = checked_integer_problem(problem); !checked) return reject(checked.error().message);
    const auto view = integer_gemm_view(problem, cuda);
    if (!view) return reject(view.error().message);
    if (!view->packed) return reject("weights that are computed");
    if (view->a_unit < 4) return reject("rows of a are not aligned to 4 bytes");
    if (!copies_divide(tile_.rows, tile_, view->a_unit) || !copies_divide(tile_.columns, tile_, 16))
      return reject("copies of ", view->a_unit, " bytes do not divide among the threads");
    const std::int64_t shared = shared_bytes(*view, tile_);
    if (shared > cuda.facts.shared_bytes_per_block)
      return reject(shared, " bytes of shared memory; the device has ", cuda.facts.shared_bytes_per_block);
    const GemmProblem& gemm = view->gemm;
    if (tile_.columns > 32 && tile_.columns >= 2 * gemm.n) return reject("half of the columns would be empty");
    if (tile_.rows > 32 && tile_.rows >= 2 * gemm.m()) return reject("half of the rows would be empty");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    const GemmView view = *integer_gemm_view(problem, cuda);
    const GemmProblem& gemm = view.gemm;
    const std::int64_t steps = (gemm.kd() + tile_.depth - 1) / tile_.depth;
    const std::int64_t tiles =
        (gemm.n + tile_.columns - 1) / tile_.columns * ((gemm.m() + tile_.rows - 1) / tile_.rows) * gemm.batches();
    const std::int64_t fit = std::clamp<std::int64_t>(
        cuda.facts.shared_bytes_per_multiprocessor / (shared_bytes(view, tile_) + 1024), 1, 512 / tile_.threads());
    const std::int64_t waves = (tiles + fit * cuda.facts.multiprocessors - 1) / (fit * cuda.facts.multiprocessors);
    const auto together =
        static_cast<double>(std::min(fit, (tiles + cuda.facts.multiprocessors - 1) / cuda.facts.multiprocessors));
    const double products = 2.0 * tile_.rows * tile_.columns * tile_.depth / 4.0e6;
    const double bytes = static_cast<double>(tile_.rows + tile_.columns) * tile_.depth / 40e3;
    const double step =
        std::max({products * together, bytes * together, 0.9 / tile_.stages + (view.a_unit < 16 ? 0.15 : 0)});
    return std::max(2.0 + static_cast<double>(waves) * (static_cast<double>(steps) * step + 0.4),
                    estimate_cuda_us(cuda, gemm.bytes()));
  }
  std::size_t packed_bytes(const Problem& problem, const Target&) const override {
    const auto gemm = integer_gemm_problem(problem);
    return gemm && gemm->b_constant != nullptr ? packed_integers(*gemm).bytes : 0;
  }
  Status pack(const Problem& problem, const Target&, std::span<std::byte> out) const override {
    TRY(const GemmProblem gemm, integer_gemm_problem(problem));
    pack_integers(gemm, out);
    return {};
  }
  std::string pack_key(const Problem&, const Target&) const override { return "integer rows"; }
  bool packs_input(const Problem&, int index) const override { return index == 1; }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(GemmView view, integer_gemm_view(problem, cuda_target(target)));
    return std::unique_ptr<Kernel>(std::make_unique<IntegerGemmKernel>(std::move(view), tile_));
  }

 private:
  Tile tile_;
};

constexpr IntegerGemm kTiles[] = {
    {"cuda.integer.mma.128x128x128", {128, 128, 128, 2, 4, 2}},
    {"cuda.integer.mma.128x64x128", {128, 64, 128, 4, 2, 3}},
    {"cuda.integer.mma.64x64x128", {64, 64, 128, 2, 2, 3}},
    {"cuda.integer.mma.64x32x128", {64, 32, 128, 2, 2, 4}},
    {"cuda.integer.mma.32x64x128", {32, 64, 128, 1, 4, 4}},
    {"cuda.integer.mma.32x32x128", {32, 32, 128, 2, 2, 4}},
    {"cuda.integer.mma.16x32x128", {16, 32, 128, 1, 2, 6}},
    {"cuda.integer.mma.128x64x64", {128, 64, 64, 4, 2, 3}},
    {"cuda.integer.mma.64x64x64", {64, 64, 64, 2, 2, 3}},
    {"cuda.integer.mma.64x32x64", {64, 32, 64, 2, 2, 3}},
};
constexpr auto kAll = tactic_list(kTiles);

}  // namespace

std::span<const Tactic* const> integer_gemm_tactics() { return kAll; }

}  // namespace bolide::cuda
