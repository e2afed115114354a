#include "ops/sequence_items.h"

#include <algorithm>

namespace bolide {

Result<TensorTypes> SequenceInsert::infer(const InferContext& context) const {
  TRY_OK(require_sequence(kInfo, context));
  TRY_OK(check_position(kInfo, context, 2));
  const Dim size = context.shape(0)[0];
  TRY(TensorType out, common_type(context.type(0), sequence_type(context.type(1), size), context).within(kInfo.name));
  if (size == Dim(0)) out = sequence_type(context.type(1), size);
  out.shape[0] = size + 1;
  return TensorTypes{std::move(out)};
}

Result<Tensors> SequenceInsert::evaluate(TensorInputs inputs, EvalContext&) const {
  const std::int64_t count = inputs[0]->count();
  const Tensor* position = input_at(inputs, 2);
  std::int64_t at = count;
  if (position != nullptr) {
    TRY(const Dims values, to_i64(*position));
    if (values.size() != 1 || values[0] < -count || values[0] > count) {
      return invalid_argument("SequenceInsert: position ", values, " is outside of a sequence of ", count);
    }
    at = values[0] < 0 ? values[0] + count : values[0];
  }
  Tensors items(inputs[0]->items().begin(), inputs[0]->items().end());
  items.insert(items.begin() + at, *inputs[1]);
  return sequence_of(*this, inputs, items);
}

Result<TensorTypes> SequenceErase::infer(const InferContext& context) const {
  TRY_OK(require_sequence(kInfo, context));
  TRY_OK(check_position(kInfo, context, 1));
  TensorType out = context.type(0);
  if (out.shape[0] == Dim(0)) return invalid_argument("SequenceErase: the sequence is empty");
  out.shape[0] = out.shape[0] - 1;
  return TensorTypes{std::move(out)};
}

Result<Tensors> SequenceErase::evaluate(TensorInputs inputs, EvalContext&) const {
  const std::int64_t count = inputs[0]->count();
  TRY(const std::int64_t at, position_of(kInfo, input_at(inputs, 1), count, count - 1));
  Tensors items(inputs[0]->items().begin(), inputs[0]->items().end());
  items.erase(items.begin() + at);
  return sequence_of(*this, inputs, items);
}

}  // namespace bolide
