#include "ops/elements.h"

#include "ops/expr_apply.h"
#include "tensor/number.h"

#include <cmath>
#include <limits>

namespace bolide {
namespace {

template <class From, class T>
T narrowed(From value) {
  if constexpr (std::is_floating_point_v<From> && std::is_integral_v<T>) {
    const auto rounded = static_cast<double>(std::nearbyint(value));
    if constexpr (sizeof(T) == 8) {
      return saturated<T>(rounded);
    } else {
      constexpr auto kLow = static_cast<double>(std::numeric_limits<T>::min());
      constexpr auto kHigh = static_cast<double>(std::numeric_limits<T>::max());
      return std::isnan(rounded) ? T(0) : static_cast<T>(std::min(std::max(rounded, kLow), kHigh));
    }
  } else {
    return static_cast<T>(value);
  }
}

/// A packed integer code as its value.
std::int64_t widened(std::uint8_t code, int bits, bool is_signed) {
  const int sign = 1 << (bits - 1);
  return is_signed && (code & sign) != 0 ? code - 2 * sign : code;
}

bool is_small_float(DataType type) { return is_float(type) && bit_width(type) <= 8; }

/// f(T()) of the C++ type T whose numbers lie in tensors of `type`; false where there is none.
template <class F>
bool with_number(DataType type, const F& f) {
  switch (type) {
    case DataType::kF64: return f(double()), true;
    case DataType::kF32: return f(float()), true;
    case DataType::kI64: return f(std::int64_t()), true;
    case DataType::kI32: return f(std::int32_t()), true;
    case DataType::kI16: return f(std::int16_t()), true;
    case DataType::kI8: return f(std::int8_t()), true;
    case DataType::kU64: return f(std::uint64_t()), true;
    case DataType::kU32: return f(std::uint32_t()), true;
    case DataType::kU16: return f(std::uint16_t()), true;
    case DataType::kU8: return f(std::uint8_t()), true;
    default: return false;
  }
}

template <class T, class Index>
void load_with(const Tensor& tensor, int count, T* out, Index index) {
  const auto plain = [&](auto zero) {
    const auto* from = reinterpret_cast<const decltype(zero)*>(tensor.data());
    for (int i = 0; i < count; ++i) out[i] = narrowed<decltype(zero), T>(from[index(i)]);
  };
  const DataType type = tensor.dtype();
  if (with_number(type, plain)) return;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(tensor.data());
  const auto* halves = reinterpret_cast<const std::uint16_t*>(tensor.data());
  const int bits = bit_width(type);
  for (int i = 0; i < count; ++i) {
    const std::int64_t at = index(i);
    if (type == DataType::kBool) {
      out[i] = bytes[at] != 0 ? T(1) : T(0);
    } else if (type == DataType::kF16) {
      out[i] = narrowed<float, T>(f16_to_f32(halves[at]));
    } else if (type == DataType::kBF16) {
      out[i] = narrowed<float, T>(bf16_to_f32(halves[at]));
    } else {
      const std::uint8_t code = bits < 8 ? get_packed(tensor.data(), bits, at) : bytes[at];
      out[i] = is_small_float(type)
                   ? narrowed<float, T>(decode_small_float(type, code))
                   : static_cast<T>(widened(code, bits, type == DataType::kI4 || type == DataType::kI2));
    }
  }
}

/// A float or double to the nearest of two 16-bit types, without double rounding.
template <class T>
std::uint16_t to_half(DataType type, T value) {
  if constexpr (std::is_same_v<T, float>) {
    return type == DataType::kF16 ? f32_to_f16(value) : f32_to_bf16(value);
  } else {
    const auto wide = static_cast<double>(value);
    return type == DataType::kF16 ? f64_to_f16(wide) : f64_to_bf16(wide);
  }
}

template <class T>
std::uint8_t to_code(DataType type, T value) {
  if (is_small_float(type)) return encode_small_float(type, static_cast<double>(value));
  auto wide = narrowed<T, std::int64_t>(value);
  if constexpr (std::is_floating_point_v<T>) {
    const bool is_signed = type == DataType::kI4 || type == DataType::kI2;
    const std::int64_t span = INT64_C(1) << bit_width(type);
    const std::int64_t low = is_signed ? -span / 2 : 0;
    wide = std::min(std::max(wide, low), low + span - 1);
  }
  return static_cast<std::uint8_t>(wide & 0xFF);
}

}  // namespace

ComputeType compute_type(DataType type) {
  if (type == DataType::kF64) return ComputeType::kF64;
  if (is_float(type)) return ComputeType::kF32;
  return type == DataType::kU64 ? ComputeType::kU64 : ComputeType::kI64;
}

bool is_real(DataType type) { return is_float(type) || is_integer(type) || type == DataType::kBool; }

template <class T>
void load(const Tensor& tensor, std::int64_t begin, int count, T* out) {
  load_with(tensor, count, out, [begin](int i) { return begin + i; });
}
template <class T>
void load_at(const Tensor& tensor, const std::int64_t* index, int count, T* out) {
  load_with(tensor, count, out, [index](int i) { return index[i]; });
}

template <class T>
void store(Tensor& tensor, std::int64_t begin, int count, const T* in) {
  const auto plain = [&](auto zero) {
    auto* to = reinterpret_cast<decltype(zero)*>(tensor.data()) + begin;
    for (int i = 0; i < count; ++i) to[i] = narrowed<T, decltype(zero)>(in[i]);
  };
  const DataType type = tensor.dtype();
  if (with_number(type, plain)) return;
  auto* bytes = reinterpret_cast<std::uint8_t*>(tensor.data());
  auto* halves = reinterpret_cast<std::uint16_t*>(tensor.data());
  const int bits = bit_width(type);
  for (int i = 0; i < count; ++i) {
    const std::int64_t at = begin + i;
    if (type == DataType::kBool) {
      bytes[at] = in[i] != 0 ? 1 : 0;
    } else if (bits == 16) {
      halves[at] = to_half(type, in[i]);
    } else if (bits == 8) {
      bytes[at] = to_code(type, in[i]);
    } else {
      set_packed(tensor.data(), bits, at, to_code(type, in[i]));
    }
  }
}

template void load(const Tensor&, std::int64_t, int, float*);
template void load(const Tensor&, std::int64_t, int, double*);
template void load(const Tensor&, std::int64_t, int, std::int64_t*);
template void load(const Tensor&, std::int64_t, int, std::uint64_t*);
template void load_at(const Tensor&, const std::int64_t*, int, float*);
template void load_at(const Tensor&, const std::int64_t*, int, double*);
template void load_at(const Tensor&, const std::int64_t*, int, std::int64_t*);
template void load_at(const Tensor&, const std::int64_t*, int, std::uint64_t*);
template void store(Tensor&, std::int64_t, int, const float*);
template void store(Tensor&, std::int64_t, int, const double*);
template void store(Tensor&, std::int64_t, int, const std::int64_t*);
template void store(Tensor&, std::int64_t, int, const std::uint64_t*);

}  // namespace bolide
