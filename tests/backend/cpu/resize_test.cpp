#include "ops/resize.h"

#include "backend/cpu/nest.h"
#include "backend/cpu/tactic_harness.h"

#include <cmath>
#include <random>

namespace bolide::test {
namespace {

Layout planes(Dims dims) { return {.dims = std::move(dims)}; }
Layout image(Dims dims) { return {.dims = std::move(dims), .order = Order::kChannelsLast}; }

/// Elements of a tensor stored as `layout` says, and back.
template <class T>
std::vector<T> scattered(const Tensor& dense, const Layout& layout) {
  std::vector<T> out(static_cast<std::size_t>(span_of(layout)), T(77));
  const cpu::Nest nest{layout.dims, {strides_of(layout)}};
  cpu::Walk walk(nest, nest.rank(), 0);
  for (const T value : dense.span<T>()) {
    out[static_cast<std::size_t>(walk.at(0))] = value;
    walk.next();
  }
  return out;
}

/// Runs the tactic row by row on every ISA level and compares with the operator. `sizes` are of the spatial dims, `box`
/// is the input roi where there is one.
template <class T>
void expect_resized(Resize resize, Layout x, Layout y, Dims sizes, double allowed, bool by_scales = false,
                    std::vector<float> box = {}) {
  resize.axes.clear();
  for (std::size_t d = 2; d < x.dims.size(); ++d) resize.axes.push_back(static_cast<std::int64_t>(d));
  const Op op(resize);
  std::mt19937 random(3);
  Tensor dense = *Tensor::allocate(dtype_of<T>, x.dims);
  for (T& value : dense.span<T>()) value = static_cast<T>(random() % 200);
  const Tensor sizes_tensor = Tensor::of<std::int64_t>(sizes);
  std::vector<float> factors;
  for (std::size_t d = 0; d < sizes.size(); ++d) {
    factors.push_back(static_cast<float>(sizes[d]) / static_cast<float>(x.dims[d + 2]));
  }
  const Tensor scales = Tensor::of<float>(factors);
  const Tensor roi = Tensor::of<float>(box);
  const auto count = static_cast<std::int64_t>(sizes.size());
  const std::array<const Tensor*, 4> tensors = {&dense, box.empty() ? nullptr : &roi, by_scales ? &scales : nullptr,
                                                by_scales ? nullptr : &sizes_tensor};
  EvalContext context;
  const Result<Tensors> want = op.evaluate(tensors, context);
  ASSERT_TRUE(want) << want.error().message;
  y.dims = (*want)[0].dims();
  const std::vector<T> from = scattered<T>(dense, x);
  std::vector<T> expected = scattered<T>((*want)[0], y);

  Problem problem;
  problem.op = &op;
  problem.inputs.push_back({.dtype = dtype_of<T>, .dims = x.dims, .strides = strides_of(x)});
  problem.inputs.push_back({.dims = roi.dims(), .strides = {1}, .constant = tensors[1], .absent = box.empty()});
  problem.inputs.push_back({.dims = {count}, .strides = {1}, .constant = tensors[2], .absent = !by_scales});
  problem.inputs.push_back({.dtype = DataType::kI64, .dims = {count}, .strides = {1}, .absent = by_scales});
  problem.outputs.push_back({.dtype = dtype_of<T>, .dims = y.dims, .strides = strides_of(y)});
  for (const Isa isa : isa_levels()) {
    const CpuBackend backend(make_cpu_target(isa));
    const Tactic* tactic = backend.find_tactic("cpu.resize");
    const Verdict verdict = tactic->accepts(problem, backend.target());
    ASSERT_TRUE(verdict.accepted) << verdict.reason;
    const auto kernel = tactic->bind(problem, backend.target());
    ASSERT_TRUE(kernel) << kernel.error().message;
    std::vector<T> got(expected.size(), T(77));
    std::vector<std::max_align_t> scratch(host_kernel(**kernel).scratch_bytes() / sizeof(std::max_align_t) + 1);
    const std::array<const void*, 4> inputs = {from.data(), nullptr, nullptr, nullptr};
    void* outputs = got.data();
    KernelBuffers buffers;
    buffers.inputs = inputs.data();
    buffers.outputs = &outputs;
    buffers.scratch = reinterpret_cast<std::byte*>(scratch.data());
    const std::int64_t rows = host_kernel(**kernel).grid(0).rows;
    for (const std::int64_t chunk : {std::int64_t{1}, rows}) {
      std::fill(got.begin(), got.end(), T(77));
      for (std::int64_t end = rows; end > 0; end -= chunk)
        ASSERT_TRUE(host_kernel(**kernel).run(0, buffers, {end - chunk, end}, {0, 1}));
      for (std::size_t i = 0; i < got.size(); ++i) {
        ASSERT_LE(std::abs(static_cast<double>(got[i]) - static_cast<double>(expected[i])), allowed)
            << text(op) << " on " << name(isa) << " element " << i << ", " << chunk << " rows at a time";
      }
    }
  }
}

TEST(ResizeTactic, NearestIsExactInEveryOrderAndType) {
  for (const ResizeNearest mode : {ResizeNearest::kRoundPreferFloor, ResizeNearest::kFloor, ResizeNearest::kCeil}) {
    for (const ResizeCoordinates coordinates : {ResizeCoordinates::kHalfPixel, ResizeCoordinates::kAsymmetric}) {
      Resize resize;
      resize.nearest_mode = mode;
      resize.coordinates = coordinates;
      expect_resized<float>(resize, image({2, 5, 4, 6}), image({}), {8, 12}, 0);
      expect_resized<float>(resize, planes({2, 5, 4, 6}), planes({}), {7, 3}, 0);
      expect_resized<std::uint8_t>(resize, image({2, 19, 4, 6}), planes({}), {8, 12}, 0, true);
      expect_resized<std::uint8_t>(resize, image({1, 4, 3, 6}), image({}), {6, 12}, 0);
      expect_resized<std::uint8_t>(resize, image({2, 2, 5, 3}), image({}), {8, 7}, 0);
    }
  }
}

TEST(ResizeTactic, LinearAndCubicFollowEveryCoordinateMode) {
  for (const ResizeMode mode : {ResizeMode::kLinear, ResizeMode::kCubic}) {
    for (const ResizeCoordinates coordinates :
         {ResizeCoordinates::kHalfPixel, ResizeCoordinates::kHalfPixelSymmetric, ResizeCoordinates::kPytorchHalfPixel,
          ResizeCoordinates::kAlignCorners, ResizeCoordinates::kAsymmetric}) {
      Resize resize;
      resize.mode = mode;
      resize.coordinates = coordinates;
      Layout x = image({2, 21, 5, 7});
      expect_resized<float>(resize, x, image({}), {9, 14}, 1e-3);
      x.gap = 3;
      Layout y = image({});
      y.gap = 5;
      expect_resized<float>(resize, x, y, {3, 21}, 1e-3, true);
      expect_resized<float>(resize, planes({2, 3, 5, 7}), planes({}), {9, 4}, 1e-3);
      resize.antialias = true;
      expect_resized<float>(resize, planes({1, 3, 9, 11}), image({}), {4, 5}, 1e-3);
    }
  }
}

TEST(ResizeTactic, BytesAreRoundedOnce) {
  Resize resize;
  resize.mode = ResizeMode::kLinear;
  expect_resized<std::uint8_t>(resize, image({1, 3, 9, 8}), image({}), {18, 16}, 1);
  expect_resized<std::uint8_t>(resize, planes({1, 3, 9, 8}), planes({}), {4, 5}, 1);
}

TEST(ResizeTactic, LinesAndVolumes) {
  for (const ResizeMode mode : {ResizeMode::kNearest, ResizeMode::kLinear, ResizeMode::kCubic}) {
    Resize resize;
    resize.mode = mode;
    expect_resized<float>(resize, planes({2, 3, 7}), planes({}), {11}, 1e-3);
    expect_resized<float>(resize, image({2, 5, 7}), image({}), {4}, 1e-3);
    expect_resized<float>(resize, planes({2, 3, 4, 5, 7}), planes({}), {6, 3, 14}, 1e-3);
    expect_resized<float>(resize, image({1, 5, 4, 5, 7}), image({}), {6, 3, 14}, 1e-3, true);
  }
}

TEST(ResizeTactic, PositionsBeyondABoxAreTheExtrapolationValue) {
  Resize resize;
  resize.mode = ResizeMode::kLinear;
  resize.coordinates = ResizeCoordinates::kTfCropAndResize;
  resize.extrapolation_value = -5;
  const std::vector<float> box = {-0.5F, 0.25F, 0.75F, 1.5F};
  expect_resized<float>(resize, planes({2, 3, 5, 7}), planes({}), {9, 8}, 1e-3, false, box);
  expect_resized<float>(resize, image({2, 3, 5, 7}), image({}), {9, 8}, 1e-3, false, box);
}

TEST(ResizeTactic, ABatchThatIsCutIsLeftToTheReference) {
  Resize resize;  // position 0 of one is position 0 of five
  resize.coordinates = ResizeCoordinates::kAsymmetric;
  resize.nearest_mode = ResizeNearest::kFloor;
  const Op op(resize);
  const Tensor sizes = Tensor::of<std::int64_t>(Dims{1, 3, 4, 4});
  Problem problem{.op = &op};
  problem.inputs.push_back({.dims = {5, 3, 2, 2}, .strides = {12, 4, 2, 1}});
  problem.inputs.push_back({.absent = true});
  problem.inputs.push_back({.absent = true});
  problem.inputs.push_back({.dtype = DataType::kI64, .dims = {4}, .strides = {1}, .constant = &sizes});
  problem.outputs.push_back({.dims = {1, 3, 4, 4}, .strides = {48, 16, 4, 1}});
  const CpuBackend backend(make_cpu_target(std::nullopt));
  EXPECT_EQ(backend.find_tactic("cpu.resize")->accepts(problem, backend.target()).reason, "resizing of axis 0");
}

}  // namespace
}  // namespace bolide::test
