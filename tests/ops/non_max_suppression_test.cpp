#include "support.h"

namespace bolide {
namespace {

const Tensor kBoxes = floats({1, 3, 4}, {0, 0, 1, 1, 0, 0.1F, 1, 1.1F, 0, 10, 1, 11});
const Tensor kScores = floats({1, 1, 3}, {0.8F, 0.9F, 0.3F});

Result<Tensors> suppress(const Tensor& boxes, std::int64_t most, float overlap, float score, bool center = false) {
  return run(NonMaxSuppression{.center_point_box = center},
             {boxes, kScores, longs({}, {most}), floats({1}, {overlap}), floats({}, {score})});
}

TEST(NonMaxSuppression, KeepsTheHighestOfBoxesThatOverlap) {
  EXPECT_EQ(show(suppress(kBoxes, 3, 0.5F, 0)), "i64[2,3]{0,0,1,0,0,2}");
  EXPECT_EQ(show(suppress(kBoxes, 3, 0.9F, 0)), "i64[3,3]{0,0,1,0,0,0,0,0,2}");
  EXPECT_EQ(show(suppress(kBoxes, 1, 0.5F, 0)), "i64[1,3]{0,0,1}");
  EXPECT_EQ(show(suppress(kBoxes, 3, 0.5F, 0.3F)), "i64[1,3]{0,0,1}");
  EXPECT_EQ(show(suppress(kBoxes, -1, 0.5F, 0)), "i64[0,3]{}");
}

TEST(NonMaxSuppression, TakesCornersInAnyOrderAndCenters) {
  const Tensor turned = floats({1, 3, 4}, {1, 1, 0, 0, 1, 0.1F, 0, 1.1F, 1, 10, 0, 11});
  EXPECT_EQ(show(suppress(turned, 3, 0.5F, 0)), "i64[2,3]{0,0,1,0,0,2}");
  const Tensor centers = floats({1, 3, 4}, {0.5F, 0.5F, 1, 1, 0.6F, 0.5F, 1, 1, 10, 0.5F, 1, 1});
  EXPECT_EQ(show(suppress(centers, 3, 0.5F, 0, true)), "i64[2,3]{0,0,1,0,0,2}");
}

TEST(NonMaxSuppression, SelectsNothingWithoutANumberOfBoxes) {
  EXPECT_EQ(show(run(NonMaxSuppression{}, {kBoxes, kScores})), "i64[0,3]{}");
}

TEST(NonMaxSuppression, WithSlotsSizesAreKnownAndTheRestIsZero) {
  const auto in_slots = [](std::int64_t slots, std::int64_t most) {
    return run(NonMaxSuppression{.slots = slots}, {kBoxes, kScores, longs({}, {most}), floats({1}, {0.5F})}, 2);
  };
  EXPECT_EQ(show(in_slots(7, 9)), "i64[3,3]{0,0,1,0,0,2,0,0,0}");
  EXPECT_EQ(show(in_slots(7, 9), 1), "i64[1]{2}");
  EXPECT_EQ(show(in_slots(2, 1)), "i64[2,3]{0,0,1,0,0,0}");
  EXPECT_EQ(show(in_slots(2, 1), 1), "i64[1]{1}");
  EXPECT_EQ(show(in_slots(1, 9)), "i64[1,3]{0,0,1}");
  EXPECT_EQ(show(in_slots(0, 9)), "invalid argument: NonMaxSuppression: a count of boxes without slots");
  EXPECT_EQ(show(in_slots(-1, 9)), "invalid argument: NonMaxSuppression: slots is -1, which must not be negative");
  EXPECT_EQ(infer(NonMaxSuppression{.slots = 100},
                  {typed(DataType::kF32, {"b", "n", "4"}), typed(DataType::kF32, {"b", "c", "n"})}),
            "i64[b*c*min(n,100),3]");
}

TEST(NonMaxSuppression, ChecksBoxesAgainstScores) {
  EXPECT_EQ(
      infer(NonMaxSuppression{}, {typed(DataType::kF32, {"b", "n", "4"}), typed(DataType::kF32, {"b", "c", "n"})}),
      "i64[selected,3]");
  EXPECT_EQ(
      infer(NonMaxSuppression{}, {typed(DataType::kF32, {"1", "5", "4"}), typed(DataType::kF32, {"1", "2", "6"})}),
      "NonMaxSuppression: the number of scores is 6, expected 5");
}

}  // namespace
}  // namespace bolide
