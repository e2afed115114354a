#include "ops/map_values.h"

#include "ops/elements.h"
#include "ops/movement.h"
#include "ops/reference.h"

#include <algorithm>
#include <atomic>
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

/// The places of keys, the last of equal ones.
template <class Key>
class Places {
 public:
  Places(const Tensor& keys, Key (*key_of)(const Tensor&, std::int64_t)) {
    const std::int64_t count = keys.count();
    if constexpr (std::is_integral_v<Key>) {  // keys that lie close together: a table by their distance
      Key most = least_ = count > 0 ? key_of(keys, 0) : 0;
      for (std::int64_t i = 1; i < count; ++i) {
        least_ = std::min(least_, key_of(keys, i));
        most = std::max(most, key_of(keys, i));
      }
      const std::uint64_t span = distance(most);
      if (span < 4 * static_cast<std::uint64_t>(count) + 256) {
        direct_.assign(static_cast<std::size_t>(span) + 1, -1);
        for (std::int64_t i = 0; i < count; ++i) direct_[distance(key_of(keys, i))] = i;
        return;
      }
    }
    table_.reserve(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) table_.insert_or_assign(key_of(keys, i), i);
  }

  /// -1: none.
  std::int64_t find(Key key) const {
    if constexpr (std::is_integral_v<Key>) {
      if (!direct_.empty()) return distance(key) < direct_.size() ? direct_[distance(key)] : -1;
    }
    const auto found = table_.find(key);
    return found == table_.end() ? -1 : found->second;
  }

 private:
  std::uint64_t distance(Key key) const requires std::is_integral_v<Key> {
    return static_cast<std::uint64_t>(key) - static_cast<std::uint64_t>(least_);
  }

  Key least_{};
  Dims direct_;
  std::unordered_map<Key, std::int64_t> table_;
};

/// put(i, place among the keys) for every element of x, on all threads.
template <class F>
void each_place(const Tensor& x, const Tensor& keys, std::int64_t grain, const F& put) {
  const auto each = [&](const auto& find) {
    parallel_ranges(x.count(), grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) put(i, find(i));
    });
  };
  if (x.dtype() == DataType::kString) {
    const Places<std::string_view> places(keys, text_of);
    return each([&](std::int64_t i) { return places.find(text_of(x, i)); });
  }
  const Places<std::int64_t> places(keys, number_of);
  if (x.dtype() != DataType::kI64) return each([&](std::int64_t i) { return places.find(number_of(x, i)); });
  const std::int64_t* const numbers = x.span<std::int64_t>().data();
  each([&](std::int64_t i) { return places.find(numbers[i]); });
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
  TRY(Tensors out, raw_outputs_of(*this, inputs, context));
  const Tensor& x = *inputs[0];
  const Tensor* fallback = input_at(inputs, 3);
  if (fallback != nullptr && fallback->count() != 1) {
    return invalid_argument("MapValues: the default has ", fallback->count(), " elements");
  }
  const Tensor& keys = *inputs[1];
  std::atomic<std::int64_t> unknown = -1;
  if (bit_width(out[0].dtype()) < 8) {  // two elements may share a byte
    each_place(x, keys, x.count(), [&](std::int64_t i, std::int64_t place) {
      if (place < 0 && fallback == nullptr) return unknown.store(i, std::memory_order_relaxed);
      copy_run(place < 0 ? *fallback : *inputs[2], std::max<std::int64_t>(place, 0), out[0], i, 1);
    });
  } else {
    with_element(out[0].dtype(), [&](auto zero) {
      using T = decltype(zero);
      const T* const values = reinterpret_cast<const T*>(inputs[2]->data());
      const T* const other = fallback == nullptr ? nullptr : reinterpret_cast<const T*>(fallback->data());
      T* const to = reinterpret_cast<T*>(out[0].data());
      each_place(x, keys, 2048, [&unknown, values, other, to](std::int64_t i, std::int64_t place) {
        if (place < 0 && other == nullptr) return unknown.store(i, std::memory_order_relaxed);
        to[i] = place < 0 ? *other : values[place];
      });
    });
  }
  if (unknown >= 0) {
    return invalid_argument("MapValues: element ", unknown.load(), " is none of the ", keys.count(), " keys");
  }
  return out;
}

}  // namespace bolide
