/// Elementwise functions, and the table of them with the storage converters.
#include "backend/cpu/kernels/eltwise.h"

#include "backend/cpu/kernels/angles.h"
#include "backend/cpu/kernels/product_sums.h"
#include "backend/cpu/kernels/storage.h"
#include "backend/cpu/kernels/vec_math.h"

namespace bolide {

template <class T>
using BlockFn = void (*)(T* out, const T* a, const T* b, const T* c, int count);
template <class T>
BlockFn<T> block_function(Fn fn);
extern template BlockFn<float> block_function(Fn);

namespace BOLIDE_ISA_NS {

namespace {

template <int kFn>
void each(const float* a, const float* b, const float* c, float* out, I64 n, int scalar_mask) {
  constexpr bool kTwo = kFn >= static_cast<int>(Fn::kAdd);
  constexpr bool kThree = kFn >= static_cast<int>(Fn::kSelect);
  if ((scalar_mask & (kThree ? 7 : kTwo ? 3 : 1)) == 0 && n <= 1 << 30) {
    return bolide::block_function<float>(static_cast<Fn>(kFn))(out, a, kTwo ? b : a, kThree ? c : a,
                                                               static_cast<int>(n));
  }
  // By blocks, in which what is one number is repeated.
  constexpr I64 kBlock = 256;
  const float* args[3] = {a, b, c};
  float filled[3][kBlock];
  for (int j = 0; j < (kThree ? 3 : kTwo ? 2 : 1); ++j) {
    if ((scalar_mask >> j & 1) == 0) continue;
    for (I64 i = 0; i < kBlock; ++i) filled[j][i] = *args[j];
  }
  for (I64 start = 0; start < n; start += kBlock) {
    const auto at = [&](int j) { return (scalar_mask >> j & 1) != 0 ? filled[j] : args[j] + start; };
    const int count = static_cast<int>(n - start < kBlock ? n - start : kBlock);
    bolide::block_function<float>(static_cast<Fn>(kFn))(out + start, at(0), kTwo ? at(1) : at(0),
                                                        kThree ? at(2) : at(0), count);
  }
}

/// Functions with a vector form; the others run element by element.
constexpr bool has_lanes(Fn fn) {
  switch (fn) {
    case Fn::kSin:
    case Fn::kCos:
    case Fn::kTan:
    case Fn::kAsin:
    case Fn::kAcos:
    case Fn::kAtan:
    case Fn::kSinh:
    case Fn::kCosh:
    case Fn::kAsinh:
    case Fn::kAcosh:
    case Fn::kAtanh:
    case Fn::kBitNot:
    case Fn::kPow:
    case Fn::kMod:
    case Fn::kFmod:
    case Fn::kBitAnd:
    case Fn::kBitOr:
    case Fn::kBitXor:
    case Fn::kShiftLeft:
    case Fn::kShiftRight: return false;
    default: return true;
  }
}

Vec truth(Mask m) { return select(m, set1(1.0F), zero()); }
Mask nonzero(Vec a) { return !equal(a, zero()); }

template <Fn kFn>
Vec lanes([[maybe_unused]] Vec a, [[maybe_unused]] Vec b, [[maybe_unused]] Vec c) {
  if constexpr (kFn == Fn::kNeg) return as_float(as_int(a) ^ set1_int(-2147483647 - 1));
  if constexpr (kFn == Fn::kAbs) return abs(a);
  if constexpr (kFn == Fn::kSign) return select(is_nan(a), a, truth(less(zero(), a)) - truth(less(a, zero())));
  if constexpr (kFn == Fn::kExp) return exp(a);
  if constexpr (kFn == Fn::kLog) return log(a);
  if constexpr (kFn == Fn::kLog1p) return log1p(a);
  if constexpr (kFn == Fn::kExpm1) return expm1(a);
  if constexpr (kFn == Fn::kSqrt) return sqrt(a);
  if constexpr (kFn == Fn::kRsqrt) return set1(1.0F) / sqrt(a);
  if constexpr (kFn == Fn::kRecip) return set1(1.0F) / a;
  if constexpr (kFn == Fn::kErf) return erf(a);
  if constexpr (kFn == Fn::kTanh) return tanh(a);
  if constexpr (kFn == Fn::kSigmoid) return sigmoid(a);
  if constexpr (kFn == Fn::kSoftplus) return softplus(a);
  if constexpr (kFn == Fn::kFloor) return floor(a);
  if constexpr (kFn == Fn::kCeil) return ceil(a);
  if constexpr (kFn == Fn::kTrunc) return trunc(a);
  if constexpr (kFn == Fn::kRound) return round(a);
  if constexpr (kFn == Fn::kNot) return truth(equal(a, zero()));
  if constexpr (kFn == Fn::kIsNan) return truth(is_nan(a));
  if constexpr (kFn == Fn::kIsInf) return truth(equal(abs(a), set1(__builtin_inff())));
  if constexpr (kFn == Fn::kAdd) return a + b;
  if constexpr (kFn == Fn::kSub) return a - b;
  if constexpr (kFn == Fn::kMul) return a * b;
  if constexpr (kFn == Fn::kDiv) return a / b;
  if constexpr (kFn == Fn::kMin) return select(is_nan(a), a, min(a, b));
  if constexpr (kFn == Fn::kMax) return select(is_nan(a), a, max(a, b));
  if constexpr (kFn == Fn::kLess) return truth(less(a, b));
  if constexpr (kFn == Fn::kLessEqual) return truth(less_equal(a, b));
  if constexpr (kFn == Fn::kGreater) return truth(less(b, a));
  if constexpr (kFn == Fn::kGreaterEqual) return truth(less_equal(b, a));
  if constexpr (kFn == Fn::kEqual) return truth(equal(a, b));
  if constexpr (kFn == Fn::kAnd) return truth(nonzero(a) & nonzero(b));
  if constexpr (kFn == Fn::kOr) return truth(nonzero(a) | nonzero(b));
  if constexpr (kFn == Fn::kXor) return select(nonzero(a), truth(equal(b, zero())), truth(nonzero(b)));
  if constexpr (kFn == Fn::kSelect) return select(equal(a, zero()), c, b);
}

/// f over n elements, where some arguments are one number.
template <int kArguments, class F>
void sweep(const F& f, const float* a, const float* b, const float* c, float* out, I64 n, int scalar_mask) {
  const bool one_a = (scalar_mask & 1) != 0;
  const bool one_b = (scalar_mask & 2) != 0;
  const bool one_c = (scalar_mask & 4) != 0;
  const Vec fixed_a = one_a ? set1(*a) : zero();
  const Vec fixed_b = kArguments > 1 && one_b ? set1(*b) : zero();
  const Vec fixed_c = kArguments > 2 && one_c ? set1(*c) : zero();
  I64 i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Vec x = one_a ? fixed_a : load(a + i);
    const Vec y = kArguments < 2 || one_b ? fixed_b : load(b + i);
    const Vec z = kArguments < 3 || one_c ? fixed_c : load(c + i);
    store(out + i, f(x, y, z));
  }
  if (i < n) {
    const I64 rest = n - i;
    const Vec x = one_a ? fixed_a : load_n(a + i, rest);
    const Vec y = kArguments < 2 || one_b ? fixed_b : load_n(b + i, rest);
    const Vec z = kArguments < 3 || one_c ? fixed_c : load_n(c + i, rest);
    store_n(out + i, f(x, y, z), rest);
  }
}

template <int kFn>
void vectors(const float* a, const float* b, const float* c, float* out, I64 n, int scalar_mask) {
  constexpr int kArguments = kFn >= static_cast<int>(Fn::kSelect) ? 3 : kFn >= static_cast<int>(Fn::kAdd) ? 2 : 1;
  sweep<kArguments>([](Vec x, Vec y, Vec z) { return lanes<static_cast<Fn>(kFn)>(x, y, z); }, a, b, c, out, n,
                    scalar_mask);
}

void silu(const float* a, const float* b, const float* c, float* out, I64 n, int scalar_mask) {
  sweep<1>([](Vec x, Vec, Vec) { return x * sigmoid(x); }, a, b, c, out, n, scalar_mask);
}

/// The exponents that models write run as vectors, the others through the C function.
void power(const float* a, const float* b, const float* c, float* out, I64 n, int scalar_mask) {
  const auto unary = [&](const auto& f) { sweep<1>(f, a, b, c, out, n, scalar_mask); };
  if ((scalar_mask & 2) != 0) {
    if (*b == 1.0F) return unary([](Vec x, Vec, Vec) { return x; });
    if (*b == 2.0F) return unary([](Vec x, Vec, Vec) { return x * x; });
    if (*b == 3.0F) return unary([](Vec x, Vec, Vec) { return x * x * x; });
    if (*b == -1.0F) return unary([](Vec x, Vec, Vec) { return set1(1.0F) / x; });
    if (*b == 0.5F) {
      const float infinity = __builtin_inff();
      return unary([infinity](Vec x, Vec, Vec) {  // pow(-0, 0.5) is 0 and pow(-infinity, 0.5) is infinity
        return select(equal(x, set1(-infinity)), set1(infinity), sqrt(x + zero()));
      });
    }
  }
  each<static_cast<int>(Fn::kPow)>(a, b, c, out, n, scalar_mask);
}

/// kFn is kMod or kFmod. Quotients of 2^28 or more, and what is no number, are left to the C function.
template <int kFn>
void remainders(const float* a, const float* b, const float* c, float* out, I64 n, int scalar_mask) {
  constexpr I64 kBlock = 256;
  constexpr bool kOfDivisor = kFn == static_cast<int>(Fn::kMod);
  if ((scalar_mask & 3) != 0) return each<kFn>(a, b, c, out, n, scalar_mask);
  for (I64 start = 0; start < n; start += kBlock) {
    const I64 count = n - start < kBlock ? n - start : kBlock;
    float x[kBlock];
    float y[kBlock];
    __builtin_memcpy(x, a + start, static_cast<std::size_t>(count) * sizeof(float));
    __builtin_memcpy(y, b + start, static_cast<std::size_t>(count) * sizeof(float));
    int hard = 0;
    for (I64 i = 0; i < count; ++i) {
      const double size = __builtin_fabs(static_cast<double>(x[i]));
      const double by = __builtin_fabs(static_cast<double>(y[i]));
      const double quotient = size / by;
      const bool easy = quotient < 0x1p28 && by < 0x1p127;
      hard |= easy ? 0 : 1;
      // The quotient is one too large at most; the product is exact, as is the difference.
      double rest = size - static_cast<double>(static_cast<std::int32_t>(easy ? quotient : 0)) * by;
      rest = rest < 0 ? rest + by : rest;
      rest = rest >= by ? rest - by : rest;
      const float value = __builtin_copysignf(static_cast<float>(rest), x[i]);
      out[start + i] = kOfDivisor && rest != 0 && (x[i] < 0) != (y[i] < 0) ? value + y[i] : value;
    }
    for (I64 i = 0; hard != 0 && i < count; ++i) {
      const bool easy =
          __builtin_fabs(static_cast<double>(x[i])) / __builtin_fabs(static_cast<double>(y[i])) < 0x1p28 &&
          __builtin_fabsf(y[i]) < 0x1p127F;
      if (!easy) each<kFn>(x + i, y + i, c, out + start + i, 1, 0);
    }
  }
}

/// kFn is kSin, kCos or kTan. Angles beyond 2^20 and NaN are left to the C functions.
template <int kFn>
void angle(const float* a, const float* b, const float* c, float* out, I64 n, int scalar_mask) {
  constexpr I64 kBlock = 256;
  constexpr std::int32_t kQuarter = kFn == static_cast<int>(Fn::kCos) ? 1 : 0;
  if ((scalar_mask & 1) != 0) return each<kFn>(a, b, c, out, n, scalar_mask);
  for (I64 start = 0; start < n; start += kBlock) {
    const I64 count = n - start < kBlock ? n - start : kBlock;
    float in[kBlock];
    __builtin_memcpy(in, a + start, static_cast<std::size_t>(count) * sizeof(float));
    int far = 0;
    for (I64 i = 0; i < count; ++i) far |= __builtin_fabsf(in[i]) <= 0x1p20F ? 0 : 1;
    for (I64 i = 0; i < count; ++i) {
      const float near = __builtin_fabsf(in[i]) <= 0x1p20F ? in[i] : 0.0F;
      const double x = static_cast<double>(near);
      out[start + i] = static_cast<float>(kFn == static_cast<int>(Fn::kTan) ? tangent(x) : sine(x, kQuarter));
    }
    for (I64 i = 0; far != 0 && i < count; ++i) {
      if (!(__builtin_fabsf(in[i]) <= 0x1p20F)) each<kFn>(in + i, b, c, out + start + i, 1, 0);
    }
    for (I64 i = 0; kQuarter == 0 && i < count; ++i) out[start + i] = in[i] == 0 ? in[i] : out[start + i];  // -0
  }
}

/// kFn is kAsin, kAcos or kAtan.
template <int kFn>
void arc(const float* a, const float* b, const float* c, float* out, I64 n, int scalar_mask) {
  if ((scalar_mask & 1) != 0) return each<kFn>(a, b, c, out, n, scalar_mask);
  for (I64 i = 0; i < n; ++i) {
    const double x = static_cast<double>(a[i]);
    double y = 0;
    if constexpr (kFn == static_cast<int>(Fn::kAtan)) y = arctangent(x);
    if constexpr (kFn == static_cast<int>(Fn::kAsin)) y = arcsine(x, false);
    if constexpr (kFn == static_cast<int>(Fn::kAcos)) y = arcsine(x, true);
    const float value = static_cast<float>(y);
    out[i] = kFn != static_cast<int>(Fn::kAcos) && x == 0 ? a[i] : value;  // -0
  }
}

void range(const float* x, I64 n, float* low, float* high) {
  Vec least[2] = {zero(), zero()};
  Vec most[2] = {zero(), zero()};
  I64 i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    for (int j = 0; j < 2; ++j) {
      const Vec value = load(x + i + j * kLanes);
      least[j] = min(value, least[j]);  // the second where the first is NaN
      most[j] = max(value, most[j]);
    }
  }
  for (; i < n; i += kLanes) {
    const Vec value = load_n(x + i, n - i < kLanes ? n - i : kLanes);
    least[0] = min(value, least[0]);
    most[0] = max(value, most[0]);
  }
  float lows[kLanes];
  float highs[kLanes];
  store(lows, min(least[0], least[1]));
  store(highs, max(most[0], most[1]));
  *low = 0;
  *high = 0;
  for (int j = 0; j < kLanes; ++j) {
    *low = lows[j] < *low ? lows[j] : *low;
    *high = highs[j] > *high ? highs[j] : *high;
  }
}

template <int kFn>
constexpr void fill(EltwiseKernels& table) {
  if constexpr (kFn < kFnCount) {
    if constexpr (kFn == static_cast<int>(Fn::kPow)) {
      table.fn[kFn] = power;
    } else if constexpr (kFn == static_cast<int>(Fn::kSin) || kFn == static_cast<int>(Fn::kCos) ||
                         kFn == static_cast<int>(Fn::kTan)) {
      table.fn[kFn] = angle<kFn>;
    } else if constexpr (kFn == static_cast<int>(Fn::kMod) || kFn == static_cast<int>(Fn::kFmod)) {
      table.fn[kFn] = remainders<kFn>;
    } else if constexpr (kFn == static_cast<int>(Fn::kAsin) || kFn == static_cast<int>(Fn::kAcos) ||
                         kFn == static_cast<int>(Fn::kAtan)) {
      table.fn[kFn] = arc<kFn>;
    } else if constexpr (has_lanes(static_cast<Fn>(kFn))) {
      table.fn[kFn] = vectors<kFn>;
    } else {
      table.fn[kFn] = each<kFn>;
    }
    fill<kFn + 1>(table);
  }
}

void copy_rows(const float* from, I64 from_row, float* to, I64 to_row, I64 rows, I64 length) {
  for (I64 r = 0; r < rows; ++r, from += from_row, to += to_row) {
    I64 i = 0;
    for (; i + kLanes <= length; i += kLanes) store(to + i, load(from + i));
    if (i < length) store_n(to + i, load_n(from + i, length - i), length - i);
  }
}

constexpr EltwiseKernels make_eltwise() {
  EltwiseKernels table{};
  table.copy_rows = copy_rows;
  table.product_sum = product_sum;
  fill<0>(table);
  table.silu = silu;
  table.range = range;
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
  set(DataType::kI16, load_as<std::int16_t>, store_narrow<std::int16_t>);
  set(DataType::kI8, load_as<std::int8_t>, store_narrow<std::int8_t>);
  set(DataType::kU64, load_as<std::uint64_t>, store_integer<std::uint64_t>);
  set(DataType::kU32, load_as<std::uint32_t>, store_integer<std::uint32_t>);
  set(DataType::kU16, load_as<std::uint16_t>, store_narrow<std::uint16_t>);
  set(DataType::kU8, load_as<std::uint8_t>, store_narrow<std::uint8_t>);
  set(DataType::kBool, load_bool, store_bool);
  return table;
}

}  // namespace

extern const EltwiseKernels kEltwise;
constexpr EltwiseKernels kEltwise = make_eltwise();

}  // namespace BOLIDE_ISA_NS

}  // namespace bolide
