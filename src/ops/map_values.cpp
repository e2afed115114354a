#include "ops/map_values.h"

#include "ops/elements.h"
#include "ops/movement.h"
#include "ops/reference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <unordered_map>

namespace bolide {
namespace {

/// Element i as a key of a table: text, an integer, or the bits of a number, where NaN and 0 have one spelling.
std::string_view text_of(const Tensor& tensor, std::int64_t i) {
  return tensor.span<std::string>()[static_cast<std::size_t>(i)];
}
std::int64_t number_of(const Tensor& tensor, std::int64_t i) {
  if (tensor.dtype() == DataType::kI64) return reinterpret_cast<const std::int64_t*>(tensor.data())[i];
  if (!is_float(tensor.dtype())) return load_one<std::int64_t>(tensor, i);
  const auto value = load_one<double>(tensor, i);
  if (std::isnan(value)) return std::bit_cast<std::int64_t>(std::numeric_limits<double>::quiet_NaN());
  return std::bit_cast<std::int64_t>(value + 0.0);
}

/// The places of x's elements among the keys, the last of equal ones; -1: none.
template <class Key>
Dims places_of(const Tensor& x, const Tensor& keys, Key (*key_of)(const Tensor&, std::int64_t)) {
  std::unordered_map<Key, std::int64_t> table;
  table.reserve(static_cast<std::size_t>(keys.count()));
  for (std::int64_t i = 0; i < keys.count(); ++i) table.insert_or_assign(key_of(keys, i), i);
  Dims out(static_cast<std::size_t>(x.count()));
  if constexpr (std::is_integral_v<Key>) {  // keys that lie close together: a table by their distance
    Key least = table.empty() ? 0 : table.begin()->first;
    Key most = least;
    for (const auto& [key, place] : table) {
      least = std::min(least, key);
      most = std::max(most, key);
    }
    const std::uint64_t span = static_cast<std::uint64_t>(most) - static_cast<std::uint64_t>(least);
    if (span < 4 * table.size() + 256) {
      Dims direct(static_cast<std::size_t>(span) + 1, -1);
      for (const auto& [key, place] : table)
        direct[static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(least)] = place;
      parallel_ranges(x.count(), 2048, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const std::uint64_t distance = static_cast<std::uint64_t>(key_of(x, i)) - static_cast<std::uint64_t>(least);
          out[static_cast<std::size_t>(i)] = distance <= span ? direct[distance] : -1;
        }
      });
      return out;
    }
  }
  parallel_ranges(x.count(), 512, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto found = table.find(key_of(x, i));
      out[static_cast<std::size_t>(i)] = found == table.end() ? -1 : found->second;
    }
  });
  return out;
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
  const bool text = x.dtype() == DataType::kString;
  const Dims places = text ? places_of(x, *inputs[1], text_of) : places_of(x, *inputs[1], number_of);
  const auto unknown = std::find(places.begin(), places.end(), -1);
  if (unknown != places.end() && fallback == nullptr) {
    return invalid_argument("MapValues: element ", unknown - places.begin(), " is none of the ", inputs[1]->count(),
                            " keys");
  }
  const std::int64_t grain = bit_width(out[0].dtype()) < 8 ? x.count() : 2048;
  parallel_ranges(x.count(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t place = places[static_cast<std::size_t>(i)];
      copy_run(place < 0 ? *fallback : *inputs[2], std::max<std::int64_t>(place, 0), out[0], i, 1);
    }
  });
  return out;
}

}  // namespace bolide
