#include "ops/logic.h"

#include "ops/elements.h"
#include "ops/movement.h"

namespace bolide {
namespace {

Result<Shape> common_shape(const InferContext& context) {
  Shape out = context.shape(0);
  for (int i = 1; i < context.input_count(); ++i) {
    TRY(out, broadcast(out, context.shape(i)));
  }
  return out;
}

/// Strides of x along the axes of a result that it broadcasts to, 0 where it repeats.
Dims strides_in(const Tensor& x, const Dims& dims) {
  const Dims own = contiguous_strides(x.dims());
  Dims out(dims.size(), 0);
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (x.dims()[i] != 1) out[dims.size() - own.size() + i] = own[i];
  }
  return out;
}

/// task(element of the result, elements of the inputs).
template <class Task>
void for_each_broadcast(TensorInputs inputs, const Dims& dims, Task task) {
  std::vector<Dims> strides;
  for (const Tensor* input : inputs) strides.push_back(strides_in(*input, dims));
  if (product(dims, 0, dims.size()) == 0) return;
  Dims index(dims.size(), 0);
  Dims from(inputs.size(), 0);
  std::int64_t to = 0;
  do {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      from[i] = 0;
      for (std::size_t d = 0; d < dims.size(); ++d) from[i] += index[d] * strides[i][d];
    }
    task(to++, from);
  } while (next_index(index, dims));
}

}  // namespace

Result<TensorTypes> Equal::infer(const InferContext& context) const {
  if (context.dtype(0) != DataType::kString || context.dtype(1) != DataType::kString) return FnOp::infer(context);
  TRY(Shape shape, common_shape(context).within("Equal"));
  return TensorTypes{{DataType::kBool, std::move(shape)}};
}

Result<Tensors> Equal::evaluate(TensorInputs inputs, EvalContext& context) const {
  if (inputs[0]->dtype() != DataType::kString) return FnOp::evaluate(inputs, context);
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const auto a = inputs[0]->span<std::string>();
  const auto b = inputs[1]->span<std::string>();
  for_each_broadcast(inputs, out[0].dims(), [&](std::int64_t to, const Dims& from) {
    const bool equal = a[static_cast<std::size_t>(from[0])] == b[static_cast<std::size_t>(from[1])];
    out[0].span<bool>()[static_cast<std::size_t>(to)] = equal;
  });
  return out;
}

Result<TensorTypes> Where::infer(const InferContext& context) const {
  if (is_real(context.dtype(1)) || context.dtype(0) != DataType::kBool || context.dtype(1) != context.dtype(2)) {
    return FnOp::infer(context);
  }
  TRY(Shape shape, common_shape(context).within("Where"));
  return TensorTypes{{context.dtype(1), std::move(shape)}};
}

Result<Tensors> Where::evaluate(TensorInputs inputs, EvalContext& context) const {
  if (is_real(inputs[1]->dtype())) return FnOp::evaluate(inputs, context);
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const auto condition = inputs[0]->span<bool>();
  for_each_broadcast(inputs, out[0].dims(), [&](std::int64_t to, const Dims& from) {
    const std::size_t chosen = condition[static_cast<std::size_t>(from[0])] ? 1 : 2;
    copy_run(*inputs[chosen], from[chosen], out[0], to, 1);
  });
  return out;
}

}  // namespace bolide
