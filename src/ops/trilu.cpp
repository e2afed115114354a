#include "ops/trilu.h"

#include "ops/reference.h"

#include <algorithm>

namespace bolide {

Result<TensorTypes> Trilu::infer(const InferContext& context) const {
  if (context.rank(0) < 2) return invalid_argument("Trilu: ", context.shape(0), " has no matrices");
  if (context.has(1)) TRY_OK(check_sizes_input(kInfo, context, 1));
  return TensorTypes{context.type(0)};
}

Result<Tensors> Trilu::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  const Dims& dims = out[0].dims();
  const std::int64_t columns = dims.back();
  const std::int64_t rows = dims[dims.size() - 2];
  std::int64_t k = 0;
  if (inputs.size() > 1 && inputs[1] != nullptr) {
    TRY(const Dims given, to_i64(*inputs[1]));
    if (given.size() != 1) return invalid_argument("Trilu: k of ", given.size(), " elements, not one");
    k = std::min(std::max(given[0], -rows), columns);
  }
  const auto copy = [&](std::int64_t row) {
    const std::int64_t diagonal = row % rows + k;  // the column that the diagonal crosses
    const std::int64_t begin = upper ? std::min(std::max<std::int64_t>(diagonal, 0), columns) : 0;
    const std::int64_t end = upper ? columns : std::min(std::max<std::int64_t>(diagonal + 1, 0), columns);
    const std::int64_t at = row * columns;
    clear_run(out[0], at, begin);
    copy_run(*inputs[0], at + begin, out[0], at + begin, end - begin);
    clear_run(out[0], at + end, columns - end);
  };
  const std::int64_t grain =
      bit_width(out[0].dtype()) < 8 ? out[0].count() : (1 << 14) / std::max<std::int64_t>(columns, 1);
  parallel_ranges(product(dims, 0, dims.size() - 1), grain, [&](std::int64_t row, std::int64_t end) {
    for (; row < end; ++row) copy(row);
  });
  return out;
}

}  // namespace bolide
