#include "support.h"

namespace bolide {
namespace {

// The numbers are those of numpy.random.RandomState(seed), which is the same generator.
TEST(RandomUniform, DrawsFromTheSeedAlone) {
  const RandomUniform zero;
  EXPECT_EQ(show(run(zero, {longs({3}, {1, 2, 1})})), "f32[1,2,1]{0.5488135,0.71518934}");
  const RandomUniform scaled{.low = -1, .high = 1, .seed = 3, .dtype = DataType::kF64};
  EXPECT_EQ(show(run(scaled, {longs({1}, {2})})), "f64[2]{0.101595804,0.41629565}");
  EXPECT_EQ(infer(zero, {sizes({"n", "4"})}), "f32[n,4]");
  EXPECT_EQ(infer(RandomUniform{.dtype = DataType::kI32}, {sizes({"n"})}), "RandomUniform of i32; floats work");
}

TEST(RandomNormal, DrawsPairsByThePolarMethod) {
  EXPECT_EQ(show(run(RandomNormal{}, {longs({1}, {3})})), "f32[3]{1.7640524,0.4001572,0.978738}");
  EXPECT_EQ(show(run(RandomNormal{.mean = 10, .scale = 0}, {longs({1}, {2})})), "f32[2]{10,10}");
}

TEST(Bernoulli, IsOneWithTheGivenProbability) {
  EXPECT_EQ(show(run(Bernoulli{.dtype = DataType::kBool}, {floats({4}, {0, 1, 0, 1})})), "bool[4]{0,1,0,1}");
  EXPECT_EQ(show(run(Bernoulli{}, {floats({3}, {0.5F, 0.25F, 0.7F})})), "f32[3]{1,0,1}");  // 0.549, 0.715, 0.603
}

TEST(Multinomial, TakesClassesByTheirWeights) {
  const float never = -std::numeric_limits<float>::infinity();
  const Tensor x = floats({2, 3}, {never, 0, never, 0, never, 0});
  EXPECT_EQ(show(run(Multinomial{.sample_size = 3}, {x})), "i32[2,3]{1,1,1,2,0,2}");  // 0.545, 0.424, 0.646
  EXPECT_EQ(show(run(Multinomial{}, {floats({2}, {0, 0})})),
            "invalid argument: Multinomial: [2] is not [batch, classes]");
}

TEST(Dropout, KeepsEverythingUnlessItTrains) {
  const Tensor x = floats({4}, {1, 2, 3, 4});
  const auto still = run(Dropout{}, {x}, 2);
  EXPECT_EQ(show(still, 0), "f32[4]{1,2,3,4}");
  EXPECT_EQ(show(still, 1), "bool[4]{1,1,1,1}");
  const auto training = run(Dropout{}, {x, floats({}, {0.6F}), bools({}, {1})}, 2);  // 0.549, 0.715, 0.603, 0.545
  EXPECT_EQ(show(training, 0), "f32[4]{0,5.0000005,7.5000005,0}");
  EXPECT_EQ(show(training, 1), "bool[4]{0,1,1,0}");
  EXPECT_EQ(show(run(Dropout{}, {x, floats({}, {2}), bools({}, {1})})), "invalid argument: Dropout: a ratio of 2");
}

}  // namespace
}  // namespace bolide
