/// What a pooling asks for, with concrete sizes.
#pragma once

#include "backend/pool_windows.h"

namespace bolide::cpu {

/// Spatial dims are depth, height, width, missing ones of size 1.
struct PoolWork {
  std::int64_t batch = 1;
  std::int64_t channels = 1;
  std::array<WindowAxis, 3> axes;
  std::array<std::int64_t, 5> x_strides{};    ///< n, c, d, h, w
  std::array<std::int64_t, 5> out_strides{};  ///< likewise
  int element_bytes = 4;
  bool max = true;
  bool counts_padding = false;
};

/// Errors: Unsupported with the reason for what is no pooling of at most 3 spatial dims, or asks for places.
Result<PoolWork> pool_work(const Problem& problem);

/// Kernel positions [begin, end) of the window of output `p` that are inside the input, and how many an average counts.
struct Inside {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t counted = 0;
};
Inside inside(const WindowAxis& axis, std::int64_t p, bool counts_padding);

}  // namespace bolide::cpu
