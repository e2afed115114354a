/// The row pass between the two products of attention.
#pragma once

#include <cstdint>

namespace bolide {

/// x[i] = exp(z[i] - max(z)) with z[i] = x[i] * scale + mask[i], n >= 1. `sum` is that of the results: lanes in f32
/// over blocks of a fixed size, blocks in double. A row of -inf gives NaN. Exponentials below e^-87 are 0.
struct AttentionRow {
  float* x = nullptr;
  std::int64_t n = 0;
  float scale = 1;
  const float* mask = nullptr;  ///< n floats, or null for `offset` everywhere
  float offset = 0;
  double sum = 0;  ///< result
};

struct AttentionKernels {
  void (*exponentials)(AttentionRow& row);
};

}  // namespace bolide
