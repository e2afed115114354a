/// The row pass between the two products of attention, and the products of a single query.
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
  /// out[j] = sum of q[i] * k[j * stride + i] over i < size, for j < keys: lanes of i in f32, then their sum.
  void (*scores)(const float* q, const float* k, std::int64_t stride, std::int64_t keys, std::int64_t size, float* out);
  /// out[i] = sum of w[j] * v[j * stride + i] over j < keys in their order, for i < values.
  void (*weigh)(const float* w, const float* v, std::int64_t stride, std::int64_t keys, std::int64_t values,
                float* out);
};

}  // namespace bolide
