#include "support.h"

#include <cmath>
#include <numbers>

namespace bolide {
namespace {

/// The transform of [1, n, 1] by its formula.
std::vector<double> by_definition(std::span<const float> x) {
  std::vector<double> out;
  for (std::size_t k = 0; k < x.size(); ++k) {
    double re = 0;
    double im = 0;
    for (std::size_t n = 0; n < x.size(); ++n) {
      const double angle = -2 * std::numbers::pi * static_cast<double>(k * n) / static_cast<double>(x.size());
      re += x[n] * std::cos(angle);
      im += x[n] * std::sin(angle);
    }
    out.insert(out.end(), {re, im});
  }
  return out;
}

TEST(Dft, AgreesWithItsFormulaForEveryLength) {
  for (const std::int64_t length : {1, 2, 3, 5, 8, 12, 17, 31, 64}) {
    Tensor x = *Tensor::allocate(DataType::kF32, {1, length, 1});
    for (std::int64_t i = 0; i < length; ++i)
      x.span<float>()[static_cast<std::size_t>(i)] = static_cast<float>((i * 7) % 5 - 2);
    const auto y = run(DFT{}, {x});
    ASSERT_TRUE(y) << y.error().message;
    ASSERT_EQ((*y)[0].dims(), (Dims{1, length, 2}));
    const std::vector<double> want = by_definition(x.span<float>());
    for (std::size_t i = 0; i < want.size(); ++i)
      EXPECT_NEAR((*y)[0].span<float>()[i], want[i], 1e-5) << length << ' ' << i;
  }
}

TEST(Dft, CutsAndFillsToItsLength) {
  const Tensor x = floats({3, 1}, {1, 1, 1});
  EXPECT_EQ(show(run(DFT{}, {x, longs({}, {1})})), "f32[1,2]{1,0}");
  EXPECT_EQ(show(run(DFT{.onesided = true}, {x, longs({}, {4})})), "f32[3,2]{3,0,0,-1,1,0}");
  EXPECT_EQ(show(run(DFT{}, {floats({1, 2, 1, 1}, {1, 3}), longs({}, {2}), longs({}, {-3})})),
            "f32[1,2,1,2]{4,0,-2,0}");
}

TEST(Dft, ComesBackThroughItsInverse) {
  const Tensor spectrum = floats({4, 2}, {6, 0, -1, 1, 2, 0, -1, -1});
  EXPECT_EQ(show(run(DFT{.inverse = true}, {spectrum})), "f32[4,2]{1.5,-0,0.5,0,2.5,-0,1.5,-0}");
  const Tensor half = floats({3, 2}, {6, 0, -1, 1, 2, 0});
  EXPECT_EQ(show(run(DFT{.inverse = true, .onesided = true}, {half})), "f32[4,1]{1.5,0.5,2.5,1.5}");
}

TEST(Dft, RefusesWhatIsNoSignal) {
  EXPECT_EQ(infer(DFT{.onesided = true}, {typed(DataType::kF32, {"b", "n", "1"})}), "f32[b,n/2+1,2]");
  EXPECT_EQ(infer(DFT{.onesided = true}, {typed(DataType::kF32, {"4", "2"})}),
            "DFT: one-sided transforms are of real signals, and the input is f32[4,2]");
  EXPECT_EQ(infer(DFT{}, {typed(DataType::kF32, {"4", "3"})}),
            "DFT: the last axis of [4,3] is neither 1 (real) nor 2 (complex)");
  EXPECT_EQ(infer(DFT{.axis = -1}, {typed(DataType::kF32, {"4", "2"})}),
            "DFT: the last axis holds real and imaginary parts");
  EXPECT_EQ(infer(DFT{}, {typed(DataType::kF32, {"4", "2"}), known(longs({}, {0}))}), "DFT: the length is 0");
  EXPECT_EQ(show(run(DFT{}, {floats({1, 1}, {1}), longs({}, {1 << 22})})).substr(0, 13), "out of memory");
}

TEST(Stft, TransformsEveryFrame) {
  const Tensor x = floats({1, 5, 1}, {1, 2, 3, 4, 5});
  EXPECT_EQ(show(run(STFT{}, {x, longs({}, {2}), floats({2}, {1, 0.5F})})), "f32[1,2,2,2]{2,0,0,0,5,0,1,0}");
  EXPECT_EQ(show(run(STFT{.onesided = false}, {x, longs({}, {9}), floats({1}, {2})})), "f32[1,1,1,2]{2,0}");
  const Tensor length = longs({}, {2});
  EXPECT_EQ(show(run(STFT{}, {&x, &length, nullptr, &length})), "f32[1,2,2,2]{3,0,-1,0,7,0,-1,0}");
}

TEST(Stft, CountsItsFrames) {
  const Known x = typed(DataType::kF32, {"b", "n", "1"});
  EXPECT_EQ(infer(STFT{}, {x, known(longs({}, {4})), typed(DataType::kF32, {"8"})}), "f32[b,n/4-1,5,2]");
  EXPECT_EQ(infer(STFT{}, {x, known(longs({}, {0})), typed(DataType::kF32, {"8"})}), "STFT: the step is 0");
  EXPECT_EQ(infer(STFT{}, {x, known(longs({}, {1})), typed(DataType::kF32, {"8"}), known(longs({}, {7}))}),
            "STFT: the length of the window is 8, expected 7");
}

}  // namespace
}  // namespace bolide
