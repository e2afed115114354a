#include "ops/recurrent.h"

#include "backend/cpu/tactic_harness.h"
#include "ops/shape.h"

namespace bolide::test {
namespace {

constexpr std::string_view kTactic = "cpu.recurrent.f32";

Layout normal(Dims dims, bool constant = false) {
  return {.dims = std::move(dims), .constant = constant, .fill = Fill::kNormal};
}

struct Sizes {
  std::int64_t sequence = 1, batch = 1, input = 1, hidden = 1;
  bool bias = true, states = true;
};

/// States and results are bounded by 1, so errors are absolute.
Case layer(const Op& op, std::int64_t gates, const Sizes& n, std::int64_t directions = 1, bool batch_first = false) {
  const std::int64_t width = gates * n.hidden;
  Layout state = normal(batch_first ? Dims{n.batch, directions, n.hidden} : Dims{directions, n.batch, n.hidden});
  Layout bias = normal({directions, 2 * width}, true);
  bias.absent = !n.bias;
  state.absent = !n.states;
  Case test{.op = op, .absolute = 4e-5};
  test.inputs = {normal(batch_first ? Dims{n.batch, n.sequence, n.input} : Dims{n.sequence, n.batch, n.input}),
                 normal({directions, width, n.input}, true),
                 normal({directions, width, n.hidden}, true),
                 bias,
                 {.absent = true},
                 state};
  test.outputs.resize(2);
  if (gates == 4) {
    test.inputs.push_back(state);
    test.outputs.resize(3);
  }
  return test;
}

TEST(RecurrentTactic, SizesAroundTilesAndVectors) {
  for (const std::int64_t batch : {1, 3, 14, 30}) {
    for (const std::int64_t hidden : {1, 5, 16, 20}) {
      const Sizes n{.sequence = 3, .batch = batch, .input = 6, .hidden = hidden};
      expect_tactic(layer(Op(LSTM{}), 4, n), kTactic);
      expect_tactic(layer(Op(GRU{}), 3, n), kTactic);
      expect_tactic(layer(Op(GRU{.linear_before_reset = true}), 3, n), kTactic);
      expect_tactic(layer(Op(RNN{}), 1, n), kTactic);
      if (HasFailure()) return;
    }
  }
}

TEST(RecurrentTactic, RowsOfTheBatchAreSharedByThreads) {
  for (const std::int64_t batch : {1, 2, 8, 9, 70}) {
    for (Case test : {layer(Op(LSTM{}), 4, {.sequence = 4, .batch = batch, .input = 6, .hidden = 20}),
                      layer(Op(GRU{}), 3, {.sequence = 4, .batch = batch, .input = 6, .hidden = 20})}) {
      test.threads = 4;
      expect_tactic(test, kTactic);
    }
  }
}

TEST(RecurrentTactic, DirectionsAndBatchFirst) {
  const Sizes n{.sequence = 5, .batch = 3, .input = 7, .hidden = 9};
  for (const RecurrentDirection way : {RecurrentDirection::kReverse, RecurrentDirection::kBidirectional}) {
    const std::int64_t directions = way == RecurrentDirection::kBidirectional ? 2 : 1;
    for (const std::int64_t layout : {0, 1}) {
      expect_tactic(layer(Op(LSTM{.direction = way, .layout = layout}), 4, n, directions, layout == 1), kTactic);
      expect_tactic(layer(Op(GRU{.direction = way, .layout = layout}), 3, n, directions, layout == 1), kTactic);
      expect_tactic(layer(Op(RNN{.direction = way, .layout = layout}), 1, n, directions, layout == 1), kTactic);
    }
  }
}

TEST(RecurrentTactic, WithoutBiasStatesOrLastResults) {
  for (const bool bias : {false, true}) {
    const Sizes n{.sequence = 4, .batch = 2, .input = 3, .hidden = 8, .bias = bias, .states = false};
    for (Case test : {layer(Op(LSTM{}), 4, n), layer(Op(GRU{.linear_before_reset = true}), 3, n)}) {
      expect_tactic(test, kTactic);
      test.outputs.resize(1);
      test.outputs[0].gap = 3;
      test.inputs[0].gap = 5;
      expect_tactic(test, kTactic);
    }
  }
}

TEST(RecurrentTactic, DeclinesOtherActivations) {
  const Case test = layer(Op(RNN{.activations = {"Relu"}}), 1, {.sequence = 2, .batch = 2, .input = 3, .hidden = 4});
  for (const std::string& name : run_case(test)) EXPECT_NE(name, kTactic);
}

TEST(SizesTactic, GivesTheSizesOfTheInput) {
  for (const auto& [start, end] :
       std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 9}, {1, 3}, {-2, -1}, {3, 1}}) {
    expect_tactic({.op = Op(ShapeOf{.start = start, .end = end}), .inputs = {normal({2, 3, 4, 5})}}, "cpu.sizes");
  }
  expect_tactic({.op = Op(Size{}), .inputs = {normal({2, 3, 4})}}, "cpu.sizes");
}

}  // namespace
}  // namespace bolide::test
