#include "ops/map_values.h"

#include "ops/elements.h"
#include "ops/movement.h"
#include "ops/reference.h"

#include <cmath>
#include <string>
#include <unordered_map>

namespace bolide {
namespace {

/// Text, number or integer of element i as a key of a table; NaN has one spelling.
std::string key_of(const Tensor& tensor, std::int64_t i) {
  if (tensor.dtype() == DataType::kString) return tensor.span<std::string>()[static_cast<std::size_t>(i)];
  if (!is_float(tensor.dtype())) return std::to_string(load_one<std::int64_t>(tensor, i));
  const double value = load_one<double>(tensor, i);
  if (std::isnan(value)) return "nan";
  const double plain = value == 0 ? 0.0 : value;
  return std::string(reinterpret_cast<const char*>(&plain), sizeof plain);
}

}  // namespace

Result<TensorTypes> MapValues::infer(const InferContext& context) const {
  const DataType x = context.dtype(0);
  if (!is_real(x) && x != DataType::kString) return unsupported("MapValues: x is ", context.type(0));
  if (context.dtype(1) != x) return invalid_argument("MapValues: x is ", x, " and keys are ", context.dtype(1));
  if (context.rank(1) != 1 || context.rank(2) != 1) {
    return invalid_argument("MapValues: keys are ", context.type(1), " and values ", context.type(2));
  }
  TRY_OK(require_equal(kInfo, "number of values", context.shape(2)[0], context.shape(1)[0]));
  if (context.has(3) && context.dtype(3) != context.dtype(2)) {
    return invalid_argument("MapValues: values are ", context.dtype(2), " and the default is ", context.dtype(3));
  }
  return TensorTypes{{context.dtype(2), context.shape(0)}};
}

Result<Tensors> MapValues::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const Tensor& x = *inputs[0];
  const Tensor* fallback = input_at(inputs, 3);
  if (fallback != nullptr && fallback->count() != 1) {
    return invalid_argument("MapValues: the default has ", fallback->count(), " elements");
  }
  std::unordered_map<std::string, std::int64_t> table;
  for (std::int64_t i = 0; i < inputs[1]->count(); ++i) table.insert_or_assign(key_of(*inputs[1], i), i);
  for (std::int64_t i = 0; i < x.count(); ++i) {
    const auto found = table.find(key_of(x, i));
    if (found != table.end()) {
      copy_run(*inputs[2], found->second, out[0], i, 1);
    } else if (fallback != nullptr) {
      copy_run(*fallback, 0, out[0], i, 1);
    } else {
      return invalid_argument("MapValues: element ", i, " is none of the ", table.size(), " keys");
    }
  }
  return out;
}

}  // namespace bolide
