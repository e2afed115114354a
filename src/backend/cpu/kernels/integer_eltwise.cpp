#include "backend/cpu/kernels/integer_eltwise.h"

namespace bolide::BOLIDE_ISA_NS {

namespace {

using I64 = std::int64_t;

template <class T>
struct Unsigned;
template <>
struct Unsigned<std::uint8_t> {
  using Type = std::uint32_t;  // what arithmetic on bytes happens in
};
template <>
struct Unsigned<std::int32_t> {
  using Type = std::uint32_t;
};
template <>
struct Unsigned<std::uint32_t> {
  using Type = std::uint32_t;
};
template <>
struct Unsigned<std::int64_t> {
  using Type = std::uint64_t;
};
template <>
struct Unsigned<std::uint64_t> {
  using Type = std::uint64_t;
};

constexpr bool has_form(Fn fn) {
  switch (fn) {
    case Fn::kNeg:
    case Fn::kAbs:
    case Fn::kSign:
    case Fn::kNot:
    case Fn::kBitNot:
    case Fn::kAdd:
    case Fn::kSub:
    case Fn::kMul:
    case Fn::kMin:
    case Fn::kMax:
    case Fn::kLess:
    case Fn::kLessEqual:
    case Fn::kGreater:
    case Fn::kGreaterEqual:
    case Fn::kEqual:
    case Fn::kAnd:
    case Fn::kOr:
    case Fn::kXor:
    case Fn::kBitAnd:
    case Fn::kBitOr:
    case Fn::kBitXor:
    case Fn::kShiftLeft:
    case Fn::kShiftRight:
    case Fn::kSelect: return true;
    default: return false;
  }
}

template <Fn kFn, class T>
T one(T a, [[maybe_unused]] T b, [[maybe_unused]] T c) {
  using U = typename Unsigned<T>::Type;
  constexpr bool kSigned = static_cast<T>(-1) < static_cast<T>(0);
  constexpr U kBits = sizeof(T) * 8;
  [[maybe_unused]] const U ua = static_cast<U>(a);
  [[maybe_unused]] const U ub = static_cast<U>(b);
  if constexpr (kFn == Fn::kNeg) return static_cast<T>(U{0} - ua);
  if constexpr (kFn == Fn::kAbs) return kSigned && a < 0 ? static_cast<T>(U{0} - ua) : a;
  if constexpr (kFn == Fn::kSign) return static_cast<T>((a > 0 ? 1 : 0) - (kSigned && a < 0 ? 1 : 0));
  if constexpr (kFn == Fn::kNot) return a == 0 ? 1 : 0;
  if constexpr (kFn == Fn::kBitNot) return static_cast<T>(~ua);
  if constexpr (kFn == Fn::kAdd) return static_cast<T>(ua + ub);
  if constexpr (kFn == Fn::kSub) return static_cast<T>(ua - ub);
  if constexpr (kFn == Fn::kMul) return static_cast<T>(ua * ub);
  if constexpr (kFn == Fn::kMin) return a < b ? a : b;
  if constexpr (kFn == Fn::kMax) return a > b ? a : b;
  if constexpr (kFn == Fn::kLess) return a < b ? 1 : 0;
  if constexpr (kFn == Fn::kLessEqual) return a <= b ? 1 : 0;
  if constexpr (kFn == Fn::kGreater) return a > b ? 1 : 0;
  if constexpr (kFn == Fn::kGreaterEqual) return a >= b ? 1 : 0;
  if constexpr (kFn == Fn::kEqual) return a == b ? 1 : 0;
  if constexpr (kFn == Fn::kAnd) return a != 0 && b != 0 ? 1 : 0;
  if constexpr (kFn == Fn::kOr) return a != 0 || b != 0 ? 1 : 0;
  if constexpr (kFn == Fn::kXor) return (a != 0) != (b != 0) ? 1 : 0;
  if constexpr (kFn == Fn::kBitAnd) return static_cast<T>(ua & ub);
  if constexpr (kFn == Fn::kBitOr) return static_cast<T>(ua | ub);
  if constexpr (kFn == Fn::kBitXor) return static_cast<T>(ua ^ ub);
  if constexpr (kFn == Fn::kShiftLeft) return ub >= kBits ? T{0} : static_cast<T>(ua << (ub & (kBits - 1)));
  if constexpr (kFn == Fn::kShiftRight)
    return static_cast<T>((a >> (ub >= kBits ? kBits - 1 : ub)) >> (ub >= kBits ? 1 : 0));
  if constexpr (kFn == Fn::kSelect) return a != 0 ? b : c;
}

template <class T, int kFn>
void each(const T* a, const T* b, const T* c, T* out, I64 n) {
  constexpr bool kTwo = kFn >= static_cast<int>(Fn::kAdd);
  constexpr bool kThree = kFn >= static_cast<int>(Fn::kSelect);
  for (I64 i = 0; i < n; ++i) out[i] = one<static_cast<Fn>(kFn), T>(a[i], kTwo ? b[i] : T{0}, kThree ? c[i] : T{0});
}

template <class T, class From>
void load_as(const void* from, T* out, I64 n) {
  const From* p = static_cast<const From*>(from);
  for (I64 i = 0; i < n; ++i) out[i] = static_cast<T>(p[i]);
}
template <class T>
void load_bool(const void* from, T* out, I64 n) {
  const std::uint8_t* p = static_cast<const std::uint8_t*>(from);
  for (I64 i = 0; i < n; ++i) out[i] = p[i] != 0 ? 1 : 0;
}
template <class T, class To>
void store_as(const T* from, void* to, I64 n) {
  To* p = static_cast<To*>(to);
  for (I64 i = 0; i < n; ++i) p[i] = static_cast<To>(from[i]);
}
template <class T>
void store_bool(const T* from, void* to, I64 n) {
  std::uint8_t* p = static_cast<std::uint8_t*>(to);
  for (I64 i = 0; i < n; ++i) p[i] = from[i] != 0 ? 1 : 0;
}

template <class T, int kFn>
constexpr void fill(IntegerEltwise<T>& table) {
  if constexpr (kFn < kFnCount) {
    if constexpr (has_form(static_cast<Fn>(kFn))) table.fn[kFn] = each<T, kFn>;
    fill<T, kFn + 1>(table);
  }
}

template <class T, class Stored>
constexpr void set(IntegerEltwise<T>& table, DataType type) {
  table.load[static_cast<int>(type)] = load_as<T, Stored>;
  table.store[static_cast<int>(type)] = store_as<T, Stored>;
}

template <class T>
constexpr IntegerEltwise<T> make() {
  IntegerEltwise<T> table{};
  fill<T, 0>(table);
  set<T, std::int64_t>(table, DataType::kI64);
  set<T, std::int32_t>(table, DataType::kI32);
  set<T, std::int16_t>(table, DataType::kI16);
  set<T, std::int8_t>(table, DataType::kI8);
  set<T, std::uint64_t>(table, DataType::kU64);
  set<T, std::uint32_t>(table, DataType::kU32);
  set<T, std::uint16_t>(table, DataType::kU16);
  set<T, std::uint8_t>(table, DataType::kU8);
  table.load[static_cast<int>(DataType::kBool)] = load_bool<T>;
  table.store[static_cast<int>(DataType::kBool)] = store_bool<T>;
  return table;
}

bool truncate(const float* from, std::int32_t* out, I64 n) {
  int beyond = 0;
  for (I64 i = 0; i < n; ++i) {
    const bool inside = __builtin_fabsf(from[i]) < 0x1p31F;
    beyond |= inside ? 0 : 1;
    out[i] = static_cast<std::int32_t>(inside ? from[i] : 0.0F);
  }
  return beyond == 0;
}

}  // namespace

extern const IntegerEltwiseKernels kIntegerEltwise;
constexpr IntegerEltwiseKernels kIntegerEltwise = {make<std::uint8_t>(), make<std::int32_t>(),  make<std::uint32_t>(),
                                                   make<std::int64_t>(), make<std::uint64_t>(), truncate};

}  // namespace bolide::BOLIDE_ISA_NS
