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

/// Sets what the arguments of all forms have: `ms` and `mask_key`, strides of the mask where there is one, `scale`, by
/// which powers of 2 are taken, `heads`, `queries` and `keys`.
template <class Args>
void set_scores(Args& args, const Problem& problem, const AttentionShape& shape) {
  constexpr float kLog2OfE = 1.4426950408889634F;
  if (has_mask(problem)) {
    const Operand& mask = problem.inputs[3];
    args.ms = {mask_stride(mask, 0), mask_stride(mask, 1), mask_stride(mask, 2)};
    args.mask_key = mask_stride(mask, 3);
  }
  args.scale = problem.op->as<bolide::Attention>()->scale * kLog2OfE;
  args.heads = static_cast<int>(shape.heads);
  args.queries = static_cast<int>(shape.queries);
  args.keys = static_cast<int>(shape.keys);
}

/// The form that needs the least alignment and shared memory, for heads up to 256.
std::unique_ptr<ContractionKernel> bind_narrow_attention(const Problem& problem, const CudaTarget& target);

}  // namespace bolide::cuda
