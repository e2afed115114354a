#include "ops/reshaped.h"

#include <algorithm>

namespace bolide {

Result<TensorTypes> Unsqueeze::infer(const InferContext& context) const {
  TRY(const std::optional<Dims> known, known_integers(kInfo, context, 1, axes));
  if (!known) {
    TRY(const std::int64_t count, known_length(kInfo, context, 1));
    return of_unknown_sizes(context, context.rank(0) + count, "unsqueezed");
  }
  const int rank = context.rank(0) + static_cast<int>(known->size());
  TRY(const std::vector<std::size_t> at, normalize_axes(*known, rank).within("Unsqueeze"));
  TensorType out{context.dtype(0), {}};
  std::size_t next = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(rank); ++i) {
    const bool inserted = std::find(at.begin(), at.end(), i) != at.end();
    out.shape.push_back(inserted ? Dim(1) : context.shape(0)[next++]);
  }
  return TensorTypes{std::move(out)};
}

Result<Tensors> Unsqueeze::evaluate(TensorInputs inputs, EvalContext& context) const {
  return reshaped_as_inferred(*this, inputs, context);
}

std::optional<std::vector<Dim>> Unsqueeze::contents(const InferContext& context) const {
  const auto known = known_integers(kInfo, context, 1, axes);
  if (!known || !*known) return std::nullopt;
  return context.rank(0) + static_cast<int>((*known)->size()) <= 1 ? context.contents(0) : std::nullopt;
}

}  // namespace bolide
