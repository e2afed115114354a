#include "ops/fill.h"

#include "ops/elements.h"

namespace bolide {
namespace {

constexpr std::int64_t kMostContents = 4096;

}  // namespace

Result<TensorType> type_of_sizes(const OpInfo& info, DataType dtype, const InferContext& context) {
  TRY_OK(check_sizes_input(info, context, 0));
  TensorType out{dtype, {}};
  if (const auto target = context.contents(0)) {
    out.shape = *target;
    for (const Dim& size : out.shape) {
      if (size.constant().value_or(0) < 0) return invalid_argument(info.name, ": sizes ", out.shape);
    }
    return out;
  }
  TRY(const std::int64_t rank, known_length(info, context, 0));
  for (std::int64_t i = 0; i < rank; ++i) out.shape.push_back(context.fresh_dim("filled"));
  return out;
}

Result<TensorTypes> ConstantOfShape::infer(const InferContext& context) const {
  if (value.count() != 1) return invalid_argument("ConstantOfShape: a value of ", value.count(), " elements, not one");
  TRY(TensorType out, type_of_sizes(kInfo, value.dtype(), context));
  return TensorTypes{std::move(out)};
}

Result<Tensors> ConstantOfShape::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  fill(out[0], value);
  return out;
}

std::optional<std::vector<Dim>> ConstantOfShape::contents(const InferContext& context) const {
  const auto target = context.contents(0);
  if (!target || target->size() > 1 || value.count() != 1 || !is_integer(value.dtype())) return std::nullopt;
  const std::int64_t count = target->empty() ? 1 : (*target)[0].constant().value_or(-1);
  const auto number = to_i64(value);
  if (count < 0 || count > kMostContents || !number) return std::nullopt;
  return std::vector<Dim>(static_cast<std::size_t>(count), Dim((*number)[0]));
}

}  // namespace bolide
