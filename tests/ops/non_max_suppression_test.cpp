#include "support.h"

#include <algorithm>

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

TEST(NonMaxSuppression, ManyBoxesOfEqualScoresGoByTheirPlaces) {
  constexpr std::size_t kCount = 700;
  std::vector<float> corners;
  std::vector<float> scores;
  unsigned state = 1;
  const auto random = [&state](unsigned below) {
    state = state * 1664525U + 1013904223U;
    return static_cast<float>((state >> 16U) % below);
  };
  for (std::size_t i = 0; i < kCount; ++i) {
    const float top = random(60);
    const float left = random(60);
    corners.insert(corners.end(), {top, left, top + random(30), left + random(30)});
    scores.push_back(random(9) / 8);
  }
  const auto side = [&](std::size_t i, std::size_t d) { return corners[i * 4 + d]; };
  const auto overlap = [&](std::size_t a, std::size_t b) {
    const float height = std::min(side(a, 2), side(b, 2)) - std::max(side(a, 0), side(b, 0));
    const float width = std::min(side(a, 3), side(b, 3)) - std::max(side(a, 1), side(b, 1));
    if (height <= 0 || width <= 0) return 0.0F;
    const auto area = [&](std::size_t i) { return (side(i, 2) - side(i, 0)) * (side(i, 3) - side(i, 1)); };
    return height * width / (area(a) + area(b) - height * width);
  };
  for (const float threshold : {0.0F, 0.25F, 0.9F}) {
    for (const std::int64_t most : {1, 3, 40, 300, 700}) {
      std::vector<std::int64_t> want;
      for (float score = 1; score > 0.25F; score -= 0.125F) {
        for (std::size_t i = 0; i < kCount; ++i) {
          if (scores[i] != score || static_cast<std::int64_t>(want.size()) >= most) continue;
          const bool hidden = std::ranges::any_of(
              want, [&](std::int64_t kept) { return overlap(i, static_cast<std::size_t>(kept)) > threshold; });
          if (!hidden) want.push_back(static_cast<std::int64_t>(i));
        }
      }
      const auto got = run(NonMaxSuppression{}, {Tensor::of<float>(corners, Dims{1, kCount, 4}),
                                                 Tensor::of<float>(scores, Dims{1, 1, kCount}), longs({}, {most}),
                                                 floats({}, {threshold}), floats({}, {0.25F})});
      ASSERT_TRUE(got) << got.error().message;
      ASSERT_EQ((*got)[0].dims()[0], static_cast<std::int64_t>(want.size())) << most << " of " << threshold;
      for (std::size_t i = 0; i < want.size(); ++i) {
        ASSERT_EQ((*got)[0].span<std::int64_t>()[3 * i + 2], want[i]) << most << " of " << threshold;
      }
    }
  }
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
