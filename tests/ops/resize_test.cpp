#include "ops/resize.h"

#include "run_op.h"

namespace bolide::testing {
namespace {

using Numbers = std::vector<double>;

Result<Tensors> by_scale(Resize op, Tensor x, std::initializer_list<float> scales) {
  op.axes = {x.rank() - 1};
  return run(op, {std::move(x), Tensor(), make({1}, scales)}, 1, {1});
}
Result<Tensors> by_size(Resize op, Tensor x, std::int64_t size) {
  op.axes = {x.rank() - 1};
  return run(op, {std::move(x), Tensor(), Tensor(), make<std::int64_t>({1}, {size})}, 1, {1, 2});
}

TEST(Resize, NearestRepeats) {
  EXPECT_EQ(numbers(by_scale(Resize{}, make({2}, {1, 2}), {2})), (Numbers{1, 1, 2, 2}));
  EXPECT_EQ(
      numbers(by_scale(Resize{.coordinates = ResizeCoordinates::kAsymmetric, .nearest_mode = ResizeNearest::kFloor},
                       make({4}, {1, 2, 3, 4}), {0.5F})),
      (Numbers{1, 3}));
}

TEST(Resize, NearestKeepsEveryBitOfLargeIntegers) {
  constexpr std::int64_t kOdd = (INT64_C(1) << 62) + 1;
  const auto y = by_scale(Resize{}, make<std::int64_t>({2}, {kOdd, -kOdd}), {2});
  ASSERT_TRUE(y);
  EXPECT_EQ((*y)[0].span<std::int64_t>()[1], kOdd);
  EXPECT_EQ((*y)[0].span<std::int64_t>()[2], -kOdd);
}

TEST(Resize, NearestModesDifferAtTies) {
  const auto of = [](ResizeNearest mode) {  // reads 0, 0.5, 1, 1.5
    return numbers(by_scale(Resize{.coordinates = ResizeCoordinates::kAsymmetric, .nearest_mode = mode},
                            make({2}, {10, 20}), {2}));
  };
  EXPECT_EQ(of(ResizeNearest::kRoundPreferFloor), (Numbers{10, 10, 20, 20}));
  EXPECT_EQ(of(ResizeNearest::kRoundPreferCeil), (Numbers{10, 20, 20, 20}));
  EXPECT_EQ(of(ResizeNearest::kFloor), (Numbers{10, 10, 20, 20}));
  EXPECT_EQ(of(ResizeNearest::kCeil), (Numbers{10, 20, 20, 20}));
  EXPECT_EQ(of(ResizeNearest::kCeilWhenShrinking), (Numbers{10, 10, 20, 20}));
}

TEST(Resize, TheFirstOfItsKindReadsTheNextPixelWhereItShrinks) {  // positions 0 and 1.67
  const Resize first{.coordinates = ResizeCoordinates::kAsymmetric, .nearest_mode = ResizeNearest::kCeilWhenShrinking};
  EXPECT_EQ(numbers(by_scale(first, make({4}, {1, 2, 3, 4}), {0.6F})), (Numbers{1, 3}));
}

TEST(Resize, MovesStringsAndComplexNumbers) {
  const std::vector<std::string> texts = {"a", "b"};
  const auto strings = by_scale(Resize{}, Tensor::of<std::string>(texts), {2});
  ASSERT_TRUE(strings) << strings.error().message;
  EXPECT_EQ((*strings)[0].span<std::string>()[1], "a");
  EXPECT_EQ((*strings)[0].span<std::string>()[2], "b");
  const Tensor pairs = make({2, 2}, {0, 4, 8, 0});  // 4i, 8
  const Tensor x = Tensor::borrow(DataType::kC64, {2}, pairs.data(), pairs.owner());
  const auto y =
      by_scale(Resize{.mode = ResizeMode::kLinear, .coordinates = ResizeCoordinates::kAlignCorners}, x, {1.5F});
  ASSERT_TRUE(y) << y.error().message;
  EXPECT_EQ((*y)[0].span<float>()[2], 4);
  EXPECT_EQ((*y)[0].span<float>()[3], 2);
}

TEST(Resize, LinearInEveryCoordinateMode) {
  const auto of = [](ResizeCoordinates mode) {
    return numbers(by_scale(Resize{.mode = ResizeMode::kLinear, .coordinates = mode}, make({2}, {0, 4}), {2}));
  };
  expect_near(of(ResizeCoordinates::kHalfPixel), {0, 1, 3, 4});
  expect_near(of(ResizeCoordinates::kHalfPixelSymmetric), {0, 1, 3, 4});
  expect_near(of(ResizeCoordinates::kPytorchHalfPixel), {0, 1, 3, 4});
  expect_near(of(ResizeCoordinates::kAlignCorners), {0, 4.0 / 3, 8.0 / 3, 4});
  expect_near(of(ResizeCoordinates::kAsymmetric), {0, 2, 4, 4});
}

TEST(Resize, CubicHitsTheNumbersItPassesThrough) {
  const auto y = by_size(Resize{.mode = ResizeMode::kCubic, .coordinates = ResizeCoordinates::kAlignCorners},
                         make({4}, {1, 2, 3, 4}), 7);
  // Halfway weights with a = -0.75: -3/32, 19/32, 19/32, -3/32.
  expect_near(numbers(y),
              {1, (-3 * 1 + 19 * 1 + 19 * 2 - 3 * 3) / 32.0, 2, 2.5, 3, (-3 * 2 + 19 * 3 + 19 * 4 - 3 * 4) / 32.0, 4});
  const auto inside = by_size(
      Resize{.mode = ResizeMode::kCubic, .coordinates = ResizeCoordinates::kAlignCorners, .exclude_outside = true},
      make({4}, {1, 2, 3, 4}), 7);
  expect_near(numbers(inside), {1, (19 * 1 + 19 * 2 - 3 * 3) / 35.0, 2, 2.5, 3, (-3 * 2 + 19 * 3 + 19 * 4) / 35.0, 4});
}

TEST(Resize, AntialiasAveragesWhenShrinking) {
  // scale 1/2: weights 1/8, 3/8, 3/8, 1/8 around 0.5 and 2.5, the ends repeated.
  const auto y = by_scale(Resize{.mode = ResizeMode::kLinear, .antialias = true}, make({4}, {0, 8, 16, 24}), {0.5F});
  expect_near(numbers(y), {(0 * 4 + 8 * 3 + 16) / 8.0, (8 + 16 * 3 + 24 * 4) / 8.0});
}

TEST(Resize, CropReadsBeyondTheEnds) {
  const Resize op{.mode = ResizeMode::kLinear,
                  .coordinates = ResizeCoordinates::kTfCropAndResize,
                  .extrapolation_value = -1,
                  .axes = {0}};
  const auto y =
      run(op, {make({3}, {0, 10, 20}), make({2}, {0.5F, 1.5F}), Tensor(), make<std::int64_t>({1}, {3})}, 1, {2});
  expect_near(numbers(y), {10, 20, -1});
}

TEST(Resize, AspectPolicyUsesOneScale) {
  const auto sizes = [](ResizeAspect aspect) {
    return dims(run(Resize{.aspect = aspect}, {counting({4, 2}), Tensor(), Tensor(), make<std::int64_t>({2}, {8, 6})},
                    1, {1, 2}));
  };
  EXPECT_EQ(sizes(ResizeAspect::kStretch), (Dims{8, 6}));
  EXPECT_EQ(sizes(ResizeAspect::kNotLarger), (Dims{8, 4}));
  EXPECT_EQ(sizes(ResizeAspect::kNotSmaller), (Dims{12, 6}));
}

TEST(Resize, InfersNamedSizes) {
  const Resize op{.axes = {2, 3}};
  EXPECT_EQ(infer(op, {"f32[n,3,h,w]", "", "f32[2]"}, 1, {{2, make({2}, {2, 2})}}), "f32[n,3,2*h,2*w]");
  EXPECT_EQ(infer(op, {"f32[n,3,h,8]", "", "f32[2]"}, 1, {{2, make({2}, {0.5F, 1.5F})}}), "f32[n,3,h/2,12]");
  EXPECT_EQ(infer(op, {"f32[n,3,h,w]", "", "", "i64[2]"}, 1, {{3, make<std::int64_t>({2}, {64, 32})}}),
            "f32[n,3,64,32]");
  EXPECT_EQ(infer(op, {"f32[n,3,h,w]"}), "Resize: needs either scales or sizes");
  EXPECT_EQ(infer(op, {"f32[n,3,h,w]", "", "f32[4]"}, 1, {{2, make({4}, {1, 1, 2, 2})}}),
            "Resize: 4 scales for 2 axes");
}

}  // namespace
}  // namespace bolide::testing
