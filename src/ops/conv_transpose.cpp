#include "ops/conv_transpose.h"

#include "ops/contraction.h"

#include <algorithm>

namespace bolide {

Result<TensorTypes> ConvTranspose::infer(const InferContext& context) const {
  TRY_OK(check_contraction_types(kInfo, context));
  const Shape& x = context.shape(0);
  const Shape& w = context.shape(1);
  if (x.size() < 3 || x.size() != w.size()) {
    return invalid_argument("ConvTranspose: x is ", x, " and w is ", w,
                            "; both need batch, channels and the same spatial dims");
  }
  if (groups < 1 || groups > 1 << 30) return invalid_argument("ConvTranspose: groups is ", groups);
  TRY_OK(require_equal(kInfo, "channels of x", x[1], w[0]));
  if (w[0].constant() && *w[0].constant() % groups != 0) {
    return invalid_argument("ConvTranspose: ", w[0], " input channels do not divide into ", groups, " groups");
  }
  const std::optional<Dims> kernel = constant_dims(Shape(w.begin() + 2, w.end()));
  Shape y = {x[0], w[1] * Dim(groups)};
  if (context.has(2)) {
    if (context.rank(2) != 1) {
      return invalid_argument("ConvTranspose: bias is ", context.shape(2), ", expected [", y[1], "]");
    }
    TRY_OK(require_equal(kInfo, "bias", context.shape(2)[0], y[1]));
  }
  if (!kernel) {  // only the weights say how large it is
    for (std::size_t i = 2; i < x.size(); ++i) y.push_back(context.fresh_dim("conv_transpose"));
    return TensorTypes{{out, std::move(y)}};
  }
  TRY(const Shape sizes,
      transposed_window_sizes(kInfo.name, window(), output_padding, *kernel, std::span(x).subspan(2)));
  y.insert(y.end(), sizes.begin(), sizes.end());
  TRY_OK(check_epilogue(kInfo, epilogue, context, y));
  return TensorTypes{{out, std::move(y)}};
}

Result<Tensors> ConvTranspose::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  const Dims& x_dims = inputs[0]->dims();
  const Dims& w_dims = inputs[1]->dims();
  WindowContraction problem;
  problem.batch = x_dims[0];
  problem.groups = groups;
  problem.group_in = w_dims[0] / groups;
  problem.group_out = w_dims[1];
  problem.transposed = true;
  TRY(problem.axes, transposed_window_axes(kInfo.name, window(), output_padding, std::span(w_dims).subspan(2),
                                           std::span(x_dims).subspan(2)));
  TRY(Tensor acc, context.allocate(DataType::kF64, results[0].dims));
  TRY(const Tensor x, shifted_f64(*inputs[0], x_zero));
  TRY(const Tensor w, shifted_f64(*inputs[1], w_zero));
  Tensor bias;
  if (input_at(inputs, 2) != nullptr) {
    TRY(bias, as_f64(*inputs[2]));
  }
  // [groups, in, out, taps] to [groups, out, in, taps]
  const std::int64_t taps = product(w_dims, 2, w_dims.size());
  TRY(Tensor swapped, Tensor::allocate(DataType::kF64, w_dims));
  for (std::int64_t g = 0; g < groups; ++g) {
    for (std::int64_t i = 0; i < problem.group_in; ++i) {
      for (std::int64_t o = 0; o < problem.group_out; ++o) {
        const double* from = w.span<double>().data() + ((g * problem.group_in + i) * problem.group_out + o) * taps;
        std::copy_n(from, taps,
                    swapped.span<double>().data() + ((g * problem.group_out + o) * problem.group_in + i) * taps);
      }
    }
  }
  contract_windows(problem, x.span<double>().data(), swapped.span<double>().data(),
                   input_at(inputs, 2) != nullptr ? bias.span<double>().data() : nullptr, acc.span<double>().data());
  TRY(Tensor y, finish_contraction(acc, epilogue, inputs, out));
  return one(std::move(y));
}

}  // namespace bolide
