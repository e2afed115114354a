#include "support.h"

namespace bolide {
namespace {

TEST(Trilu, KeepsOneSideOfADiagonal) {
  const Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(show(run(Trilu{}, {x})), "f32[2,3]{1,2,3,0,5,6}");
  EXPECT_EQ(show(run(Trilu{}, {x, longs({}, {1})})), "f32[2,3]{0,2,3,0,0,6}");
  Trilu lower;
  lower.upper = false;
  EXPECT_EQ(show(run(lower, {x})), "f32[2,3]{1,0,0,4,5,0}");
  EXPECT_EQ(show(run(lower, {x, longs({}, {-100})})), "f32[2,3]{0,0,0,0,0,0}");
}

TEST(Trilu, NeedsMatrices) {
  EXPECT_EQ(infer(Trilu{}, {typed(DataType::kF32, {"n"})}), "Trilu: [n] has no matrices");
  EXPECT_EQ(infer(Trilu{}, {typed(DataType::kF32, {"b", "n", "n"})}), "f32[b,n,n]");
}

}  // namespace
}  // namespace bolide
