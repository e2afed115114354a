#include "ops/transpose.h"

namespace bolide {

Result<std::vector<std::size_t>> Transpose::order(int rank) const {
  if (perm.empty()) {
    std::vector<std::size_t> reversed;
    for (int i = rank; i-- > 0;) reversed.push_back(static_cast<std::size_t>(i));
    return reversed;
  }
  if (static_cast<int>(perm.size()) != rank) {
    return invalid_argument("Transpose: perm ", perm, " of a tensor of rank ", rank);
  }
  return normalize_axes(perm, rank).within("Transpose");
}

Result<TensorTypes> Transpose::infer(const InferContext& context) const {
  TRY(const std::vector<std::size_t> from, order(context.rank(0)));
  TensorType out{context.dtype(0), {}};
  for (const std::size_t axis : from) out.shape.push_back(context.shape(0)[axis]);
  return TensorTypes{std::move(out)};
}

Result<Tensors> Transpose::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  TRY(const std::vector<std::size_t> from, order(inputs[0]->rank()));
  const Dims own = contiguous_strides(inputs[0]->dims());
  Walk walk{out[0].dims(), 0, {}, 0, contiguous_strides(out[0].dims())};
  for (const std::size_t axis : from) walk.from_strides.push_back(own[axis]);
  copy_strided(*inputs[0], out[0], walk);
  return out;
}

}  // namespace bolide
