#include "ops/pool.h"

#include "backend/cpu/kernel_table.h"
#include "backend/cpu/kernels/pool.h"
#include "backend/cpu/tactic_harness.h"

#include <cmath>

namespace bolide::test {
namespace {

constexpr std::string_view kChannelsLast = "cpu.pool.channels_last";
constexpr std::string_view kPlanes = "cpu.pool.planes";

Layout image(Dims dims, DataType dtype = DataType::kF32) {
  return {.dims = std::move(dims), .dtype = dtype, .order = Order::kChannelsLast};
}

TEST(Pool, TheLargestOfWindowsForChannelCountsAroundTheVectors) {
  for (const std::int64_t channels : {1, 3, 4, 7, 8, 15, 16, 17, 63, 64, 65, 300}) {
    expect_tactic({.op = Op(MaxPool{.kernel = {3, 3}, .strides = {2, 2}, .pads = {1, 1, 1, 1}}),
                   .inputs = {image({2, channels, 9, 8})},
                   .outputs = {image({})}},
                  kChannelsLast);
    for (const DataType type : {DataType::kU8, DataType::kI8}) {
      Layout x = image({1, channels, 5, 6}, type);
      x.fill = Fill::kFullRange;
      expect_tactic({.op = Op(MaxPool{.kernel = {2, 3}, .pads = {0, 1, 1, 0}}), .inputs = {x}, .outputs = {image({})}},
                    kChannelsLast);
    }
    if (HasFailure()) return;
  }
}

TEST(Pool, AveragesCountWhatIsInsideOrThePaddingToo) {
  for (const bool counts_padding : {false, true}) {
    for (const bool ceil_mode : {false, true}) {
      const AveragePool pool{.kernel = {3, 2},
                             .strides = {2, 3},
                             .pads = {1, 1, 0, 1},
                             .ceil_mode = ceil_mode,
                             .count_include_pad = counts_padding};
      const Case test = {.op = Op(pool), .inputs = {image({2, 37, 8, 9})}, .outputs = {image({})}, .rounding = 4};
      expect_tactic(test, kChannelsLast);
      expect_tactic(test, kPlanes);
    }
  }
}

TEST(Pool, DilationStridesAndWideWindows) {
  const MaxPool pool{.kernel = {3, 2}, .strides = {1, 2}, .pads = {2, 2, 2, 2}, .dilations = {2, 3}};
  expect_tactic({.op = Op(pool), .inputs = {image({1, 20, 5, 7})}, .outputs = {image({})}}, kChannelsLast);
  expect_tactic({.op = Op(pool), .inputs = {{.dims = {1, 5, 5, 700}}}}, kPlanes);
  const MaxPool same{.kernel = {13, 13}, .pads = {6, 6, 6, 6}};
  expect_tactic({.op = Op(same), .inputs = {image({1, 18, 7, 5})}, .outputs = {image({})}}, kChannelsLast);
}

TEST(Pool, OneAndThreeSpatialDims) {
  expect_tactic({.op = Op(MaxPool{.kernel = {3}, .strides = {2}, .pads = {1, 1}}),
                 .inputs = {image({2, 9, 17})},
                 .outputs = {image({})}},
                kChannelsLast);
  expect_tactic({.op = Op(AveragePool{.kernel = {2, 3, 2}, .pads = {1, 1, 0, 0, 1, 1}}),
                 .inputs = {image({2, 9, 4, 5, 6})},
                 .outputs = {image({})},
                 .rounding = 4},
                kChannelsLast);
  expect_tactic({.op = Op(AveragePool{.kernel = {2, 3, 2}}), .inputs = {{.dims = {2, 9, 4, 5, 6}}}, .rounding = 4},
                kPlanes);
}

TEST(Pool, SlicesOfWiderPixels) {
  Layout x = image({2, 21, 6, 7});
  x.gap = 11;
  x.offset = 5;
  Layout y = image({});
  y.gap = 9;
  expect_tactic({.op = Op(MaxPool{.kernel = {2, 2}}), .inputs = {x}, .outputs = {y}}, kChannelsLast);
  expect_tactic({.op = Op(AveragePool{.kernel = {2, 2}}), .inputs = {x}, .outputs = {{}}}, kPlanes);
}

TEST(Pool, WindowsThatStepByOneTakePatchesOfPlanes) {
  for (const std::int64_t width : {1, 2, 7, 14, 15, 16, 17, 20, 31, 33, 49}) {
    for (const std::int64_t kernel : {1, 2, 3, 5, 8, 9, 13}) {
      const std::int64_t before = kernel / 2;
      const Dims pads = {before, kernel / 3, kernel - 1 - before, kernel - 1 - kernel / 3};
      expect_tactic(
          {.op = Op(MaxPool{.kernel = {kernel, kernel}, .pads = pads}), .inputs = {{.dims = {2, 3, 9, width}}}},
          kPlanes);
      for (const bool counts : {false, true}) {
        const AveragePool pool{.kernel = {kernel, kernel}, .pads = pads, .count_include_pad = counts};
        expect_tactic({.op = Op(pool), .inputs = {{.dims = {1, 2, 6, width}}}, .rounding = 4}, kPlanes);
      }
      if (HasFailure()) return;
    }
  }
}

TEST(Pool, PatchesOfTallAndSlicedPlanesWithHolesInTheWindow) {
  Layout x = {.dims = {2, 5, 33, 40}};
  x.gap = 7;
  x.offset = 3;
  Layout y;
  y.gap = 5;
  const MaxPool pool{.kernel = {3, 4}, .pads = {3, 2, 4, 5}, .dilations = {4, 3}};
  expect_tactic({.op = Op(pool), .inputs = {x}, .outputs = {y}}, kPlanes);
  expect_tactic({.op = Op(MaxPool{.kernel = {9, 11}, .dilations = {2, 2}}), .inputs = {x}, .outputs = {y}}, kPlanes);
  expect_tactic({.op = Op(AveragePool{.kernel = {3, 5}, .pads = {1, 2, 1, 2}}),
                 .inputs = {{.dims = {1, 2, 300, 70}}},
                 .rounding = 4},
                kPlanes);
  expect_tactic({.op = Op(MaxPool{.kernel = {2, 2}}), .inputs = {{.dims = {1, 1, 40, 3000}}}}, kPlanes);
}

TEST(Pool, ANumberThatIsNoneIsTheLargestOfItsWindow) {
  constexpr std::int64_t kHeight = 6;
  constexpr std::int64_t kWidth = 21;
  std::vector<float> x(kHeight * kWidth);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 11);
  x[2 * kWidth + 17] = std::numeric_limits<float>::quiet_NaN();
  for (const std::int64_t kernel : {3, 9}) {
    std::vector<float> padded(static_cast<std::size_t>((kHeight + kernel) * (kWidth + kernel) + PoolPatch::kSlack));
    for (const Isa isa : isa_levels()) {
      std::vector<float> y(x.size());
      PoolPatch patch;
      patch.x = x.data();
      patch.x_row = kWidth;
      patch.in_height = kHeight;
      patch.in_width = kWidth;
      patch.kernel_height = kernel;
      patch.kernel_width = kernel;
      patch.above = kernel / 2;
      patch.before = kernel / 2;
      patch.out = y.data();
      patch.out_row = kWidth;
      patch.out_width = kWidth;
      patch.rows = kHeight;
      patch.pitch = kWidth + kernel - 1;
      patch.padded = padded.data();
      kernel_table(isa).pool->max_f32_patch(patch);
      for (std::int64_t row = 0; row < kHeight; ++row) {
        for (std::int64_t column = 0; column < kWidth; ++column) {
          const bool near = std::abs(row - 2) <= kernel / 2 && std::abs(column - 17) <= kernel / 2;
          EXPECT_EQ(std::isnan(y[static_cast<std::size_t>(row * kWidth + column)]), near) << row << ", " << column;
        }
      }
    }
  }
}

TEST(Pool, DeclinesWhatItCannotDo) {
  const MaxPool pool{.kernel = {2, 2}};
  const std::vector<std::string> ran =
      run_case({.op = Op(pool), .inputs = {{.dims = {1, 3, 4, 4}, .dtype = DataType::kI8}}});
  EXPECT_EQ(std::count(ran.begin(), ran.end(), kChannelsLast), 0);
  EXPECT_EQ(std::count(ran.begin(), ran.end(), kPlanes), 0);
}

}  // namespace
}  // namespace bolide::test
