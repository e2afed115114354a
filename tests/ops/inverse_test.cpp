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

}  // namespace
}  // namespace bolide
