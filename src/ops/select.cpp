#include "ops/select.h"

#include "ops/elements.h"

#include <complex>

namespace bolide {
namespace {

template <class T>
Dims positions_of_other(const Tensor& x, const T& zero) {
  Dims out;
  const auto* data = reinterpret_cast<const T*>(x.data());
  for (std::int64_t i = 0; i < x.count(); ++i) {
    if (data[i] != zero) out.push_back(i);
  }
  return out;
}

/// A string is zero when it is empty.
Dims positions_of_nonzero(const Tensor& x) {
  if (x.dtype() == DataType::kString) return positions_of_other<std::string>(x, "");
  if (x.dtype() == DataType::kC64) return positions_of_other<std::complex<float>>(x, 0);
  if (x.dtype() == DataType::kC128) return positions_of_other<std::complex<double>>(x, 0);
  Dims out;
  with_compute_type(compute_type(x.dtype()), [&](auto zero) {
    for (std::int64_t i = 0; i < x.count(); ++i) {
      if (load_one<decltype(zero)>(x, i) != 0) out.push_back(i);
    }
  });
  return out;
}

}  // namespace

Result<TensorTypes> NonZero::infer(const InferContext& context) const {
  return TensorTypes{{DataType::kI64, {context.rank(0), context.fresh_dim("nonzero")}}};
}

Result<Tensors> NonZero::evaluate(TensorInputs inputs, EvalContext& context) const {
  const Tensor& x = *inputs[0];
  const Dims found = positions_of_nonzero(x);
  const auto count = static_cast<std::int64_t>(found.size());
  TRY(Tensor out, context.allocate(DataType::kI64, {x.rank(), count}).within("NonZero"));
  const Dims strides = contiguous_strides(x.dims());
  const auto to = out.span<std::int64_t>();
  for (std::size_t d = 0; d < strides.size(); ++d) {
    for (std::size_t i = 0; i < found.size(); ++i) to[d * found.size() + i] = found[i] / strides[d] % x.dims()[d];
  }
  return Tensors{std::move(out)};
}

Result<TensorTypes> Compress::infer(const InferContext& context) const {
  if (context.dtype(1) != DataType::kBool || context.rank(1) != 1) {
    return invalid_argument("Compress: the condition is ", context.type(1), ", not bool of rank 1");
  }
  TensorType out{context.dtype(0), {Dim(0)}};
  std::size_t at = 0;
  if (!flatten) {
    out.shape = context.shape(0);
    TRY(at, normalize_axis(axis, context.rank(0)).within("Compress"));
  }
  out.shape[at] = context.fresh_dim("compressed");
  return TensorTypes{std::move(out)};
}

Result<Tensors> Compress::evaluate(TensorInputs inputs, EvalContext& context) const {
  const Tensor& data = *inputs[0];
  const Dims all = flatten ? Dims{data.count()} : data.dims();
  TRY(const std::size_t at, normalize_axis(flatten ? 0 : axis, static_cast<int>(all.size())).within("Compress"));
  TRY(const Dims condition, to_i64(*inputs[1]));
  if (static_cast<std::int64_t>(condition.size()) > all[at]) {
    return invalid_argument("Compress: a condition of ", condition.size(), " elements on a size of ", all[at]);
  }
  Dims chosen;
  for (std::size_t i = 0; i < condition.size(); ++i) {
    if (condition[i] != 0) chosen.push_back(static_cast<std::int64_t>(i));
  }
  Dims dims = all;
  dims[at] = static_cast<std::int64_t>(chosen.size());
  TRY(Tensor out, context.allocate(data.dtype(), dims).within("Compress"));
  const std::int64_t inner = product(all, at + 1, all.size());
  std::int64_t to = 0;
  for (std::int64_t o = 0; o < product(all, 0, at); ++o) {
    for (const std::int64_t i : chosen) {
      copy_run(data, (o * all[at] + i) * inner, out, to, inner);
      to += inner;
    }
  }
  return Tensors{std::move(out)};
}

}  // namespace bolide
