#include "backend/cpu/attention/weights.h"

#include <algorithm>

namespace bolide::cpu {

void attention_weights(const AttentionGeometry& geometry, const KernelTable& table, const float* mask,
                       std::int64_t matrix, std::int64_t query, std::int64_t keys, float* scores, float* gathered) {
  AttentionRow row;
  row.x = scores;
  row.n = geometry.causal ? std::min(keys, query + 1) : keys;
  row.scale = geometry.scale;
  if (mask != nullptr) {
    row.mask = mask + geometry.at(geometry.mask, matrix) + query * geometry.mask[2];
    if (geometry.mask[3] == 0) {
      row.offset = *row.mask;
      row.mask = nullptr;
    } else if (geometry.mask[3] > 1) {
      for (std::int64_t j = 0; j < row.n; ++j) gathered[j] = row.mask[j * geometry.mask[3]];
      row.mask = gathered;
    }
  }
  table.attention->exponentials(row);
  table.rows->affine(scores, scores, row.n, static_cast<float>(1.0 / row.sum), 0.0F);
  std::fill(scores + row.n, scores + keys, 0.0F);
}

}  // namespace bolide::cpu
