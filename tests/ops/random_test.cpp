#include "ops/mersenne_twister.h"
#include "support.h"

#include <limits>
#include <random>

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

TEST(MersenneTwister, IsTheOneOfTheStandard) {
  for (const std::uint32_t seed : {0U, 1U, 5489U, 0xFFFFFFFFU}) {
    MersenneTwister ours(seed);
    std::mt19937 standard(seed);
    for (int i = 0; i < 3000; ++i) ASSERT_EQ(ours(), standard()) << "draw " << i << " from " << seed;
  }
}

TEST(Bernoulli, ComparesEveryNumberWithItsOwnDraw) {
  const std::int64_t count = 3000;  // more than the draws of one block
  Tensor p = *Tensor::allocate(DataType::kF32, {count});
  for (std::int64_t i = 0; i < count; ++i)
    p.span<float>()[static_cast<std::size_t>(i)] = static_cast<float>(i % 11) / 10;
  p.span<float>()[7] = std::numeric_limits<float>::quiet_NaN();
  const Tensor drawn = (*run(RandomUniform{.seed = 9, .dtype = DataType::kF64}, {longs({1}, {count})}))[0];
  const Tensor y = (*run(Bernoulli{.seed = 9}, {p}))[0];
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const auto chance = double{p.span<float>()[i]};
    const double number = drawn.span<double>()[i];
    const bool one = chance <= 0.5 ? number > 1 - chance : number <= chance;
    ASSERT_EQ(y.span<float>()[i], one ? 1.0F : 0.0F) << "element " << i;
  }
}

}  // namespace
}  // namespace bolide
