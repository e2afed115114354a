#include "ops/concat.h"
#include "ops/pieces.h"

namespace bolide {

Result<TensorTypes> Split::infer(const InferContext& context) const {
  TRY(const std::size_t at, normalize_axis(axis, context.rank(0)).within("Split"));
  const Dim& whole = context.shape(0)[at];
  const int outputs = context.output_count();
  if (outputs < 1) return invalid_argument("Split: no output");
  TRY(const std::optional<Dims> known, known_integers(kInfo, context, 1, sizes));
  std::vector<Dim> pieces;
  if (!known) {
    for (int i = 0; i < outputs; ++i) pieces.push_back(context.fresh_dim("piece"));
  } else if (known->empty()) {
    const auto equal = Dim::exact_div(whole, outputs);
    const Dim piece = equal ? *equal : whole.ceil_div(outputs);
    pieces.assign(static_cast<std::size_t>(outputs), piece);
    pieces.back() = whole - piece * (outputs - 1);
    if (pieces.back().constant().value_or(0) < 0) {
      return invalid_argument("Split: a size of ", whole, " into ", outputs, " pieces of ", piece);
    }
  } else {
    if (static_cast<int>(known->size()) != outputs) {
      return invalid_argument("Split: ", known->size(), " sizes for ", outputs, " outputs");
    }
    Dim sum = 0;
    for (const std::int64_t size : *known) {
      if (size < 0) return invalid_argument("Split: a piece of size ", size);
      pieces.emplace_back(size);
      sum = sum + size;
    }
    if (!merge(sum, whole)) return invalid_argument("Split: pieces ", *known, " of a size of ", whole);
  }
  TensorTypes out;
  for (const Dim& piece : pieces) {
    TensorType type = context.type(0);
    type.shape[at] = piece;
    out.push_back(std::move(type));
  }
  return out;
}

Result<Tensors> Split::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  const Dims strides = contiguous_strides(inputs[0]->dims());
  TRY(const std::size_t at, normalize_axis(axis, inputs[0]->rank()));
  std::vector<std::int64_t> begins;
  std::int64_t end = 0;
  for (const Tensor& piece : out) {
    begins.push_back(end);
    end += piece.dims()[at];
  }
  each_piece(*inputs[0], out.size(), [&](std::size_t i) {
    const Dims& dims = out[i].dims();
    copy_strided(*inputs[0], out[i], {dims, begins[i] * strides[at], strides, 0, contiguous_strides(dims)});
  });
  return out;
}

}  // namespace bolide
