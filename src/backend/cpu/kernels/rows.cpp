#include "backend/cpu/kernels/rows.h"

#include "backend/cpu/kernels/vec_math.h"

namespace bolide::BOLIDE_ISA_NS {
namespace {

constexpr I64 kBlock = 2048;    ///< elements of a row added in f32 before they go to the double
constexpr I64 kRowBlock = 128;  ///< rows of a column likewise

template <RowReduction kKind>
Vec combine(Vec sum, Vec x) {
  if constexpr (kKind == RowReduction::kMax) return select(is_nan(sum), sum, max(sum, x));
  if constexpr (kKind == RowReduction::kMin) return select(is_nan(sum), sum, min(sum, x));
  if constexpr (kKind == RowReduction::kProduct) return sum * x;
  if constexpr (kKind == RowReduction::kSumSquare) return fma(x, x, sum);
  if constexpr (kKind == RowReduction::kSumAbs) return sum + abs(x);
  if constexpr (kKind == RowReduction::kSumExp) return sum + exp_negative(x);
  if constexpr (kKind == RowReduction::kSum) return sum + x;
}
template <RowReduction kKind>
double combine_partials(double a, double b) {
  if constexpr (kKind == RowReduction::kMax) return a != a || a > b ? a : b;
  if constexpr (kKind == RowReduction::kMin) return a != a || a < b ? a : b;
  if constexpr (kKind == RowReduction::kProduct) return a * b;
  return a + b;
}
template <RowReduction kKind>
Vec combine_partials(Vec a, Vec b) {
  constexpr bool kAdds = kKind != RowReduction::kMax && kKind != RowReduction::kMin && kKind != RowReduction::kProduct;
  return kAdds ? a + b : combine<kKind>(a, b);
}
template <RowReduction kKind>
constexpr float kNeutral = kKind == RowReduction::kMax       ? -__builtin_inff()
                           : kKind == RowReduction::kMin     ? __builtin_inff()
                           : kKind == RowReduction::kProduct ? 1.0F
                                                             : 0.0F;

/// Runs `kernel` with the kind as a compile-time constant.
template <class F>
auto by_kind(RowReduction kind, const F& f) {
  switch (kind) {
    case RowReduction::kSumSquare: return f.template operator()<RowReduction::kSumSquare>();
    case RowReduction::kSumAbs: return f.template operator()<RowReduction::kSumAbs>();
    case RowReduction::kSumExp: return f.template operator()<RowReduction::kSumExp>();
    case RowReduction::kMax: return f.template operator()<RowReduction::kMax>();
    case RowReduction::kMin: return f.template operator()<RowReduction::kMin>();
    case RowReduction::kProduct: return f.template operator()<RowReduction::kProduct>();
    default: return f.template operator()<RowReduction::kSum>();
  }
}

/// Sums and products of lanes in double, in pairs.
template <RowReduction kKind>
double over_lanes(Vec a) {
  if constexpr (kKind == RowReduction::kMax || kKind == RowReduction::kMin) {
    return static_cast<double>(fold(a, [](Vec x, Vec y) { return combine<kKind>(x, y); }));
  }
  float lane[kLanes];
  store(lane, a);
  double part[kLanes];
  for (int v = 0; v < kLanes; ++v) part[v] = static_cast<double>(lane[v]);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int v = 0; v < width; ++v) part[v] = combine_partials<kKind>(part[v], part[v + width]);
  }
  return part[0];
}

template <RowReduction kKind>
double reduce_row(const float* x, I64 n, float shift) {
  double total = static_cast<double>(kNeutral<kKind>);
  const Vec offset = set1(shift);
  const Vec neutral = set1(kNeutral<kKind>);
  for (I64 start = 0; start < n; start += kBlock) {
    const I64 count = n - start < kBlock ? n - start : kBlock;
    const float* p = x + start;
    Vec sum[4] = {neutral, neutral, neutral, neutral};
    I64 i = 0;
    for (; i + 4 * kLanes <= count; i += 4 * kLanes) {
      for (int v = 0; v < 4; ++v) sum[v] = combine<kKind>(sum[v], load(p + i + v * kLanes) - offset);
    }
    for (; i + kLanes <= count; i += kLanes) sum[0] = combine<kKind>(sum[0], load(p + i) - offset);
    const Vec both =
        combine_partials<kKind>(combine_partials<kKind>(sum[0], sum[1]), combine_partials<kKind>(sum[2], sum[3]));
    double part = over_lanes<kKind>(both);
    for (; i < count; ++i) {
      const double value = static_cast<double>(p[i]) - static_cast<double>(shift);
      const double mapped = kKind == RowReduction::kSumSquare             ? value * value
                            : kKind == RowReduction::kSumExp              ? __builtin_exp(value)
                            : kKind == RowReduction::kSumAbs && value < 0 ? -value
                                                                          : value;
      part = combine_partials<kKind>(part, mapped);
    }
    total = combine_partials<kKind>(total, part);
  }
  return total;
}

double reduce(RowReduction kind, const float* x, I64 n, float shift) {
  return by_kind(kind, [&]<RowReduction kKind>() { return reduce_row<kKind>(x, n, shift); });
}

/// kV vectors of columns, or with kTail the first `rest` lanes of one.
template <RowReduction kKind, int kV, bool kTail>
void column_block(const float* x, I64 n, I64 stride, const float* shift, float* acc, I64 rest) {
  const auto get = [rest](const float* p) { return kTail ? load_n(p, rest) : load(p); };
  Vec offset[kV];
  for (int v = 0; v < kV; ++v) offset[v] = shift != nullptr ? get(shift + v * kLanes) : zero();
  for (I64 start = 0; start < n; start += kRowBlock) {
    const I64 stop = n - start < kRowBlock ? n : start + kRowBlock;
    Vec sum[kV];
    for (int v = 0; v < kV; ++v) sum[v] = set1(kNeutral<kKind>);
    for (I64 i = start; i < stop; ++i) {
      for (int v = 0; v < kV; ++v) sum[v] = combine<kKind>(sum[v], get(x + i * stride + v * kLanes) - offset[v]);
    }
    for (int v = 0; v < kV; ++v) {
      const Vec value = combine_partials<kKind>(get(acc + v * kLanes), sum[v]);
      if constexpr (kTail) {
        store_n(acc + v * kLanes, value, rest);
      } else {
        store(acc + v * kLanes, value);
      }
    }
  }
}

void reduce_columns(RowReduction kind, const float* x, I64 n, I64 stride, I64 m, const float* shift, float* acc) {
  by_kind(kind, [&]<RowReduction kKind>() {
    const auto at = [shift](I64 j) { return shift != nullptr ? shift + j : nullptr; };
    I64 j = 0;
    for (; j + 4 * kLanes <= m; j += 4 * kLanes) column_block<kKind, 4, false>(x + j, n, stride, at(j), acc + j, 0);
    for (; j + kLanes <= m; j += kLanes) column_block<kKind, 1, false>(x + j, n, stride, at(j), acc + j, 0);
    if (j < m) column_block<kKind, 1, true>(x + j, n, stride, at(j), acc + j, m - j);
  });
}

/// f(i, count) for the vectors of [0, n); count is kLanes but for the last.
template <class F>
void each_vector(I64 n, const F& f) {
  I64 i = 0;
  for (; i + kLanes <= n; i += kLanes) f(i, static_cast<I64>(kLanes));
  if (i < n) f(i, n - i);
}
Vec get(const float* p, I64 count) { return count == kLanes ? load(p) : load_n(p, count); }
void put(float* p, Vec a, I64 count) {
  if (count == kLanes) {
    store(p, a);
  } else {
    store_n(p, a, count);
  }
}

/// NaN does not count.
float largest(const float* x, I64 n) {
  const Vec least = set1(-__builtin_inff());
  Vec top[4] = {least, least, least, least};
  I64 i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int v = 0; v < 4; ++v) top[v] = max(load(x + i + v * kLanes), top[v]);
  }
  for (; i + kLanes <= n; i += kLanes) top[0] = max(load(x + i), top[0]);
  float best = reduce_max(max(max(top[0], top[1]), max(top[2], top[3])));
  for (; i < n; ++i) best = x[i] > best ? x[i] : best;
  return best;
}

/// The sum of exp(x - top); with kStores the terms go to `out`.
template <bool kStores>
double exponentials(const float* x, float* out, I64 n, Vec top) {
  double total = 0;
  for (I64 start = 0; start < n; start += kBlock) {
    const I64 stop = n - start < kBlock ? n : start + kBlock;
    Vec sum[2] = {zero(), zero()};
    I64 i = start;
    for (; i + 2 * kLanes <= stop; i += 2 * kLanes) {
      for (int v = 0; v < 2; ++v) {
        const Vec e = exp_negative(load(x + i + v * kLanes) - top);
        if (kStores) store(out + i + v * kLanes, e);
        sum[v] = sum[v] + e;
      }
    }
    for (; i < stop; i += kLanes) {
      const I64 width = stop - i < kLanes ? stop - i : kLanes;
      float lane[kLanes];
      store(lane, exp_negative(get(x + i, width) - top));
      const Vec e = get(lane, width);
      if (kStores) put(out + i, e, width);
      sum[0] = sum[0] + e;
    }
    total += static_cast<double>(reduce_add(sum[0] + sum[1]));
  }
  return total;
}

void softmax(const float* x, float* out, I64 n, bool log_form) {
  // A NaN makes the sum NaN, and with it every result.
  const Vec top = set1(largest(x, n));
  if (log_form) {
    const double total = exponentials<false>(x, out, n, top);
    float logarithm[kLanes];
    store(logarithm, log(set1(static_cast<float>(total))));
    const Vec offset = set1(logarithm[0]);
    each_vector(n, [&](I64 i, I64 width) { put(out + i, get(x + i, width) - top - offset, width); });
  } else {
    const Vec factor = set1(static_cast<float>(1.0 / exponentials<true>(x, out, n, top)));
    each_vector(n, [&](I64 i, I64 width) { put(out + i, get(out + i, width) * factor, width); });
  }
}

void softmax_columns(const float* x, I64 x_stride, float* out, I64 out_stride, I64 n, I64 m, bool log_form) {
  each_vector(m, [&](I64 j, I64 width) {
    Vec top = set1(-__builtin_inff());
    for (I64 i = 0; i < n; ++i) top = combine<RowReduction::kMax>(top, get(x + i * x_stride + j, width));
    Vec total = zero();
    for (I64 start = 0; start < n; start += kRowBlock) {
      const I64 stop = n - start < kRowBlock ? n : start + kRowBlock;
      Vec sum = zero();
      for (I64 i = start; i < stop; ++i) {
        const Vec e = exp_negative(get(x + i * x_stride + j, width) - top);
        if (!log_form) put(out + i * out_stride + j, e, width);
        sum = sum + e;
      }
      total = total + sum;
    }
    const Vec last = log_form ? log(total) : set1(1.0F) / total;
    for (I64 i = 0; i < n; ++i) {
      float* to = out + i * out_stride + j;
      put(to, log_form ? get(x + i * x_stride + j, width) - top - last : get(to, width) * last, width);
    }
  });
}

void normalize(NormalizeRow& row) {
  const double n = static_cast<double>(row.n);
  row.mean = row.rms ? 0.0F : static_cast<float>(reduce_row<RowReduction::kSum>(row.x, row.n, 0) / n);
  const double variance = reduce_row<RowReduction::kSumSquare>(row.x, row.n, row.mean) / n;
  row.inverse_deviation = static_cast<float>(1.0 / __builtin_sqrt(variance + static_cast<double>(row.epsilon)));
  const Vec mean = set1(row.mean);
  const Vec inverse = set1(row.inverse_deviation);
  each_vector(row.n, [&](I64 i, I64 width) {
    Vec value = (get(row.x + i, width) - mean) * inverse;
    if (row.scale != nullptr) value = value * get(row.scale + i, width);
    if (row.bias != nullptr) value = value + get(row.bias + i, width);
    put(row.out + i, value, width);
  });
}

void affine_columns(const float* x, I64 x_stride, float* out, I64 out_stride, I64 n, I64 m, const float* a,
                    const float* b) {
  for (I64 i = 0; i < n; ++i) {
    const float* from = x + i * x_stride;
    float* to = out + i * out_stride;
    each_vector(m, [&](I64 j, I64 width) {
      put(to + j, fma(get(from + j, width), get(a + j, width), get(b + j, width)), width);
    });
  }
}

void affine(const float* x, float* out, I64 n, float a, float b) {
  const Vec factor = set1(a);
  const Vec offset = set1(b);
  each_vector(n, [&](I64 i, I64 width) { put(out + i, fma(get(x + i, width), factor, offset), width); });
}

void weighted_sum(const float* const* x, const float* weights, I64 count, float* out, I64 n) {
  each_vector(n, [&](I64 i, I64 width) {
    Vec sum = zero();
    for (I64 t = 0; t < count; ++t) sum = fma(get(x[t] + i, width), set1(weights[t]), sum);
    put(out + i, sum, width);
  });
}

}  // namespace

extern const RowKernels kRows;
constexpr RowKernels kRows = {softmax,        softmax_columns, normalize, reduce,
                              reduce_columns, affine_columns,  affine,    weighted_sum};

}  // namespace bolide::BOLIDE_ISA_NS
