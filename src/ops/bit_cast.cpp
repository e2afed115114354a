#include "ops/bit_cast.h"

namespace bolide {

Result<TensorTypes> BitCast::infer(const InferContext& context) const {
  const DataType from = context.dtype(0);
  if (from == DataType::kString || to == DataType::kString)
    return unsupported("BitCast of strings; numbers and bool work");
  if (bit_width(from) != bit_width(to)) {
    return invalid_argument("BitCast: ", from, " has ", bit_width(from), " bits and ", to, " has ", bit_width(to));
  }
  return TensorTypes{{to, context.shape(0)}};
}

Result<Tensors> BitCast::evaluate(TensorInputs inputs, EvalContext&) const {
  Tensor out = inputs[0]->reinterpreted(to);
  if (to != DataType::kBool) return Tensors{std::move(out)};
  TRY(Tensor bools, Tensor::allocate(DataType::kBool, out.dims()));  // every bit pattern but 0 is true
  for (std::size_t i = 0; i < bools.span<std::uint8_t>().size(); ++i) {
    bools.span<std::uint8_t>()[i] = out.span<std::uint8_t>()[i] != 0 ? 1 : 0;
  }
  return Tensors{std::move(bools)};
}

}  // namespace bolide
