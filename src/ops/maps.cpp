#include "ops/maps.h"

#include "ops/containers.h"
#include "ops/map_values.h"
#include "ops/movement.h"
#include "ops/reference.h"

#include <algorithm>
#include <numeric>

namespace bolide {
namespace {

bool is_key(DataType type) { return type == DataType::kI64 || type == DataType::kString; }

/// The map as keys and values; both have one size.
Status check_map(const Tensor& map) {
  if (map.items().size() == 2 && map.items()[0].count() == map.items()[1].count()) return ok();
  return invalid_argument("a map has keys and values of different numbers");
}

}  // namespace

Result<TensorTypes> ZipMap::infer(const InferContext& context) const {
  if (context.rank(0) != 2 || context.rank(1) != 1 || !is_key(context.dtype(1))) {
    return invalid_argument("ZipMap: x is ", context.type(0), " and keys are ", context.type(1));
  }
  const Dim keys = context.shape(1)[0];
  TRY_OK(require_equal(kInfo, "number of columns", context.shape(0)[1], keys));
  return TensorTypes{
      sequence_type(map_type({context.dtype(1), {keys}}, {context.dtype(0), {keys}}), context.shape(0)[0])};
}

Result<Tensors> ZipMap::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const TensorTypes types, infer(KnownInputs(inputs, context.output_count).context()));
  const Dims& dims = inputs[0]->dims();
  std::vector<Tensor> rows;
  for (std::int64_t row = 0; row < dims[0]; ++row) {
    TRY(Tensor values, context.allocate(inputs[0]->dtype(), {dims[1]}));
    copy_run(*inputs[0], row * dims[1], values, 0, dims[1]);
    rows.push_back(Tensor::map(*inputs[1], std::move(values)));
  }
  return one(Tensor::sequence(types[0].element(), rows));
}

Result<TensorTypes> MapLookup::infer(const InferContext& context) const {
  TRY_OK(require_container(kInfo, context, 0, DataType::kMap));
  const TensorType& keys = context.type(0).element(0);
  if (context.rank(1) != 1 || context.dtype(1) != keys.dtype) {
    return invalid_argument("MapLookup: the map's keys are ", keys.dtype, ", and looked for is ", context.type(1));
  }
  return TensorTypes{{context.type(0).element(1).dtype, {Dim(1), context.shape(1)[0]}}};
}

Result<Tensors> MapLookup::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(check_map(*inputs[0]));
  const Tensor& keys = inputs[0]->items()[0];
  const Tensor& values = inputs[0]->items()[1];
  TRY(const Tensor nothing, context.allocate(values.dtype(), {1}));
  const std::array<const Tensor*, 4> operands = {inputs[1], &keys, &values, &nothing};
  TRY(const Tensors found, MapValues{}.evaluate(operands, context));
  TRY(Tensor row, found[0].reshaped({1, found[0].count()}));
  return one(std::move(row));
}

Result<TensorTypes> MapToRow::infer(const InferContext& context) const {
  TRY_OK(require_container(kInfo, context, 0, DataType::kMap));
  const TensorType& keys = context.type(0).element(0);
  if (keys.dtype != DataType::kI64) return unsupported("MapToRow: the map's keys are ", keys.dtype, "; i64 works");
  if (length < 0) return invalid_argument("MapToRow: length is ", length);
  const Dim size = length > 0 ? Dim(length) : context.fresh_dim("map");
  return TensorTypes{{context.type(0).element(1).dtype, {Dim(1), size}}};
}

Result<Tensors> MapToRow::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY_OK(check_map(*inputs[0]));
  const Tensor& values = inputs[0]->items()[1];
  const auto keys = inputs[0]->items()[0].span<std::int64_t>();
  std::vector<std::size_t> order(keys.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
  const std::int64_t size = length > 0 ? length : static_cast<std::int64_t>(keys.size());
  TRY(Tensor row, context.allocate(values.dtype(), {1, size}));
  std::int64_t at = 0;
  for (const std::size_t i : order) {
    const std::int64_t to = length > 0 ? keys[i] : at++;
    if (to < 0 || to >= size) return invalid_argument("MapToRow: key ", to, " is not below ", size);
    copy_run(values, static_cast<std::int64_t>(i), row, to, 1);
  }
  return one(std::move(row));
}

}  // namespace bolide
