/// Sums and differences of two products, each operation rounded.
#pragma once

#include "backend/cpu/kernels/eltwise.h"
#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {
namespace {

template <bool kMinus>
void product_rows(const ProductSum& s) {
  for (I64 r = 0; r < s.rows; ++r) {
    const float* const a = s.in[0] + r * s.row[0];
    const float* const b = s.in[1] + r * s.row[1];
    const float* const c = s.in[2] + r * s.row[2];
    const float* const d = s.in[3] + r * s.row[3];
    float* const out = s.out + r * s.out_row;
    const auto sum = [](Vec x, Vec y) { return kMinus ? x - y : x + y; };
    I64 i = 0;
    for (; i + kLanes <= s.length; i += kLanes) {
      store(out + i, sum(load(a + i) * load(b + i), load(c + i) * load(d + i)));
    }
    if (i == s.length) continue;
    const I64 n = s.length - i;
    store_n(out + i, sum(load_n(a + i, n) * load_n(b + i, n), load_n(c + i, n) * load_n(d + i, n)), n);
  }
}

inline void product_sum(const ProductSum& s) { s.minus ? product_rows<true>(s) : product_rows<false>(s); }

}  // namespace
}  // namespace bolide::BOLIDE_ISA_NS
