#include "support.h"

#include <cmath>

namespace bolide {
namespace {

TEST(Det, IsTheProductOfPivotsWithTheSignOfTheirExchanges) {
  EXPECT_EQ(show(run(Det{}, {floats({2, 2}, {1, 2, 3, 4})})), "f32[]{-2}");
  EXPECT_EQ(show(run(Det{}, {floats({3, 2, 2}, {0, 1, 1, 0, 1, 2, 2, 4, 2, 0, 0, 3})})), "f32[3]{-1,0,6}");
  EXPECT_EQ(show(run(Det{}, {floats({1, 0, 0}, {})})), "f32[1]{1}");
  EXPECT_EQ(show(run(Det{}, {*cast(floats({2, 2}, {1, 2, 3, 4}), DataType::kF16)})), "f16[]{-2}");
}

TEST(Det, NeedsSquareMatrices) {
  EXPECT_EQ(infer(Det{}, {typed(DataType::kF32, {"b", "n", "n"})}), "f32[b]");
  EXPECT_EQ(infer(Det{}, {typed(DataType::kF32, {"3", "4"})}), "Det: the number of columns is 4, expected 3");
  EXPECT_EQ(infer(Det{}, {typed(DataType::kF32, {"3"})}), "Det: [3] has no matrices");
  EXPECT_EQ(infer(Det{}, {typed(DataType::kI32, {"3", "3"})}), "Det: input 0 must be floating point, got i32[3,3]");
}

TEST(Det, OfManyColumnsIsTheSameAsOneColumnAfterTheOther) {
  for (const std::size_t n : {7U, 8U, 9U, 16U, 33U}) {
    Tensor x = *Tensor::allocate(DataType::kF64, {static_cast<std::int64_t>(n), static_cast<std::int64_t>(n)});
    std::uint32_t state = 1;
    for (double& value : x.span<double>()) {
      state = state * 1664525U + 1013904223U;
      value = static_cast<double>(state >> 8) * 0x1p-23 - 1;
    }
    std::vector<double> rows(x.span<double>().begin(), x.span<double>().end());
    double want = 1;
    for (std::size_t k = 0; k < n; ++k) {
      std::size_t best = k;
      for (std::size_t i = k; i < n; ++i) best = std::abs(rows[i * n + k]) > std::abs(rows[best * n + k]) ? i : best;
      if (best != k) want = -want;
      for (std::size_t j = 0; j < n && best != k; ++j) std::swap(rows[best * n + j], rows[k * n + j]);
      want *= rows[k * n + k];
      for (std::size_t i = k + 1; i < n; ++i) {
        const double factor = rows[i * n + k] / rows[k * n + k];
        for (std::size_t j = k; j < n; ++j) rows[i * n + j] -= factor * rows[k * n + j];
      }
    }
    EXPECT_EQ((*run(Det{}, {x}))[0].span<double>()[0], want) << n;
  }
}

}  // namespace
}  // namespace bolide
