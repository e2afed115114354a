#include "ops/concat.h"
#include "ops/pieces.h"

namespace bolide {

Result<TensorTypes> Concat::infer(const InferContext& context) const {
  TensorType out = context.type(0);
  TRY(const std::size_t at, normalize_axis(axis, out.rank()).within("Concat"));
  for (int i = 1; i < context.input_count(); ++i) {
    if (!context.has(i)) return invalid_argument("Concat: input ", i, " is left out");
    if (context.dtype(i) != out.dtype || context.rank(i) != out.rank()) {
      return invalid_argument("Concat: input ", i, " is ", context.type(i), ", the first is ", context.type(0));
    }
    for (std::size_t d = 0; d < out.shape.size(); ++d) {
      const Dim& other = context.shape(i)[d];
      if (d == at) {
        out.shape[d] = out.shape[d] + other;
      } else {
        const auto merged = merge(out.shape[d], other);
        if (!merged) {
          return invalid_argument("Concat: input ", i, " is ", context.shape(i), " and the first ", context.shape(0),
                                  ", which differ beside axis ", at);
        }
        out.shape[d] = *merged;
      }
    }
  }
  return TensorTypes{std::move(out)};
}

Result<Tensors> Concat::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  const Dims strides = contiguous_strides(out[0].dims());
  TRY(const std::size_t at, normalize_axis(axis, out[0].rank()));
  std::vector<std::int64_t> begins;
  std::int64_t end = 0;
  for (const Tensor* input : inputs) {
    begins.push_back(end);
    end += input->dims()[at];
  }
  each_piece(out[0], inputs.size(), [&](std::size_t i) {
    const Dims& dims = inputs[i]->dims();
    copy_strided(*inputs[i], out[0], {dims, 0, contiguous_strides(dims), begins[i] * strides[at], strides});
  });
  return out;
}

std::optional<std::vector<Dim>> Concat::contents(const InferContext& context) const {
  std::vector<Dim> out;
  for (int i = 0; i < context.input_count(); ++i) {
    const auto part = context.contents(i);
    if (!part || context.rank(i) != 1) return std::nullopt;
    out.insert(out.end(), part->begin(), part->end());
  }
  return out;
}

}  // namespace bolide
