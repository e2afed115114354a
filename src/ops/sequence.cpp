#include "ops/sequence_items.h"

namespace bolide {

Status require_sequence(const OpInfo& info, const InferContext& context) {
  return require_container(info, context, 0, DataType::kSequence);
}

Status check_position(const OpInfo& info, const InferContext& context, int index) {
  if (!context.has(index)) return ok();
  const TensorType& type = context.type(index);
  const auto count = element_count(type.shape).constant();
  if (is_integer(type.dtype) && count.value_or(1) == 1) return ok();
  return invalid_argument(info.name, ": the position is ", type, ", expected one integer");
}

Result<std::int64_t> position_of(const OpInfo& info, const Tensor* input, std::int64_t count, std::int64_t fallback) {
  std::int64_t at = fallback;
  if (input != nullptr) {
    TRY(const Dims values, to_i64(*input));
    at = values.at(0) < 0 ? values[0] + count : values[0];
    if (at < 0 || at >= count) {
      return invalid_argument(info.name, ": position ", values[0], " is outside of a sequence of ", count);
    }
  }
  if (at < 0) return invalid_argument(info.name, ": the sequence is empty");
  return at;
}

Result<TensorTypes> SequenceEmpty::infer(const InferContext&) const {
  return TensorTypes{sequence_type({dtype, {}, nullptr, false}, Dim(0))};
}

Result<Tensors> SequenceEmpty::evaluate(TensorInputs, EvalContext&) const {
  return one(Tensor::sequence({dtype, {}, nullptr, false}, {}));
}

Result<TensorTypes> SequenceConstruct::infer(const InferContext& context) const {
  TensorType out = sequence_type(context.type(0), Dim(context.input_count()));
  for (int i = 1; i < context.input_count(); ++i) {
    if (!context.has(i)) return invalid_argument("SequenceConstruct: input ", i, " is left out");
    TRY(out, common_type(out, sequence_type(context.type(i), out.shape[0]), context).within("SequenceConstruct"));
  }
  return TensorTypes{std::move(out)};
}

Result<Tensors> SequenceConstruct::evaluate(TensorInputs inputs, EvalContext&) const {
  Tensors items;
  for (const Tensor* input : inputs) {
    if (input == nullptr) return invalid_argument("SequenceConstruct: an input is left out");
    items.push_back(*input);
  }
  return sequence_of(*this, inputs, items);
}

Result<TensorTypes> SequenceAt::infer(const InferContext& context) const {
  TRY_OK(require_sequence(kInfo, context));
  TRY_OK(check_position(kInfo, context, 1));
  TRY(TensorType out, taken_out(kInfo, context.type(0).element(), context));
  return TensorTypes{std::move(out)};
}

Result<Tensors> SequenceAt::evaluate(TensorInputs inputs, EvalContext&) const {
  if (inputs[0]->dtype() != DataType::kSequence) return invalid_argument("SequenceAt of ", inputs[0]->dtype());
  TRY(const std::int64_t at, position_of(kInfo, inputs[1], inputs[0]->count(), 0));
  return one(inputs[0]->items()[static_cast<std::size_t>(at)]);
}

Result<TensorTypes> SequenceLength::infer(const InferContext& context) const {
  TRY_OK(require_sequence(kInfo, context));
  return TensorTypes{{DataType::kI64, {}}};
}

Result<Tensors> SequenceLength::evaluate(TensorInputs inputs, EvalContext&) const {
  return one(Tensor::scalar(inputs[0]->count()));
}

std::optional<std::vector<Dim>> SequenceLength::contents(const InferContext& context) const {
  return std::vector<Dim>{context.shape(0)[0]};
}

}  // namespace bolide
