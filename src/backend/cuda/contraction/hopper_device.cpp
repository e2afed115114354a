#include "backend/cuda/contraction/hopper_device.h"

namespace bolide::cuda {

std::optional<std::string> hopper_fault(const DeviceFacts& facts) {
  if (facts.capability != 90) return strings::join("compute capability ", facts.capability, "; needs 90");
  if (facts.translated) return "NVRTC is older than the card";  // compute_90 lacks what sm_90a has
  return std::nullopt;
}

Status tiled_map(const DriverApi& api, TensorMap& map, const void* data, int format,
                 std::span<const std::uint64_t> dims, std::span<const std::uint64_t> strides,
                 std::span<const unsigned> box) {
  constexpr std::array<unsigned, 5> kOnes = {1, 1, 1, 1, 1};
  return api.check(
      api.tensor_map_tiled(&map, map_type(format), static_cast<unsigned>(dims.size()), const_cast<void*>(data),
                           dims.data(), strides.data(), box.data(), kOnes.data(), 0, kMapSwizzle, kMapPromotion, 0),
      "cuTensorMapEncodeTiled");
}

}  // namespace bolide::cuda
