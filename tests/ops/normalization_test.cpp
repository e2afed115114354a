#include "ops/normalization.h"

#include "ops/layer_normalization.h"
#include "run_op.h"

#include <cmath>

namespace bolide::testing {
namespace {

TEST(BatchNormalization, UsesTheGivenStatistics) {
  const auto y = run(BatchNormalization{.epsilon = 0}, {make({1, 2, 2}, {1, 3, 5, 9}), make({2}, {2, 1}),
                                                        make({2}, {10, 0}), make({2}, {1, 5}), make({2}, {4, 16})});
  expect_near(numbers(y), {10, 12, 0, 1});
}

TEST(InstanceNormalization, NormalizesEveryPlane) {
  const auto y =
      run(InstanceNormalization{.epsilon = 0}, {make({1, 2, 2}, {1, 3, 10, 30}), make({2}, {1, 2}), make({2}, {0, 5})});
  expect_near(numbers(y), {-1, 1, 3, 7});
}

TEST(GroupNormalization, SharesStatisticsInAGroup) {
  const auto y = run(GroupNormalization{.groups = 1, .epsilon = 0},
                     {make({1, 2, 1}, {1, 3}), make({2}, {1, 2}), make({2}, {0, 5})});
  expect_near(numbers(y), {-1, 7});
  EXPECT_EQ(infer(GroupNormalization{.groups = 4}, {"f32[1,6,2]", "f32[6]", "f32[6]"}),
            "GroupNormalization: 6 channels do not divide into 4 groups");
}

TEST(LayerNormalization, GivesMeanAndInverseDeviation) {
  const auto y =
      run(LayerNormalization{.epsilon = 0}, {make({2, 2}, {1, 3, 2, 10}), make({2}, {1, 10}), make({2}, {0, 1})}, 3);
  expect_near(numbers(y), {-1, 11, -1, 11});
  EXPECT_EQ(dims(y, 1), (Dims{2, 1}));
  expect_near(numbers(y, 1), {2, 6});
  expect_near(numbers(y, 2), {1, 0.25});
}

TEST(LayerNormalization, InfersNamedSizes) {
  EXPECT_EQ(infer(LayerNormalization{.axis = 1}, {"f16[n,s,8]", "f16[s,8]"}, 2), "f16[n,s,8] f32[n,1,1]");
  EXPECT_EQ(infer(LayerNormalization{.axis = 3}, {"f16[n,s,8]", "f16[8]"}),
            "LayerNormalization: axis 3 is outside rank 3");
}

TEST(RMSNormalization, DividesByTheRootMeanSquare) {
  const auto y = run(RMSNormalization{.epsilon = 0}, {make({1, 2}, {3, 4}), make({2}, {1, 2})});
  expect_near(numbers(y), {3 / std::sqrt(12.5), 8 / std::sqrt(12.5)});
}

}  // namespace
}  // namespace bolide::testing
