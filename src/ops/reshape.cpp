#include "ops/reshaped.h"

namespace bolide {

Result<TensorTypes> Reshape::infer(const InferContext& context) const {
  TRY_OK(check_sizes_input(kInfo, context, 1));
  TensorType out{context.dtype(0), {}};
  const auto target = context.contents(1);
  if (!target) {
    TRY(const std::int64_t rank, known_length(kInfo, context, 1));
    return of_unknown_sizes(context, rank, "reshaped");
  }
  const Dim total = element_count(context.shape(0));
  Dim known = 1;
  Shape copied = context.shape(0);  // what is copied cancels out of the rest, so that it may be 0
  Dim stated = 1;
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < target->size(); ++i) {
    const Dim& wanted = (*target)[i];
    const std::int64_t number = wanted.constant().value_or(1);
    if (number < -1) return invalid_argument("Reshape: size ", number, " in ", *target);
    if (number == -1) {
      if (open) return invalid_argument("Reshape: more than one -1 in ", *target);
      open = i;
      out.shape.emplace_back(1);
      continue;
    }
    if (number == 0 && !allowzero) {
      if (static_cast<int>(i) >= context.rank(0)) {
        return invalid_argument("Reshape: size ", i, " of ", *target, " copies one that ", context.shape(0),
                                " has not");
      }
      out.shape.push_back(context.shape(0)[i]);
      copied[i] = 1;
    } else {
      out.shape.push_back(wanted);
      stated = stated * wanted;
    }
    known = known * out.shape.back();
  }
  const auto mismatch = [&] { return invalid_argument("Reshape: ", context.shape(0), " does not fit into ", *target); };
  if (open) {
    if (stated == Dim(0)) return invalid_argument("Reshape: -1 beside a size of 0 in ", *target, " could be any size");
    const Dim rest = element_count(copied);
    if (const auto left = Dim::exact_div(rest, stated)) {
      out.shape[*open] = *left;
    } else if (rest.is_constant() && stated.is_constant()) {
      return mismatch();
    } else {
      out.shape[*open] = rest.floor_div(stated);
    }
  } else if (total.is_constant() && known.is_constant() && !(total == known)) {
    return mismatch();
  }
  return TensorTypes{std::move(out)};
}

Result<Tensors> Reshape::evaluate(TensorInputs inputs, EvalContext& context) const {
  return reshaped_as_inferred(*this, inputs, context);
}

std::optional<std::vector<Dim>> Reshape::contents(const InferContext& context) const {
  const auto target = context.contents(1);
  return target && target->size() <= 1 ? context.contents(0) : std::nullopt;
}

}  // namespace bolide
