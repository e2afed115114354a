/// The register tiles of this ISA: 14 x 32 with AVX-512, 6 x 16 with AVX2, 4 x 8 on the baseline.
#include "backend/cpu/kernels/gemm_f32_tile.h"
#include "backend/cpu/kernels/gemm_i8_tile.h"

namespace bolide::BOLIDE_ISA_NS {

namespace {

constexpr int kRowsByLanes = kLanes == 16 ? 14 : kLanes == 8 ? 6 : 4;

template <int kRows>
constexpr void fill(GemmKernels& table) {
  if constexpr (kRows > 0) {
    table.f32[kRows] = by_width_f32<kRows>;
    table.i8[kRows] = by_width_i8<kRows>;
    fill<kRows - 1>(table);
  }
}

constexpr GemmKernels make_gemm() {
  GemmKernels table{};
  table.rows = kRowsByLanes;
  table.columns = 2 * kLanes;
  table.i8_group = kI8Group;
  table.shifted_sign = kShiftedSign;
  table.requantise = finish_floats;
  fill<kRowsByLanes>(table);
  return table;
}

}  // namespace

extern const GemmKernels kGemm;
constexpr GemmKernels kGemm = make_gemm();

}  // namespace bolide::BOLIDE_ISA_NS
