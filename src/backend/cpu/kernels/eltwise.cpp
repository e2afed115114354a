/// Elementwise functions and storage converters.
#include "backend/cpu/kernels/eltwise.h"

#include "backend/cpu/kernels/vec.h"

namespace bolide {

template <class T>
T apply(Fn fn, T a, T b, T c);
extern template float apply(Fn, float, float, float);

namespace BOLIDE_ISA_NS {

namespace {

template <int kFn>
void each(const float* a, const float* b, const float* c, float* out, I64 n, int scalar_mask) {
  constexpr bool kTwo = kFn >= static_cast<int>(Fn::kAdd);
  constexpr bool kThree = kFn >= static_cast<int>(Fn::kSelect);
  for (I64 i = 0; i < n; ++i) {
    const float x = a[(scalar_mask & 1) != 0 ? 0 : i];
    const float y = kTwo ? b[(scalar_mask & 2) != 0 ? 0 : i] : 0.0F;
    const float z = kThree ? c[(scalar_mask & 4) != 0 ? 0 : i] : 0.0F;
    out[i] = bolide::apply<float>(static_cast<Fn>(kFn), x, y, z);
  }
}

template <class T>
void load_as(const void* from, float* out, I64 n) {
  const T* p = static_cast<const T*>(from);
  for (I64 i = 0; i < n; ++i) out[i] = static_cast<float>(p[i]);
}
void load_bool(const void* from, float* out, I64 n) {
  const unsigned char* p = static_cast<const unsigned char*>(from);
  for (I64 i = 0; i < n; ++i) out[i] = p[i] != 0 ? 1.0F : 0.0F;
}

template <class T>
void store_float(const float* from, void* to, I64 n) {
  T* p = static_cast<T*>(to);
  for (I64 i = 0; i < n; ++i) p[i] = static_cast<T>(from[i]);
}
/// Integers of [low, high], both exact as f32 or, for wide types, high the first float beyond the range.
template <class T>
void store_integer(const float* from, void* to, I64 n) {
  constexpr bool kSigned = static_cast<T>(-1) < static_cast<T>(0);
  constexpr int kBits = static_cast<int>(sizeof(T)) * 8 - (kSigned ? 1 : 0);
  constexpr T kHighest = static_cast<T>(static_cast<T>(~T{0}) ^ (kSigned ? static_cast<T>(T{1} << kBits) : T{0}));
  const float end = __builtin_ldexpf(1.0F, kBits);
  T* p = static_cast<T*>(to);
  for (I64 i = 0; i < n; ++i) {
    const float r = __builtin_nearbyintf(from[i]);
    if (r >= end) {
      p[i] = kHighest;
    } else if (r <= (kSigned ? -end : 0.0F)) {
      p[i] = static_cast<T>(~kHighest);
    } else {
      p[i] = r != r ? T{0} : static_cast<T>(r);
    }
  }
}
void store_bool(const float* from, void* to, I64 n) {
  unsigned char* p = static_cast<unsigned char*>(to);
  for (I64 i = 0; i < n; ++i) p[i] = from[i] != 0 ? 1 : 0;
}

float float_of(std::uint32_t bits) {
  float out = 0;
  __builtin_memcpy(&out, &bits, 4);
  return out;
}
std::uint32_t bits_of(float value) {
  std::uint32_t out = 0;
  __builtin_memcpy(&out, &value, 4);
  return out;
}
void load_bf16(const void* from, float* out, I64 n) {
  const std::uint16_t* p = static_cast<const std::uint16_t*>(from);
  for (I64 i = 0; i < n; ++i) out[i] = float_of(static_cast<std::uint32_t>(p[i]) << 16);
}
void store_bf16(const float* from, void* to, I64 n) {
  std::uint16_t* p = static_cast<std::uint16_t*>(to);
  for (I64 i = 0; i < n; ++i) {
    const std::uint32_t bits = bits_of(from[i]);
    const std::uint32_t rounded = bits + 0x7fffU + ((bits >> 16) & 1U);
    p[i] = static_cast<std::uint16_t>(from[i] != from[i] ? (bits >> 16) | 0x40U : rounded >> 16);
  }
}
void load_f16(const void* from, float* out, I64 n) {
  const std::uint16_t* p = static_cast<const std::uint16_t*>(from);
  for (I64 i = 0; i < n; ++i) {
    const std::uint32_t sign = (p[i] & 0x8000U) << 16;
    const std::uint32_t rest = p[i] & 0x7fffU;
    // exponent moved by 112; subnormals become exact by one multiplication
    const float value =
        rest >= 0x7c00U ? float_of((rest << 13) + 0x70000000U) : float_of(rest << 13) * float_of(0x77800000U);
    out[i] = float_of(bits_of(value) | sign);
  }
}
void store_f16(const float* from, void* to, I64 n) {
  std::uint16_t* p = static_cast<std::uint16_t*>(to);
  for (I64 i = 0; i < n; ++i) {
    const std::uint32_t bits = bits_of(from[i]);
    const std::uint32_t size = bits & 0x7fffffffU;
    std::uint32_t half = 0;
    if (size > 0x7f800000U) {
      half = 0x7e00U | ((size >> 13) & 0x3ffU);
    } else if (size >= 0x477ff000U) {
      half = 0x7c00U;
    } else if (size >= 0x38800000U) {
      half = (size + 0xfffU + ((size >> 13) & 1U) - 0x38000000U) >> 13;
    } else {
      half = bits_of(float_of(size) + 0.5F) - 0x3f000000U;  // the sum's last bit is the subnormals' unit
    }
    p[i] = static_cast<std::uint16_t>(half | ((bits >> 16) & 0x8000U));
  }
}

template <int kFn>
constexpr void fill(EltwiseKernels& table) {
  if constexpr (kFn < kFnCount) {
    table.fn[kFn] = each<kFn>;
    fill<kFn + 1>(table);
  }
}

constexpr EltwiseKernels make_eltwise() {
  EltwiseKernels table{};
  fill<0>(table);
  const auto set = [&table](DataType type, EltwiseKernels::Load load, EltwiseKernels::Store store) {
    table.load[static_cast<int>(type)] = load;
    table.store[static_cast<int>(type)] = store;
  };
  set(DataType::kF64, load_as<double>, store_float<double>);
  set(DataType::kF32, load_as<float>, store_float<float>);
  set(DataType::kF16, load_f16, store_f16);
  set(DataType::kBF16, load_bf16, store_bf16);
  set(DataType::kI64, load_as<std::int64_t>, store_integer<std::int64_t>);
  set(DataType::kI32, load_as<std::int32_t>, store_integer<std::int32_t>);
  set(DataType::kI16, load_as<std::int16_t>, store_integer<std::int16_t>);
  set(DataType::kI8, load_as<std::int8_t>, store_integer<std::int8_t>);
  set(DataType::kU64, load_as<std::uint64_t>, store_integer<std::uint64_t>);
  set(DataType::kU32, load_as<std::uint32_t>, store_integer<std::uint32_t>);
  set(DataType::kU16, load_as<std::uint16_t>, store_integer<std::uint16_t>);
  set(DataType::kU8, load_as<std::uint8_t>, store_integer<std::uint8_t>);
  set(DataType::kBool, load_bool, store_bool);
  return table;
}

}  // namespace

extern const EltwiseKernels kEltwise;
constexpr EltwiseKernels kEltwise = make_eltwise();

}  // namespace BOLIDE_ISA_NS

}  // namespace bolide
