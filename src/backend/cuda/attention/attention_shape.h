/// What the forms of attention read off a problem.
#pragma once

#include "backend/cuda/contraction/gemm_device.h"
#include "ops/attention.h"

namespace bolide::cuda {

struct AttentionShape {
  std::int64_t batch, heads, queries, keys, d, e;
  /// Head sizes rounded up.
  std::int64_t wide_d(std::int64_t unit) const { return (d + unit - 1) / unit * unit; }
  std::int64_t wide_e(std::int64_t unit) const { return (e + unit - 1) / unit * unit; }
  double operations() const {
    return 2.0 * static_cast<double>(batch * heads * queries) * static_cast<double>(keys * (d + e));
  }
};
AttentionShape attention_shape(const Problem& problem);

/// Nothing, or why no form takes the problem: dtypes, elements of a head that do not lie together, sizes.
std::optional<std::string> attention_fault(const Problem& problem);

inline bool has_mask(const Problem& problem) { return problem.inputs.size() > 3 && !problem.inputs[3].absent; }
/// The stride of the mask along dim `dim` of [b, h, s, t], 0 where it is broadcast.
std::int64_t mask_stride(const Operand& mask, std::size_t dim);

/// The form that needs the least alignment and shared memory, for heads up to 256.
std::unique_ptr<ContractionKernel> bind_narrow_attention(const Problem& problem, const CudaTarget& target);

}  // namespace bolide::cuda
