/// What tactics of libraries have in common.
#pragma once

#include "backend/cuda/cuda_target.h"

namespace bolide::cuda {

/// More than any kernel takes: without a time, a kernel of Bolide's own is chosen.
constexpr double kUnmeasuredLibraryUs = 1e6;

/// Nothing, or why no library is asked on this target.
std::optional<std::string> no_library_device(const CudaTarget& target);

/// Workspace with room to align it as the libraries want it.
constexpr std::size_t kLibraryAlignment = 256;
constexpr std::size_t padded_workspace(std::size_t bytes) { return bytes == 0 ? 0 : bytes + kLibraryAlignment; }
inline std::byte* aligned_workspace(std::byte* workspace) {
  const auto at = reinterpret_cast<std::uintptr_t>(workspace);
  return workspace + (kLibraryAlignment - at % kLibraryAlignment) % kLibraryAlignment;
}

}  // namespace bolide::cuda
