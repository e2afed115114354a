#include "support.h"

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

}  // namespace
}  // namespace bolide
