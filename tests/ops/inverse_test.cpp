#include "support.h"

namespace bolide {
namespace {

TEST(Inverse, OfEachMatrixOfABatch) {
  const Tensor x = floats({2, 2, 2}, {4, 7, 2, 6, 2, 0, 0, 4});
  EXPECT_EQ(show(run(Inverse{}, {x})), "f32[2,2,2]{0.6,-0.7,-0.2,0.4,0.5,0,0,0.25}");
}

TEST(Inverse, ExchangesRowsWhereTheDiagonalIsZero) {
  EXPECT_EQ(show(run(Inverse{}, {floats({2, 2}, {0, 2, 4, 0})})), "f32[2,2]{0,0.25,0.5,0}");
}

TEST(Inverse, NeedsSquareMatrices) {
  EXPECT_EQ(infer(Inverse{}, {typed(DataType::kF32, {"n"})}), "Inverse: [n] has no matrices");
  EXPECT_EQ(infer(Inverse{}, {typed(DataType::kF32, {"b", "n", "n"})}), "f32[b,n,n]");
  EXPECT_EQ(infer(Inverse{}, {typed(DataType::kF32, {"2", "3"})}), "Inverse: number of columns is 3, expected 2");
  EXPECT_EQ(show(run(Inverse{}, {floats({0, 3, 3}, {})})), "f32[0,3,3]{}");
}

TEST(Inverse, TimesTheMatrixIsOne) {
  for (const std::size_t n : {1U, 2U, 5U, 32U}) {
    Tensor x = *Tensor::allocate(DataType::kF64, {static_cast<std::int64_t>(n), static_cast<std::int64_t>(n)});
    std::uint32_t state = 5;
    for (double& value : x.span<double>()) {
      state = state * 1664525U + 1013904223U;
      value = static_cast<double>(state >> 8) * 0x1p-23 - 1;
    }
    for (std::size_t i = 0; i < n && n > 1; ++i) x.span<double>()[i * n + i] = 0;  // rows must change places
    const Tensor y = (*run(Inverse{}, {x}))[0];
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < n; ++k) sum += x.span<double>()[i * n + k] * y.span<double>()[k * n + j];
        EXPECT_NEAR(sum, i == j ? 1 : 0, 1e-10) << n << ": " << i << ", " << j;
      }
    }
  }
}

}  // namespace
}  // namespace bolide
