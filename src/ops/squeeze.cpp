#include "ops/reshaped.h"

namespace bolide {

Result<TensorTypes> Squeeze::infer(const InferContext& context) const {
  const Shape& in = context.shape(0);
  TRY(const std::optional<Dims> known, known_integers(kInfo, context, 1, axes));
  if (!known) {
    TRY(const std::int64_t count, known_length(kInfo, context, 1));
    if (count > context.rank(0)) return invalid_argument("Squeeze: ", count, " axes of ", in);
    return of_unknown_sizes(context, context.rank(0) - count, "squeezed");
  }
  std::vector<bool> removed(in.size(), false);
  if (known->empty()) {
    for (std::size_t i = 0; i < in.size(); ++i) removed[i] = in[i] == Dim(1);
  }
  TRY(const std::vector<std::size_t> at, normalize_axes(*known, context.rank(0)).within("Squeeze"));
  for (const std::size_t axis : at) {
    if (in[axis].is_constant() && !(in[axis] == Dim(1))) {
      return invalid_argument("Squeeze: axis ", axis, " of ", in, " is not of size 1");
    }
    removed[axis] = true;
  }
  TensorType out{context.dtype(0), {}};
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (!removed[i]) out.shape.push_back(in[i]);
  }
  return TensorTypes{std::move(out)};
}

Result<Tensors> Squeeze::evaluate(TensorInputs inputs, EvalContext& context) const {
  return reshaped_as_inferred(*this, inputs, context);
}

}  // namespace bolide
