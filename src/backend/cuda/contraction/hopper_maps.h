/// Tensor maps of contractions, and the problems that they take.
#pragma once

#include "backend/cuda/contraction/gemm_view.h"

namespace bolide::cuda {

/// Nothing, or why the operands of a problem cannot be copied and its result written by maps.
std::optional<std::string> map_fault(const GemmView& view);
/// Steps of 128 bytes of k.
std::int64_t map_steps(const GemmView& view);

struct MapSize {
  std::int64_t rows, columns;
};
/// Rows `distance` elements apart.
Status matrix_map(const DriverApi& api, TensorMap& map, const void* data, int format, const MapSize& size,
                  std::int64_t distance, const MapSize& box);
/// Of a (tiled, or im2col where windows are more than a pixel) and b, for tiles of `rows` by `columns`.
Status operand_maps(const DriverApi& api, const GemmView& view, const DeviceContraction& args, std::int64_t rows,
                    std::int64_t columns, TensorMap& a, TensorMap& b);

}  // namespace bolide::cuda
