/// Sizes and strides of an attention problem, and how the query rows are cut.
#pragma once

#include "backend/cpu/isa.h"
#include "backend/cpu/kernels/gemm.h"

#include <array>

namespace bolide::cpu {

struct AttentionGeometry {
  using Strides = std::array<std::int64_t, 4>;  ///< in elements

  std::int64_t batch = 1;
  std::int64_t heads = 1;
  std::int64_t queries = 1;
  std::int64_t keys = 1;
  std::int64_t size = 1;    ///< of a query and a key
  std::int64_t values = 1;  ///< of a value
  float scale = 1;
  bool causal = false;
  bool has_mask = false;
  Strides q{}, k{}, v{}, mask{}, y{};  ///< the mask's are 0 where it is broadcast

  std::int64_t matrices() const { return batch * heads; }
  /// Offset of matrix `index` of [batch, heads].
  std::int64_t at(const Strides& strides, std::int64_t index) const {
    return index / heads * strides[0] + index % heads * strides[1];
  }
};

/// Errors: Unsupported with the reason why the tiles cannot do it.
Result<AttentionGeometry> attention_geometry(const Problem& problem);

/// Query rows of one unit of work, whole tiles: few enough that their scores stay in half of the L2 cache and that
/// every thread has work. The result does not depend on it.
std::int64_t query_block(const AttentionGeometry& geometry, const GemmKernels& kernels, const CpuTarget& target,
                         int threads);

}  // namespace bolide::cpu
