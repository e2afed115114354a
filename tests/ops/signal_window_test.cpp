#include "support.h"

namespace bolide {
namespace {

std::string window(WindowKind kind, bool periodic, std::int64_t size, DataType dtype = DataType::kF32) {
  return show(run(SignalWindow{.kind = kind, .periodic = periodic, .dtype = dtype}, {longs({}, {size})}));
}

TEST(SignalWindow, IsPeriodicOrSymmetric) {
  EXPECT_EQ(window(WindowKind::kHann, true, 4), "f32[4]{0,0.5,1,0.5}");
  EXPECT_EQ(window(WindowKind::kHann, false, 3), "f32[3]{0,1,0}");
  EXPECT_EQ(window(WindowKind::kHamming, true, 2), "f32[2]{0.08695652,1}");
  EXPECT_EQ(window(WindowKind::kBlackman, false, 5).substr(0, 5), "f32[5");
  EXPECT_EQ(window(WindowKind::kHann, false, 1), "f32[1]{1}");
  EXPECT_EQ(window(WindowKind::kHann, true, 0), "f32[0]{}");
}

TEST(SignalWindow, IsTruncatedToIntegers) {
  EXPECT_EQ(window(WindowKind::kHann, true, 4, DataType::kI8), "i8[4]{0,0,1,0}");
}

TEST(SignalWindow, RefusesSizesThatAreNone) {
  EXPECT_EQ(window(WindowKind::kHann, true, -1), "invalid argument: SignalWindow: input 0 is not one size");
  EXPECT_EQ(infer(SignalWindow{}, {typed(DataType::kI64, {})}), "f32[window]");
  EXPECT_EQ(infer(SignalWindow{.dtype = DataType::kString}, {typed(DataType::kI64, {})}),
            "SignalWindow of string; real numbers work");
}

TEST(MelWeightMatrix, HasTrianglesOfHeightOne) {
  const auto mel = [](std::int64_t bands, std::int64_t length, std::int64_t rate, float upper) {
    return show(run(MelWeightMatrix{}, {longs({}, {bands}), longs({}, {length}), longs({}, {rate}), floats({}, {0}),
                                        floats({}, {upper})}));
  };
  // Corners at 0, 257, 610 and 1092 Hz are the bins 0, 0, 1 and 2 of 17 f / 8192.
  EXPECT_EQ(mel(2, 16, 8192, 1750), "f32[9,2]{1,0,0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0}");
  EXPECT_EQ(mel(2, 4, 100, 5000).substr(0, 60), "invalid argument: MelWeightMatrix: band 0 has its corners at");
}

TEST(BitCast, KeepsTheBits) {
  EXPECT_EQ(show(run(BitCast{.to = DataType::kI32}, {floats({2}, {1, -0.0F})})), "i32[2]{1065353216,-2147483648}");
  EXPECT_EQ(show(run(BitCast{.to = DataType::kBool}, {tensor<std::uint8_t>({2}, {7, 0})})), "bool[2]{1,0}");
  EXPECT_EQ(infer(BitCast{.to = DataType::kF64}, {typed(DataType::kF32, {"n"})}),
            "BitCast: f32 has 32 bits and f64 has 64");
}

TEST(CumProd, MultipliesFromEitherEnd) {
  const Tensor x = longs({3}, {1, 2, 3});
  const Tensor axis = longs({}, {-1});
  EXPECT_EQ(show(run(CumProd{}, {x, axis})), "i64[3]{1,2,6}");
  EXPECT_EQ(show(run(CumProd{.exclusive = true}, {x, axis})), "i64[3]{1,1,2}");
  EXPECT_EQ(show(run(CumProd{.exclusive = true, .reverse = true}, {x, axis})), "i64[3]{6,3,1}");
}

}  // namespace
}  // namespace bolide
