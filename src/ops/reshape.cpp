#include "ops/reshape.h"

#include <algorithm>

namespace bolide {
namespace {

/// Output of a view operator: the input under the sizes that `infer` gives.
template <class T>
Result<Tensors> reshaped_as_inferred(const T& op, TensorInputs inputs, const EvalContext& context) {
  TRY(const TensorTypes types,
      infer_values([&op](const InferContext& known) { return op.infer(known); }, inputs, context));
  auto dims = constant_dims(types[0].shape);
  if (!dims) return invalid_argument(T::kInfo.name, ": the values of its inputs give no sizes for ", types[0]);
  TRY(Tensor out, inputs[0]->reshaped(*std::move(dims)).within(T::kInfo.name));
  return Tensors{std::move(out)};
}

/// The type of the input in `rank` sizes that only the data decide.
TensorTypes of_unknown_sizes(const InferContext& context, std::int64_t rank, std::string_view hint) {
  TensorType out{context.dtype(0), {}};
  for (std::int64_t i = 0; i < rank; ++i) out.shape.push_back(context.fresh_dim(hint));
  return {std::move(out)};
}

}  // namespace

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
