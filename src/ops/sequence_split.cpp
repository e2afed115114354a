#include "ops/sequence_items.h"

#include "ops/concat.h"

#include <algorithm>

namespace bolide {

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

}  // namespace bolide
