/// Which devices run the kernels for sm_90a, and what those are given beside numbers: maps of tensors.
#pragma once

#include "backend/cuda/driver/cuda_device.h"

#include <array>
#include <span>

namespace bolide::cuda {

/// Nothing, or why the device does not run them.
std::optional<std::string> hopper_fault(const DeviceFacts& facts);

/// CUtensorMapDataType of a format (0 f16, 1 bf16, 2 f32); CU_TENSOR_MAP_SWIZZLE_128B, L2_PROMOTION_256B.
constexpr int map_type(int format) { return format == 0 ? 6 : format == 1 ? 9 : 7; }
constexpr int kMapSwizzle = 3;
constexpr int kMapPromotion = 3;

/// Boxes of a tensor, innermost dim first; `strides` in bytes of the other dims. What lies outside reads as 0.
Status tiled_map(const DriverApi& api, TensorMap& map, const void* data, int format,
                 std::span<const std::uint64_t> dims, std::span<const std::uint64_t> strides,
                 std::span<const unsigned> box);

}  // namespace bolide::cuda
