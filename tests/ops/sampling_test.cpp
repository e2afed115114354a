#include "ops/col2im.h"
#include "ops/deform_conv.h"
#include "ops/grid_sample.h"
#include "ops/roi.h"
#include "run_op.h"

#include <cmath>

namespace bolide::testing {
namespace {

using Numbers = std::vector<double>;

Numbers sampled(SampleMode mode, SamplePadding padding, bool align, std::initializer_list<float> at) {
  return numbers(
      run(GridSample{.mode = mode, .padding_mode = padding, .align_corners = align},
          {make({1, 1, 2, 2}, {1, 2, 3, 4}), make({1, 1, static_cast<std::int64_t>(at.size()) / 2, 2}, at)}));
}

TEST(GridSample, ReadsBetweenPixels) {
  const auto linear = SampleMode::kLinear;
  const auto zeros = SamplePadding::kZeros;
  EXPECT_EQ(sampled(linear, zeros, false, {0, 0, 0.5, -0.5}), (Numbers{2.5, 2}));
  EXPECT_EQ(sampled(linear, zeros, true, {-1, -1, 1, -1, 0, 1}), (Numbers{1, 2, 3.5}));
  EXPECT_EQ(sampled(SampleMode::kNearest, zeros, false, {-0.4F, 0.4F, 3, 0}), (Numbers{3, 0}));
  EXPECT_EQ(sampled(SampleMode::kCubic, zeros, true, {1, -1}), (Numbers{2}));
}

TEST(GridSample, PadsByZerosTheBorderOrAMirror) {
  const auto linear = SampleMode::kLinear;
  EXPECT_EQ(sampled(linear, SamplePadding::kZeros, false, {-1, -1}), (Numbers{0.25}));
  EXPECT_EQ(sampled(linear, SamplePadding::kBorder, false, {-1, -1, 9, 0}), (Numbers{1, 3}));
  EXPECT_EQ(sampled(linear, SamplePadding::kReflection, true, {3, -1, 2, -1}), (Numbers{1, 1.5}));
  EXPECT_EQ(sampled(linear, SamplePadding::kBorder, false, {NAN, -1, -INFINITY, -1}), (Numbers{1, 1}));
  // Half a pixel outside, cubic reads the border, the border, the border and the next.
  EXPECT_EQ(sampled(SampleMode::kCubic, SamplePadding::kBorder, true, {-2, -1}), (Numbers{0.90625}));
  EXPECT_EQ(sampled(SampleMode::kCubic, SamplePadding::kBorder, false, {1e30F, 0}).size(), 1U);
  EXPECT_EQ(sampled(SampleMode::kNearest, SamplePadding::kReflection, false, {1e30F, -0.5}).size(), 1U);
}

TEST(GridSample, TakesAnyDtypeByTheNearestAndTruncatesIntegers) {
  const GridSample nearest{.mode = SampleMode::kNearest};
  const Tensor texts = Tensor::of<std::string>(std::vector<std::string>{"a", "b"}, Dims{1, 1, 2});
  const auto picked = run(nearest, {texts, make({1, 2, 1}, {0.5, 5})});
  ASSERT_TRUE(picked) << picked.error().message;
  EXPECT_EQ((*picked)[0].span<std::string>()[0], "b");
  EXPECT_EQ((*picked)[0].span<std::string>()[1], "");
  EXPECT_EQ(numbers(run(GridSample{}, {make<std::int32_t>({1, 1, 2}, {-1, 4}), make({1, 1, 1}, {0.25})})),
            (Numbers{2}));
  EXPECT_EQ(infer(GridSample{}, {"f32[n,c,h,w]", "f32[n,a,b,2]"}), "f32[n,c,a,b]");
  EXPECT_EQ(infer(GridSample{}, {"f32[n,c,h,w]", "f32[n,a,b,3]"}), "GridSample: last size of grid is 3, expected 2");
}

TEST(RoiAlign, AveragesSamplesOfABox) {
  const std::vector<Tensor> inputs = {counting({1, 1, 4, 4}), make({1, 4}, {0, 0, 2, 2}), make<std::int64_t>({1}, {0})};
  EXPECT_EQ(numbers(run(RoiAlign{.half_pixel = false, .sampling_ratio = 1}, inputs)), (Numbers{5}));
  EXPECT_EQ(numbers(run(RoiAlign{.sampling_ratio = 1}, inputs)), (Numbers{2.5}));
  EXPECT_EQ(numbers(run(RoiAlign{.mode = RoiMode::kMax, .sampling_ratio = 1}, inputs)), (Numbers{1.25}));
  EXPECT_EQ(numbers(run(RoiAlign{.half_pixel = false, .output_width = 2}, inputs)), (Numbers{4.5, 5.5}));
}

TEST(RoiAlign, RefusesPicturesThatAreNotThere) {
  EXPECT_EQ(error(run(RoiAlign{}, {counting({1, 1, 4, 4}), make({1, 4}, {0, 0, 2, 2}), make<std::int64_t>({1}, {1})})),
            "RoiAlign: a box of picture 1; there are 1");
  EXPECT_EQ(infer(RoiAlign{}, {"f32[n,3,h,w]", "f32[b,4]", "i64[b]"}), "f32[b,3,1,1]");
}

TEST(MaxRoiPool, TakesTheLargestOfEachBin) {
  const MaxRoiPool pool{.pooled_shape = {2, 2}};
  const auto y = run(pool, {counting({1, 1, 4, 4}), make({2, 5}, {0, 0, 0, 3, 3, 0, 10, 10, 12, 12})});
  EXPECT_EQ(numbers(y), (Numbers{5, 7, 13, 15, 0, 0, 0, 0}));
  EXPECT_EQ(dims(y), (Dims{2, 1, 2, 2}));
}

TEST(DeformConv, MovesItsTapsAndWeighsThem) {
  // Every tap reads half a row below; y = 2 * mask * x + bias.
  const std::vector<Tensor> inputs = {make({1, 1, 2, 2}, {1, 2, 3, 4}), make({1, 1, 1, 1}, {2}),
                                      make({1, 2, 2, 2}, {0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0}), make({1}, {1}),
                                      make({1, 1, 2, 2}, {1, 1, 1, 3})};
  EXPECT_EQ(numbers(run(DeformConv{}, inputs)), (Numbers{5, 7, 4, 13}));
  EXPECT_EQ(numbers(run(DeformConv{}, inputs, 1, {3, 4})), (Numbers{4, 6, 3, 4}));
  EXPECT_EQ(infer(DeformConv{}, {"f32[n,4,5,5]", "f32[8,4,3,3]", "f32[n,9,3,3]"}),
            "DeformConv: channels of offset is 9, expected 18");
}

TEST(Col2Im, AddsBlocksWhereTheyOverlap) {
  const Tensor x = make({1, 2, 2}, {1, 2, 3, 4});
  const Tensor block = make<std::int64_t>({2}, {1, 2});
  const auto y = run(Col2Im{}, {x, make<std::int64_t>({2}, {1, 3}), block});
  EXPECT_EQ(numbers(y), (Numbers{1, 5, 4}));
  EXPECT_EQ(dims(y), (Dims{1, 1, 1, 3}));
  EXPECT_EQ(numbers(run(Col2Im{.pads = {0, 1, 0, 0}}, {x, make<std::int64_t>({2}, {1, 2}), block})), (Numbers{5, 4}));
  EXPECT_EQ(infer(Col2Im{}, {"f32[n,2,2]", "i64[2]", "i64[2]"}, 1, {{1, make<std::int64_t>({2}, {1, 9})}, {2, block}}),
            "Col2Im: number of blocks is 2, expected 8");
}

}  // namespace
}  // namespace bolide::testing
