/// What both forms of attention do with the scores of one query.
#pragma once

#include "backend/cpu/attention/geometry.h"
#include "backend/cpu/kernel_table.h"

namespace bolide::cpu {

/// The first `keys` scores of a query become their softmax, those that the query does not see 0. `mask` is that of the
/// problem, null for none; `gathered` has room for a row of it where its elements are apart.
void attention_weights(const AttentionGeometry& geometry, const KernelTable& table, const float* mask,
                       std::int64_t matrix, std::int64_t query, std::int64_t keys, float* scores, float* gathered);

}  // namespace bolide::cpu
