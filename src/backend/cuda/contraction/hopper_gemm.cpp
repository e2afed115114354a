#include "backend/cuda/contraction/gemm_view.h"
#include "backend/cuda/contraction/tactics.h"
#include "backend/cuda/contraction/wgmma_text.h"
#include "backend/cuda/text/kernel_text.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

/// Groups of warps that multiply; rows and columns of a tile; stages; buffers of results; blocks on a multiprocessor.
struct Tile {
  int groups, rows, columns, stages, buffers, blocks;

  std::int64_t shared() const {
    return 1024 + std::int64_t{stages} * (rows + columns) * 128 + std::int64_t{buffers} * rows * columns * 2;
  }
};

/// CUtensorMapDataType of a format; CU_TENSOR_MAP_SWIZZLE_128B, L2_PROMOTION_256B, no NaN fill.
constexpr int kMapTypes[] = {6, 9, 7};
constexpr int kSwizzle = 3;
constexpr int kPromotion = 3;

class HopperGemmKernel final : public ContractionKernel {
 public:
  HopperGemmKernel(GemmView view, const Tile& tile, const CudaTarget& target) : view_(std::move(view)), tile_(tile) {
    const GemmProblem& gemm = view_.gemm;
    overlaps_ = launches_overlap(target);
    if (view_.gaps) slices_ = bind_simt(gemm, target, view_.packed);
    bulk_ = gemm.y_format != 2;
    if (!bulk_) view_.fetch = -1;
    Defines defines;
    defines.extras(gemm).set("GROUPS", tile.groups).set("ELEM", gemm.a_format).set("OUT", gemm.y_format);
    defines.set("BM", tile.rows).set("BN", tile.columns).set("ST", tile.stages).set("CS", tile.buffers);
    defines.set("MINB", tile.blocks).set("LINEAR", view_.linear ? 1 : 0).set("YLINEAR", 1);
    defines.set("YBULK", bulk_ ? 1 : 0).set("FETCH", view_.fetch).set("PDL", overlaps_ ? 1 : 0);
    text_ = gemm_text(gemm, defines, {"contraction_rows"}) + multiply_text(tile.columns, gemm.a_format) +
            std::string(kernel_text("hopper_gemm"));
    const std::int64_t tiles_n = (gemm.n + tile.columns - 1) / tile.columns;
    const std::int64_t tiles = tiles_n * ((gemm.m() + tile.rows - 1) / tile.rows);
    view_.args.tiles_n = static_cast<int>(tiles_n);
    blocks_ = static_cast<unsigned>(std::min<std::int64_t>(tiles, target.facts.multiprocessors * tile.blocks));
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
    const DriverApi& api = cuda.device().api();
    const CudaDevice::Current current(cuda.device());  // tensor maps are made for it
    const GemmProblem& gemm = view_.gemm;
    const std::int64_t size = view_.element_bytes();
    const std::int64_t slice = 128 / size;
    const std::int64_t box_columns = std::min(64, tile_.columns);
    TensorMap a = {};
    TensorMap b = {};
    TensorMap extra = {};
    TensorMap y = {};
    if (view_.linear) {
      TRY_OK(matrix(api, a, args->a, gemm.a_format, gemm.m(), gemm.c, args->as.pixel, tile_.rows, slice));
      TRY_OK(matrix(api, b, args->b, gemm.b_format, gemm.n, gemm.c, args->b_row, tile_.columns, slice));
    } else {
      TRY_OK(images(api, a, *args, slice));
      const std::array<std::uint64_t, 3> dims = {as_size(gemm.c), as_size(gemm.taps()), as_size(gemm.n)};
      const std::array<std::uint64_t, 2> strides = {as_size(gemm.c * size), as_size(args->b_row * size)};
      const std::array<unsigned, 3> box = {static_cast<unsigned>(slice), 1, static_cast<unsigned>(tile_.columns)};
      const std::array<unsigned, 3> one = {1, 1, 1};
      TRY_OK(api.check(api.tensor_map_tiled(&b, kMapTypes[gemm.b_format], 3, const_cast<void*>(args->b), dims.data(),
                                            strides.data(), box.data(), one.data(), 0, kSwizzle, kPromotion, 0),
                       "cuTensorMapEncodeTiled"));
    }
    if (bulk_) TRY_OK(matrix(api, y, args->y, gemm.y_format, gemm.m(), gemm.n, args->ys.pixel, 64, box_columns));
    if (view_.fetch >= 0) {
      const auto at = static_cast<std::size_t>(view_.fetch);
      TRY_OK(matrix(api, extra, args->extra[at].data, gemm.extras[at].format, gemm.m(), gemm.n, args->extra[at].pixel,
                    64, box_columns));
    }
    return cuda::launch(cuda, function_,
                        {.grid = {blocks_, 1, 1},
                         .block = {static_cast<unsigned>(tile_.groups * 128 + 128), 1, 1},
                         .shared_bytes = static_cast<std::size_t>(tile_.shared()),
                         .overlaps = overlaps_},
                        *args, a, b, extra, y);
  }

 private:
  static std::uint64_t as_size(std::int64_t value) { return static_cast<std::uint64_t>(value); }

  /// Rows of `columns` elements, `distance` apart, in boxes.
  static Status matrix(const DriverApi& api, TensorMap& map, const void* data, int format, std::int64_t rows,
                       std::int64_t columns, std::int64_t distance, std::int64_t box_rows, std::int64_t box_columns) {
    const std::array<std::uint64_t, 2> dims = {as_size(columns), as_size(rows)};
    // One row has no distance; the driver wants a multiple of 16.
    const std::int64_t bytes =
        rows == 1 ? (columns * format_bytes(format) + 15) / 16 * 16 : distance * format_bytes(format);
    const std::array<std::uint64_t, 1> strides = {as_size(bytes)};
    const std::array<unsigned, 2> box = {static_cast<unsigned>(box_columns), static_cast<unsigned>(box_rows)};
    const std::array<unsigned, 2> one = {1, 1};
    return api.check(api.tensor_map_tiled(&map, kMapTypes[format], 2, const_cast<void*>(data), dims.data(),
                                          strides.data(), box.data(), one.data(), 0, kSwizzle, kPromotion, 0),
                     "cuTensorMapEncodeTiled");
  }

  Status images(const DriverApi& api, TensorMap& map, const DeviceContraction& args, std::int64_t slice) const {
    const GemmProblem& gemm = view_.gemm;
    const std::int64_t size = view_.element_bytes();
    const WindowAxis& down = gemm.axes[1];
    const WindowAxis& across = gemm.axes[2];
    const std::array<std::uint64_t, 4> dims = {as_size(gemm.c), as_size(across.in), as_size(down.in),
                                               as_size(gemm.images)};
    // Dims of size 1 may have any stride; the driver wants multiples of 16 that are not 0.
    const std::int64_t pixel = across.in == 1 ? (gemm.c * size + 15) / 16 * 16 : gemm.a.pixel * size;
    const std::int64_t line = down.in == 1 ? pixel * across.in : gemm.a.line * size;
    const std::int64_t image = gemm.images == 1 ? line * down.in : gemm.a.image * size;
    const std::array<std::uint64_t, 3> strides = {as_size(pixel), as_size(line), as_size(image)};
    const std::array<int, 2> lower = {static_cast<int>(-across.before), static_cast<int>(-down.before)};
    const std::array<int, 2> upper = {upper_corner(across), upper_corner(down)};
    const std::array<unsigned, 4> steps = {1, static_cast<unsigned>(across.stride), static_cast<unsigned>(down.stride),
                                           1};
    return api.check(api.tensor_map_im2col(&map, kMapTypes[gemm.a_format], 4, const_cast<void*>(args.a), dims.data(),
                                           strides.data(), lower.data(), upper.data(), static_cast<unsigned>(slice),
                                           static_cast<unsigned>(tile_.rows), steps.data(), 0, kSwizzle, kPromotion, 0),
                     "cuTensorMapEncodeIm2col");
  }

 public:
  /// Where the last window's tap 0 may lie, counted from the last pixel.
  static int upper_corner(const WindowAxis& axis) {
    return static_cast<int>((axis.out - 1) * axis.stride - axis.before - (axis.in - 1));
  }

 private:
  GemmView view_;
  Tile tile_;
  std::string text_;
  unsigned blocks_ = 1;
  bool overlaps_ = false;
  bool bulk_ = false;
  Function function_;
  std::unique_ptr<ContractionKernel> slices_;
};

/// Needs     sm_90; f16, bf16 or (allowed) TF32; channels in units of 16 bytes; no groups; constant b for windows
/// Numerics  sums in f32, k in order by 16 (TF32: 8) at a time, within a tap; TF32 operands are cut, not rounded
class HopperGemm final : public PackedRowsTactic {
 public:
  constexpr HopperGemm(std::string_view name, const Tile& tile) : PackedRowsTactic(name, 1, false), tile_(tile) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    if (cuda.facts.capability != 90) return reject("compute capability ", cuda.facts.capability, "; needs 90");
    if (cuda.facts.translated) return reject("NVRTC is older than the card");
    const auto view = gemm_view(problem, cuda, false);
    if (!view) return reject(view.error().message);
    const GemmProblem& gemm = view->gemm;
    if (gemm.batches() != 1) return reject(gemm.batches(), " batches or groups");
    if (view->b_rows_of_k) return reject("b has rows of k");
    if (view->a_unit < 16 || view->b_unit < 16) return reject("rows of a or b are not aligned to 16 bytes");
    if (!view->y_linear || !view->y_vectors) return reject("rows of y are not aligned to 16 bytes or not in line");
    if (tile_.blocks > 2 && tile_.rows * tile_.columns > 64 * 64 && !gemm.extras.empty() && view->fetch >= 0)
      return reject("an operand beside the tile leaves too few registers");
    if (gemm.y_format == 2 && tile_.blocks > 1) return reject("an f32 result from small blocks");
    if (!view->linear) {
      for (const WindowAxis& axis : {gemm.axes[1], gemm.axes[2]}) {
        const int corner = HopperGemmKernel::upper_corner(axis);
        if (axis.before > 127 || corner < -128 || corner > 127 || axis.stride > 8 ||
            (axis.kernel - 1) * axis.dilation > 255)
          return reject("a window that image maps do not take");
      }
      if (!view->packed) return reject("weights that are computed");
    }
    const std::int64_t shared = tile_.shared();
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
    const std::int64_t k = 128 / view.element_bytes();
    const std::int64_t steps = view.linear ? (gemm.c + k - 1) / k : gemm.taps() * ((gemm.c + k - 1) / k);
    const std::int64_t tiles =
        (gemm.n + tile_.columns - 1) / tile_.columns * ((gemm.m() + tile_.rows - 1) / tile_.rows);
    const std::int64_t slots = cuda.facts.multiprocessors * tile_.blocks;
    const std::int64_t rounds = (tiles + slots - 1) / slots;
    const auto together = static_cast<double>(
        std::min<std::int64_t>(tile_.blocks, (tiles + cuda.facts.multiprocessors - 1) / cuda.facts.multiprocessors));
    // Narrow tiles read a from shared memory more often than they multiply.
    const double rate = tile_.columns >= 128 ? 5.6e6 : tile_.columns == 64 ? 5.0e6 : 3.0e6;
    const double products =
        2.0 * tile_.rows * tile_.columns * static_cast<double>(k) / rate * (gemm.a_format == 2 ? 2 : 1);
    const double bytes = static_cast<double>(tile_.rows + tile_.columns) * 128 / 48e3;
    const double step = std::max({products * together, bytes * together, 0.2});
    // What of a tile's end the next tile does not hide.
    const double end = tile_.rows * tile_.columns * (tile_.blocks > 1 ? 1.2e-5 : 3.0e-5) * together;
    const double us = 2.4 + static_cast<double>(rounds) * (static_cast<double>(steps) * step + end);
    return std::max(us, estimate_cuda_us(cuda, gemm.bytes()));
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
    {"cuda.gemm.wgmma.128x128.s5", {2, 128, 128, 5, 1, 1}}, {"cuda.gemm.wgmma.128x256.s3", {2, 128, 256, 3, 1, 1}},
    {"cuda.gemm.wgmma.256x128.s3", {2, 256, 128, 3, 1, 1}}, {"cuda.gemm.wgmma.128x64.s3", {2, 128, 64, 3, 1, 2}},
    {"cuda.gemm.wgmma.128x64.x3", {1, 128, 64, 2, 1, 3}},   {"cuda.gemm.wgmma.64x64.x3", {1, 64, 64, 3, 1, 3}},
    {"cuda.gemm.wgmma.128x128.x2", {1, 128, 128, 2, 1, 2}}, {"cuda.gemm.wgmma.128x192.s3", {2, 128, 192, 3, 1, 1}},
    {"cuda.gemm.wgmma.128x128.s4", {2, 128, 128, 4, 2, 1}}, {"cuda.gemm.wgmma.64x128.x2", {1, 64, 128, 3, 1, 2}},
};

constexpr auto kAll = [] {
  std::array<const Tactic*, std::size(kTiles)> out = {};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = &kTiles[i];
  return out;
}();

}  // namespace

std::span<const Tactic* const> hopper_gemm_tactics() { return kAll; }

}  // namespace bolide::cuda
