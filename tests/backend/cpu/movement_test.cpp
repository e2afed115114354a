#include "backend/cpu/movement/move.h"
#include "backend/cpu/tactic_harness.h"
#include "ops/concat.h"
#include "ops/depth_space.h"
#include "ops/expand.h"
#include "ops/gather.h"
#include "ops/identity.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/transpose.h"

namespace bolide::test {
namespace {

constexpr std::string_view kCopy = "cpu.copy";
constexpr std::string_view kGather = "cpu.gather";

Layout rows(Dims dims, DataType dtype = DataType::kF32) { return {.dims = std::move(dims), .dtype = dtype}; }
Layout last(Dims dims, DataType dtype = DataType::kF32) {
  return {.dims = std::move(dims), .dtype = dtype, .order = Order::kChannelsLast};
}

/// The problem of a copy by operators whose numbers are in constant inputs, checked against the operator.
void expect_copy(Op op, const Layout& x, const std::vector<Dims>& numbers, const Layout& y,
                 std::string_view tactic = kCopy, bool value = false) {
  // The harness draws the values of inputs by itself, so the numbers go in by hand here.
  std::vector<Tensor> tensors;
  std::vector<std::byte> memory(static_cast<std::size_t>(x.offset + span_of(x)) * sizeof(float));
  auto* const from = reinterpret_cast<float*>(memory.data()) + x.offset;
  for (std::int64_t i = 0; i < span_of(x); ++i) from[i] = static_cast<float>(i);
  Tensor dense = *Tensor::allocate(DataType::kF32, x.dims);
  const Dims dense_strides = contiguous_strides(x.dims);
  Problem problem;
  problem.op = &op;
  problem.inputs.push_back({.dtype = x.dtype, .dims = x.dims, .strides = strides_of(x)});
  cpu::Move::make(x.dims, dense_strides, problem.inputs[0].strides, 4)
      ->run(dense.data(), reinterpret_cast<const std::byte*>(from), 0, 1 << 30);
  tensors.push_back(dense);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (value && i == 1) tensors.push_back(Tensor::scalar(42.5F));
    tensors.push_back(Tensor::of<std::int64_t>(numbers[i]));
  }
  if (value && numbers.size() == 1) tensors.push_back(Tensor::scalar(42.5F));
  std::vector<const Tensor*> pointers;
  std::vector<const void*> inputs;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    pointers.push_back(&tensors[i]);
    inputs.push_back(i == 0 ? static_cast<const void*>(from) : tensors[i].data());
    if (i == 0) continue;
    problem.inputs.push_back({.dtype = tensors[i].dtype(),
                              .dims = tensors[i].dims(),
                              .strides = contiguous_strides(tensors[i].dims()),
                              .constant = &tensors[i]});
  }
  EvalContext context;
  const Result<Tensors> want = op.evaluate(pointers, context);
  ASSERT_TRUE(want) << want.error().message;
  Layout layout = y;
  layout.dims = (*want)[0].dims();
  problem.outputs.push_back({.dtype = x.dtype, .dims = layout.dims, .strides = strides_of(layout)});

  const CpuBackend backend;
  const Tactic* chosen = backend.find_tactic(tactic);
  ASSERT_NE(chosen, nullptr);
  const Verdict verdict = chosen->accepts(problem, backend.target());
  ASSERT_TRUE(verdict.accepted) << verdict.reason << ": " << problem.key();
  const auto kernel = chosen->bind(problem, backend.target());
  ASSERT_TRUE(kernel) << kernel.error().message;
  std::vector<float> out(static_cast<std::size_t>(span_of(layout)), -1);
  void* outputs = out.data();
  KernelBuffers buffers;
  buffers.inputs = inputs.data();
  buffers.outputs = &outputs;
  const Grid grid = host_kernel(**kernel).grid(0);
  for (std::int64_t unit = grid.rows; unit-- > 0;)
    ASSERT_TRUE(host_kernel(**kernel).run(0, buffers, {unit, unit + 1}, {0, 1}));
  Tensor got = *Tensor::allocate(DataType::kF32, layout.dims);
  cpu::Move::make(layout.dims, contiguous_strides(layout.dims), strides_of(layout), 4)
      ->run(got.data(), reinterpret_cast<const std::byte*>(out.data()), 0, 1 << 30);
  const auto a = got.span<float>();
  const auto b = (*want)[0].span<float>();
  for (std::size_t i = 0; i < b.size(); ++i) ASSERT_EQ(a[i], b[i]) << problem.key() << " element " << i;
}

TEST(CopyTactic, ReformatsBetweenOrdersForEveryElementSize) {
  for (const DataType type : {DataType::kU8, DataType::kF16, DataType::kF32, DataType::kI64}) {
    for (const std::int64_t channels : {1, 3, 4, 7, 8, 16, 33}) {
      for (const Dims& size : {Dims{1, 1}, Dims{5, 7}, Dims{9, 64}, Dims{40, 41}}) {
        const Dims dims = {2, channels, size[0], size[1]};
        expect_tactic({.op = Op(Identity{}), .inputs = {rows(dims, type)}, .outputs = {last({})}}, kCopy);
        expect_tactic({.op = Op(Identity{}), .inputs = {last(dims, type)}, .outputs = {rows({})}}, kCopy);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(CopyTactic, TransposesOfAnyRank) {
  expect_tactic({.op = Op(Transpose{}), .inputs = {rows({130, 257})}}, kCopy);
  expect_tactic({.op = Op(Transpose{{0, 2, 1, 3}}), .inputs = {rows({2, 12, 30, 64})}}, kCopy);
  expect_tactic({.op = Op(Transpose{{3, 1, 0, 2}}), .inputs = {rows({5, 3, 7, 9}, DataType::kU8)}}, kCopy);
  Layout x = rows({6, 11, 5});
  x.gap = 3;
  Layout y = rows({});
  y.gap = 2;
  expect_tactic({.op = Op(Transpose{{2, 0, 1}}), .inputs = {x}, .outputs = {y}}, kCopy);
}

TEST(CopyTactic, ConcatsAndSplitsAlongAnyAxis) {
  for (const std::int64_t axis : {0, 1, 2, -1}) {
    Dims a = {3, 4, 5, 6};
    Dims b = a;
    b[static_cast<std::size_t>(axis < 0 ? axis + 4 : axis)] = 7;
    expect_tactic({.op = Op(Concat{.axis = axis}), .inputs = {rows(a), last(b), rows(a)}}, kCopy);
    expect_tactic({.op = Op(Concat{.axis = axis}), .inputs = {last(a), last(b)}, .outputs = {last({})}}, kCopy);
  }
  expect_tactic({.op = Op(Split{.axis = 1, .sizes = {1, 4, 2}}),
                 .inputs = {last({2, 7, 3, 5})},
                 .outputs = {rows({}), last({}), rows({})}},
                kCopy);
}

TEST(CopyTactic, SlicesForwardsAndBackwards) {
  const Layout x = last({2, 9, 6, 7});
  expect_copy(Op(Slice{}), x, {{1, 2}, {8, 5}, {1, 2}}, rows({}));
  expect_copy(Op(Slice{}), x, {{-1, 0}, {-100, 100}, {3, 1}, {-2, 3}}, last({}));
  expect_copy(Op(Slice{}), x, {{5}, {5}, {3}}, rows({}));
}

TEST(CopyTactic, PadsByValueEdgeAndMirror) {
  for (const PadMode mode : {PadMode::kConstant, PadMode::kEdge, PadMode::kReflect}) {
    for (const Layout& x : {rows({2, 3, 5, 6}), last({2, 3, 5, 6})}) {
      expect_copy(Op(Pad{mode}), x, {{0, 1, 2, 3, 0, 2, 4, 1}}, last({}));
      expect_copy(Op(Pad{mode}), x, {{0, 0, 2, 3, 0, 0, 4, 1}}, rows({}));
    }
  }
  expect_copy(Op(Pad{}), rows({4, 5}), {{1, -2, -1, 3}}, rows({}), kCopy, true);
  expect_copy(Op(Pad{}), rows({4, 5}), {{2, 3}, {1}}, rows({}), kCopy, true);
}

TEST(CopyTactic, ReshapesOfStridedInputs) {
  expect_copy(Op(Reshape{}), last({2, 6, 4, 5}), {{2, 3, 2, 20}}, rows({}));
  expect_copy(Op(Reshape{}), rows({2, 6, 4, 5}), {{12, 20}}, rows({}));
  Layout x = rows({4, 6});
  x.gap = 3;
  expect_copy(Op(Reshape{}), x, {{2, 2, 3, 2}}, rows({}));
}

TEST(CopyTactic, ExpandsAndTiles) {
  expect_copy(Op(Expand{}), rows({3, 1, 5}), {{2, 1, 4, 1}}, rows({}));
  expect_copy(Op(Tile{}), last({1, 3, 4, 5}), {{2, 2, 1, 3}}, rows({}));
}

TEST(CopyTactic, DepthAndSpace) {
  for (const DepthOrder mode : {DepthOrder::kDcr, DepthOrder::kCrd}) {
    expect_tactic({.op = Op(DepthToSpace{2, mode}), .inputs = {rows({2, 12, 3, 5})}}, kCopy);
    expect_tactic({.op = Op(DepthToSpace{3, mode}), .inputs = {last({1, 36, 4, 5})}, .outputs = {last({})}}, kCopy);
  }
  expect_tactic({.op = Op(SpaceToDepth{2}), .inputs = {rows({2, 3, 6, 8})}, .outputs = {last({})}}, kCopy);
}

TEST(GatherTactic, TakesSlicesByIndexFromBothEnds) {
  for (const std::int64_t axis : {0, 1, 2}) {
    for (const DataType type : {DataType::kI64, DataType::kI32}) {
      expect_tactic({.op = Op(Gather{axis}), .inputs = {rows({7, 8, 9}), rows({3, 5}, type)}}, kGather);
    }
  }
  expect_tactic({.op = Op(Gather{1}), .inputs = {last({2, 30, 5, 4}), rows({}, DataType::kI64)}}, kGather);
  expect_tactic({.op = Op(Gather{0}), .inputs = {rows({50, 300}, DataType::kF16), rows({70}, DataType::kI64)}},
                kGather);
}

TEST(GatherTactic, NamesAnIndexThatIsOutOfRange) {
  const Op op(Gather{0});
  const Tensor indices = Tensor::of<std::int64_t>(Dims{1, 9});
  Problem problem;
  problem.op = &op;
  problem.inputs = {{.dims = {4, 2}, .strides = {2, 1}}, {.dtype = DataType::kI64, .dims = {2}, .strides = {1}}};
  problem.outputs = {{.dims = {2, 2}, .strides = {2, 1}}};
  const CpuBackend backend;
  const auto kernel = backend.find_tactic(kGather)->bind(problem, backend.target());
  ASSERT_TRUE(kernel);
  const std::vector<float> x(8, 1);
  std::vector<float> y(4);
  const std::array<const void*, 2> inputs = {x.data(), indices.data()};
  void* outputs = y.data();
  KernelBuffers buffers;
  buffers.inputs = inputs.data();
  buffers.outputs = &outputs;
  const Status status = host_kernel(**kernel).run(0, buffers, {0, 2}, {0, 1});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kInvalidArgument);
  EXPECT_EQ(status.error().message, "Gather: index 9 is outside [-4,4)");
}

}  // namespace
}  // namespace bolide::test
