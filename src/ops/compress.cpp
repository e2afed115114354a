#include "ops/reference.h"
#include "ops/select.h"

namespace bolide {

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
  Dims chosen(condition.size());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < condition.size(); ++i) {
    chosen[kept] = static_cast<std::int64_t>(i);
    kept += condition[i] != 0 ? 1 : 0;
  }
  chosen.resize(kept);
  Dims dims = all;
  dims[at] = static_cast<std::int64_t>(chosen.size());
  TRY(Tensor out, allocate_raw(context, data.dtype(), dims).within("Compress"));
  const std::int64_t inner = product(all, at + 1, all.size());
  const std::int64_t rows = product(all, 0, at) * dims[at];
  const std::int64_t grain = bit_width(data.dtype()) < 8 ? rows : (1 << 14) / std::max<std::int64_t>(inner, 4) + 1;
  parallel_ranges(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t from = row / dims[at] * all[at] + chosen[static_cast<std::size_t>(row % dims[at])];
      copy_run(data, from * inner, out, row * inner, inner);
    }
  });
  return Tensors{std::move(out)};
}

}  // namespace bolide
