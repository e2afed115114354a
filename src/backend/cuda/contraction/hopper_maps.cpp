#include "backend/cuda/contraction/hopper_maps.h"

#include "backend/cuda/contraction/hopper_device.h"

namespace bolide::cuda {
namespace {

std::uint64_t as_size(std::int64_t value) { return static_cast<std::uint64_t>(value); }

/// Where the last window's tap 0 may lie, counted from the last pixel.
int upper_corner(const WindowAxis& axis) {
  return static_cast<int>((axis.out - 1) * axis.stride - axis.before - (axis.in - 1));
}

Status images_map(const DriverApi& api, TensorMap& map, const GemmView& view, const void* data, std::int64_t rows) {
  const GemmProblem& gemm = view.gemm;
  const std::int64_t size = view.element_bytes();
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
  return api.check(api.tensor_map_im2col(&map, map_type(gemm.a_format), 4, const_cast<void*>(data), dims.data(),
                                         strides.data(), lower.data(), upper.data(), static_cast<unsigned>(128 / size),
                                         static_cast<unsigned>(rows), steps.data(), 0, kMapSwizzle, kMapPromotion, 0),
                   "cuTensorMapEncodeIm2col");
}

}  // namespace

std::optional<std::string> map_fault(const GemmView& view) {
  const GemmProblem& gemm = view.gemm;
  if (gemm.batches() != 1) return strings::join(gemm.batches(), " batches or groups");
  if (view.b_rows_of_k) return "b has rows of k";
  if (view.a_unit < 16 || view.b_unit < 16) return "rows of a or b are not aligned to 16 bytes";
  if (!view.y_linear || !view.y_vectors) return "rows of y are not aligned to 16 bytes or not in line";
  if (view.linear) return std::nullopt;
  for (const WindowAxis& axis : {gemm.axes[1], gemm.axes[2]}) {
    const int corner = upper_corner(axis);
    if (axis.before > 127 || corner < -128 || corner > 127 || axis.stride > 8 ||
        (axis.kernel - 1) * axis.dilation > 255)
      return "a window that image maps do not take";
  }
  if (!view.packed) return "weights that are computed";
  return std::nullopt;
}

std::int64_t map_steps(const GemmView& view) {
  const std::int64_t unit = 128 / view.element_bytes();
  return view.gemm.taps() * ((view.gemm.c + unit - 1) / unit);
}

Status matrix_map(const DriverApi& api, TensorMap& map, const void* data, int format, const MapSize& size,
                  std::int64_t distance, const MapSize& box) {
  // One row has no distance; the driver wants a multiple of 16.
  const std::int64_t bytes =
      size.rows == 1 ? (size.columns * format_bytes(format) + 15) / 16 * 16 : distance * format_bytes(format);
  return tiled_map(api, map, data, format, std::array{as_size(size.columns), as_size(size.rows)},
                   std::array{as_size(bytes)},
                   std::array{static_cast<unsigned>(box.columns), static_cast<unsigned>(box.rows)});
}

Status operand_maps(const DriverApi& api, const GemmView& view, const DeviceContraction& args, std::int64_t rows,
                    std::int64_t columns, TensorMap& a, TensorMap& b) {
  const GemmProblem& gemm = view.gemm;
  const std::int64_t size = view.element_bytes();
  const std::int64_t slice = 128 / size;
  if (view.linear) {
    TRY_OK(matrix_map(api, a, args.a, gemm.a_format, {gemm.m(), gemm.c}, args.as.pixel, {rows, slice}));
    return matrix_map(api, b, args.b, gemm.b_format, {gemm.n, gemm.c}, args.b_row, {columns, slice});
  }
  TRY_OK(images_map(api, a, view, args.a, rows));
  return tiled_map(api, b, args.b, gemm.b_format, std::array{as_size(gemm.c), as_size(gemm.taps()), as_size(gemm.n)},
                   std::array{as_size(gemm.c * size), as_size(args.b_row * size)},
                   std::array{static_cast<unsigned>(slice), 1U, static_cast<unsigned>(columns)});
}

}  // namespace bolide::cuda
