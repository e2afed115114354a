#include "ops/sequence.h"

#include "ops/concat.h"
#include "ops/containers.h"
#include "ops/reference.h"

#include <algorithm>

namespace bolide {
namespace {

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

/// The position in [0, count); `fallback` without the input.
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

/// A sequence of `items` with the element type that `op` derives from the inputs.
template <class T>
Result<Tensors> sequence_of(const T& op, TensorInputs inputs, std::span<const Tensor> items) {
  TRY(const TensorTypes types, op.infer(KnownInputs(inputs).context()));
  return one(Tensor::sequence(types[0].element(), items));
}

}  // namespace

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

Result<TensorTypes> ConcatFromSequence::infer(const InferContext& context) const {
  TRY_OK(require_sequence(kInfo, context));
  const Dim& count = context.shape(0)[0];
  const TensorType& element = context.type(0).element();
  TRY(TensorType out, taken_out(kInfo, element, context));
  TRY(const int at, checked_axis(kInfo, axis, out.rank() + (new_axis ? 1 : 0)));
  const auto place = out.shape.begin() + at;
  if (new_axis) {
    out.shape.insert(place, count);
  } else {
    const Dim& size = element.shape[static_cast<std::size_t>(at)];
    *place = size.is_constant() ? count * size : context.fresh_dim("joined");
  }
  return TensorTypes{std::move(out)};
}

Result<Tensors> ConcatFromSequence::evaluate(TensorInputs inputs, EvalContext& context) const {
  if (inputs[0]->dtype() != DataType::kSequence) return invalid_argument("ConcatFromSequence of ", inputs[0]->dtype());
  Tensors items(inputs[0]->items().begin(), inputs[0]->items().end());
  if (items.empty()) return invalid_argument("ConcatFromSequence: the sequence is empty");
  TRY(const int at, checked_axis(kInfo, axis, items[0].rank() + (new_axis ? 1 : 0)));
  std::vector<const Tensor*> parts;
  for (Tensor& item : items) {
    if (new_axis) {
      Dims dims = item.dims();
      dims.insert(dims.begin() + std::min<std::ptrdiff_t>(at, item.rank()), 1);
      TRY(item, item.reshaped(std::move(dims)));
    }
    parts.push_back(&item);
  }
  return Op(Concat{.axis = at}).evaluate(parts, context);
}

Result<TensorTypes> SplitToSequence::infer(const InferContext& context) const {
  TRY(const int at, checked_axis(kInfo, axis, context.rank(0)));
  TensorType element = context.type(0);
  const Dim whole = element.shape[static_cast<std::size_t>(at)];
  Dim& size = element.shape[static_cast<std::size_t>(at)];
  if (!context.has(1)) {
    size = 1;
    if (!keepdims) element.shape.erase(element.shape.begin() + at);
    return TensorTypes{sequence_type(std::move(element), whole)};
  }
  if (!is_integer(context.dtype(1)) || context.rank(1) > 1) {
    return invalid_argument("SplitToSequence: split is ", context.type(1), ", expected integers of rank 0 or 1");
  }
  size = context.fresh_dim("piece");
  if (context.rank(1) == 1) return TensorTypes{sequence_type(std::move(element), context.shape(1)[0])};
  return TensorTypes{sequence_type(std::move(element), context.fresh_dim("pieces"))};
}

Result<Tensors> SplitToSequence::evaluate(TensorInputs inputs, EvalContext& context) const {
  const Tensor& x = *inputs[0];
  TRY(const int at, checked_axis(kInfo, axis, x.rank()));
  const std::int64_t whole = x.dims()[static_cast<std::size_t>(at)];
  Dims sizes;
  const Tensor* split = input_at(inputs, 1);
  if (split != nullptr && split->rank() == 1) {
    TRY(sizes, to_i64(*split));
  } else {
    std::int64_t piece = 1;
    if (split != nullptr) {
      TRY(const Dims values, to_i64(*split));
      piece = values.at(0);
    }
    if (piece < 1) return invalid_argument("SplitToSequence: pieces of size ", piece);
    for (std::int64_t begin = 0; begin < whole; begin += piece) sizes.push_back(std::min(piece, whole - begin));
  }
  Tensors items;
  if (!sizes.empty()) {
    EvalContext all = context;
    all.output_count = static_cast<int>(sizes.size());
    const Tensor* cut[] = {&x};
    TRY(items, Op(Split{.axis = at, .sizes = sizes}).evaluate(cut, all));
  }
  if (split == nullptr && !keepdims) {
    for (Tensor& item : items) {
      Dims dims = item.dims();
      dims.erase(dims.begin() + at);
      TRY(item, item.reshaped(std::move(dims)));
    }
  }
  return sequence_of(*this, inputs, items);
}

Result<TensorTypes> SequenceMap::infer(const InferContext& context) const {
  TRY_OK(require_sequence(kInfo, context));
  if (mapped < 1 || mapped > context.input_count()) {
    return invalid_argument("SequenceMap: ", context.input_count(), " inputs, of which it maps ", mapped);
  }
  if (!context.subgraph_types) return internal_error("SequenceMap: there is no body");
  TRY(TensorTypes types, context.subgraph_types(0));
  for (TensorType& type : types) {
    for (Dim& dim : type.shape) dim = dim.is_constant() ? dim : context.fresh_dim("item");
    type = sequence_type(std::move(type), context.shape(0)[0]);
  }
  return types;
}

Result<Tensors> SequenceMap::evaluate(TensorInputs inputs, EvalContext& context) const {
  if (mapped < 1 || static_cast<std::size_t>(mapped) > inputs.size() || inputs[0]->dtype() != DataType::kSequence) {
    return invalid_argument("SequenceMap: ", inputs.size(), " inputs, of which it maps ", mapped);
  }
  if (!context.run_subgraph || !context.subgraph_types) return internal_error("SequenceMap: there is no body");
  std::vector<Tensors> made;
  for (std::int64_t i = 0; i < inputs[0]->count(); ++i) {
    Tensors arguments;
    for (std::size_t a = 0; a < inputs.size(); ++a) {
      const Tensor* input = inputs[a];
      if (input == nullptr) return invalid_argument("SequenceMap: input ", a, " is left out");
      if (static_cast<std::int64_t>(a) >= mapped || input->dtype() != DataType::kSequence) {
        arguments.push_back(*input);
        continue;
      }
      if (input->count() != inputs[0]->count()) {
        return invalid_argument("SequenceMap: sequences of ", inputs[0]->count(), " and ", input->count(), " values");
      }
      arguments.push_back(input->items()[static_cast<std::size_t>(i)]);
    }
    TRY(Tensors results, context.run_subgraph(0, arguments));
    made.resize(results.size());
    for (std::size_t r = 0; r < results.size(); ++r) made[r].push_back(std::move(results[r]));
  }
  TRY(const TensorTypes types, context.subgraph_types(0));
  made.resize(types.size());
  Tensors out;
  for (std::size_t r = 0; r < types.size(); ++r) out.push_back(Tensor::sequence(types[r], made[r]));
  return out;
}

}  // namespace bolide
