#include "backend/cpu/tactic_harness.h"
#include "ops/layer_normalization.h"
#include "ops/normalization.h"
#include "ops/reduce.h"
#include "ops/softmax.h"

namespace bolide::test {
namespace {

constexpr std::string_view kSoftmax = "cpu.softmax.f32";
constexpr std::string_view kLayerNorm = "cpu.layer_norm.f32";
constexpr std::string_view kChannelNorm = "cpu.channel_norm.f32";
constexpr std::string_view kReduce = "cpu.reduce.f32";

Layout rows(Dims dims) { return {.dims = std::move(dims), .fill = Fill::kNormal}; }
Layout image(Dims dims) { return {.dims = std::move(dims), .order = Order::kChannelsLast, .fill = Fill::kNormal}; }

TEST(SoftmaxTactic, RowsOfEveryLengthAroundTheVector) {
  for (const std::int64_t n : {1, 2, 4, 7, 8, 15, 16, 17, 33, 1000, 5000}) {
    expect_tactic({.op = Op(Softmax{}), .inputs = {rows({3, n})}, .rounding = 32}, kSoftmax);
    if (HasFailure()) return;
  }
}

TEST(SoftmaxTactic, AnyAxisOfAnyOrder) {
  for (const std::int64_t axis : {0, 1, 2, 3}) {
    expect_tactic({.op = Op(Softmax{.axis = axis}), .inputs = {rows({3, 4, 5, 21})}, .rounding = 32}, kSoftmax);
    expect_tactic(
        {.op = Op(Softmax{.axis = axis}), .inputs = {image({3, 37, 5, 6})}, .outputs = {image({})}, .rounding = 32},
        kSoftmax);
  }
  Layout x = rows({4, 3, 19});
  x.gap = 2;
  Layout y;
  y.gap = 6;
  expect_tactic({.op = Op(Softmax{}), .inputs = {x}, .outputs = {y}, .rounding = 32}, kSoftmax);
}

TEST(SoftmaxTactic, LogarithmsOfSmallIntegers) {
  for (const std::int64_t axis : {1, 2}) {
    Layout x = rows({3, 20, 21});
    x.fill = Fill::kSmallIntegers;
    expect_tactic({.op = Op(LogSoftmax{.axis = axis}), .inputs = {x}, .absolute = 1e-6}, kSoftmax);
  }
}

TEST(LayerNorm, TrailingDimsWithScaleAndBias) {
  for (const std::int64_t n : {1, 3, 8, 16, 17, 96, 768, 5000}) {
    Case test = {.op = Op(LayerNormalization{.epsilon = 1}), .inputs = {rows({2, 3, n}), rows({n}), rows({n})}};
    for (Layout& input : test.inputs) input.fill = Fill::kSmallIntegers;
    test.absolute = 1e-5;
    expect_tactic(test, kLayerNorm);
    test.inputs.pop_back();
    expect_tactic(test, kLayerNorm);
    test.op = Op(RMSNormalization{.epsilon = 1});
    expect_tactic(test, kLayerNorm);
    if (HasFailure()) return;
  }
  Case test = {.op = Op(LayerNormalization{.axis = 2}), .inputs = {rows({2, 3, 4, 5}), rows({4, 5})}, .absolute = 1e-5};
  expect_tactic(test, kLayerNorm);
}

TEST(ChannelNorm, InstancesAndGroupsInBothOrders) {
  for (const std::int64_t channels : {4, 12, 36, 64}) {
    for (const Op& op : {Op(InstanceNormalization{.epsilon = 1}), Op(GroupNormalization{.groups = 4, .epsilon = 1})}) {
      for (const bool last : {false, true}) {
        Layout x = last ? image({2, channels, 9, 11}) : rows({2, channels, 9, 11});
        x.fill = Fill::kSmallIntegers;
        x.offset = 3;
        const Layout y = last ? image({}) : rows({});
        expect_tactic(
            {.op = op, .inputs = {x, {.dims = {channels}}, {.dims = {channels}}}, .outputs = {y}, .absolute = 1e-5},
            kChannelNorm);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(ReduceTactic, EveryKindOverEveryKindOfAxis) {
  for (const ReduceKind kind : {ReduceKind::kSum, ReduceKind::kMean, ReduceKind::kMax, ReduceKind::kMin,
                                ReduceKind::kL1, ReduceKind::kL2, ReduceKind::kSumSquare}) {
    for (const std::vector<std::int64_t>& axes :
         std::vector<std::vector<std::int64_t>>{{}, {0}, {1}, {3}, {2, 3}, {1, 3}, {0, 2}, {-1, -2, -3}}) {
      for (const bool keepdims : {false, true}) {
        const Op op(Reduce{kind, axes, keepdims});
        Layout x = {.dims = {3, 37, 5, 18}};
        x.gap = 3;
        expect_tactic({.op = op, .inputs = {x}, .rounding = 8}, kReduce);
        x = {.dims = {3, 37, 5, 18}, .order = Order::kChannelsLast};
        expect_tactic({.op = op, .inputs = {x}, .rounding = 8}, kReduce);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(ReduceTactic, SumsAndMeansOfCodes) {
  for (const DataType type : {DataType::kU8, DataType::kI8}) {
    for (const std::vector<std::int64_t>& axes :
         std::vector<std::vector<std::int64_t>>{{}, {0}, {1}, {3}, {2, 3}, {1, 3}, {0, 2}}) {
      for (const ReduceKind kind : {ReduceKind::kSum, ReduceKind::kMean}) {
        const Op op(Reduce{.kind = kind, .axes = axes, .as_f32 = true});
        Layout x = {.dims = {3, 37, 5, 181}, .dtype = type, .fill = Fill::kFullRange};
        expect_tactic({.op = op, .inputs = {x}, .rounding = 1}, "cpu.reduce.codes");
        x.order = Order::kChannelsLast;
        x.gap = 3;
        expect_tactic({.op = op, .inputs = {x}, .rounding = 1}, "cpu.reduce.codes");
        if (HasFailure()) return;
      }
    }
  }
}

TEST(ReduceTactic, LogSumExpOfRuns) {
  for (const std::int64_t size : {2, 15, 64, 5000}) {
    Layout x = rows({7, size});
    x.gap = 2;
    expect_tactic({.op = Op(Reduce{ReduceKind::kLogSumExp, {1}}), .inputs = {x}, .rounding = 16}, kReduce);
  }
  expect_tactic({.op = Op(Reduce{ReduceKind::kLogSumExp, {1, 2}, true}), .inputs = {rows({3, 5, 18})}, .rounding = 16},
                kReduce);
}

TEST(ReduceTactic, LongSumsStayClose) {
  expect_tactic({.op = Op(Reduce{ReduceKind::kMean, {2, 3}}), .inputs = {image({1, 70, 112, 112})}, .rounding = 16},
                kReduce);
  expect_tactic({.op = Op(Reduce{ReduceKind::kSum, {1}}), .inputs = {rows({3, 100000})}, .rounding = 16}, kReduce);
}

}  // namespace
}  // namespace bolide::test
