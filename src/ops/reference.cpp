#include "ops/reference.h"

#include <algorithm>

namespace bolide {

KnownInputs::KnownInputs(TensorInputs inputs, int outputs)
    : types_(inputs.size()), inputs_(inputs.size()), context_(inputs_, outputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == nullptr) continue;
    types_[i] = inputs[i]->type();
    inputs_[i].type = &types_[i];
    inputs_[i].constant = inputs[i];
  }
}

Result<std::vector<KnownResult>> known_results(const Result<TensorTypes>& types) {
  if (!types) return types.error();
  std::vector<KnownResult> out;
  for (const TensorType& type : *types) {
    const std::optional<Dims> dims = constant_dims(type.shape);
    if (!dims) return invalid_argument("the values of the inputs give no sizes for ", type);
    out.push_back({type.dtype, *dims});
  }
  return out;
}

Result<Tensor> as_f64(const Tensor& tensor) {
  if (tensor.dtype() == DataType::kF64) return tensor;
  return cast(tensor, DataType::kF64);
}

Result<Tensor> store_f64(const Tensor& numbers, DataType out) {
  if (out == DataType::kF64) return numbers;
  const Tensor* inputs[] = {&numbers};
  return evaluate(Expr(), inputs, DataType::kF64, out);
}

Result<int> checked_axis(const OpInfo& info, std::int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) return invalid_argument(info.name, ": axis ", axis, " is outside rank ", rank);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Status require_float(const OpInfo& info, const InferContext& context, int index) {
  if (!is_float(context.dtype(index))) {
    return unsupported(info.name, ": input ", index, " must be floating point, got ", context.type(index));
  }
  return ok();
}

Status require_strings(const OpInfo& info, const InferContext& context) {
  for (int i = 0; i < context.input_count(); ++i) {
    if (context.dtype(i) != DataType::kString) {
      return invalid_argument(info.name, ": input ", i, " is ", context.type(i), ", not strings");
    }
  }
  return ok();
}

Status require_indices(const OpInfo& info, const InferContext& context) {
  if (is_integer(context.dtype(1))) return ok();
  return invalid_argument(info.name, ": indices of ", context.dtype(1), ", not of integers");
}

Status require_equal(const OpInfo& info, std::string_view what, const Dim& got, const Dim& want) {
  if (got.constant() && want.constant() && *got.constant() != *want.constant()) {
    return invalid_argument(info.name, ": ", what, " is ", got, ", expected ", want);
  }
  return ok();
}

std::int64_t product(std::span<const std::int64_t> dims, std::size_t begin, std::size_t end) {
  std::int64_t out = 1;
  for (std::size_t i = begin; i < end; ++i) out *= dims[i];
  return out;
}

bool next_index(std::span<std::int64_t> index, std::span<const std::int64_t> dims) {
  for (std::size_t d = dims.size(); d-- > 0;) {
    if (++index[d] < dims[d]) return true;
    index[d] = 0;
  }
  return false;
}

void parallel_ranges(std::int64_t count, std::int64_t grain,
                     FunctionRef<void(std::int64_t begin, std::int64_t end)> task) {
  if (count <= 0) return;
  ThreadPool& pool = ThreadPool::shared();
  const std::int64_t least = std::max<std::int64_t>(1, grain);
  const TimeLimit* limit = TimeLimit::current();
  // What has a limit goes in smaller parts, between which it can end.
  const std::int64_t most = std::int64_t{pool.size()} * (limit != nullptr ? 64 : 4);
  const std::int64_t chunks = std::min<std::int64_t>((count + least - 1) / least, most);
  if (chunks <= 1) return task(0, count);
  const std::int64_t each = (count + chunks - 1) / chunks;
  pool.parallel_for(chunks, pool.size(), [&](std::int64_t chunk, int) {
    if (limit != nullptr && limit->is_over()) return;
    const std::int64_t begin = chunk * each;
    const std::int64_t end = std::min(count, begin + each);
    if (begin < end) task(begin, end);
  });
}

}  // namespace bolide
