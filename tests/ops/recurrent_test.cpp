#include "ops/recurrent.h"

#include "ops/lrn.h"
#include "run_op.h"

#include <cmath>

namespace bolide::testing {
namespace {

using Numbers = std::vector<double>;

// "Affine" with its defaults is the identity, which leaves sums that can be done by hand.

TEST(RNN, AddsTheStateAtEveryStep) {
  const auto y =
      run(RNN{.activations = {"Affine"}}, {make({3, 1, 1}, {1, 2, 3}), make({1, 1, 1}, {1}), make({1, 1, 1}, {10})}, 2);
  EXPECT_EQ(dims(y), (Dims{3, 1, 1, 1}));
  EXPECT_EQ(numbers(y), (Numbers{1, 12, 123}));
  EXPECT_EQ(numbers(y, 1), (Numbers{123}));
}

TEST(RNN, BothDirectionsRespectTheLengths) {
  const RNN op{.direction = RecurrentDirection::kBidirectional, .activations = {"Affine", "Affine"}};
  const auto y = run(op,
                     {make({3, 1, 1}, {1, 2, 3}), make({2, 1, 1}, {1, 1}), make({2, 1, 1}, {10, 10}), Tensor(),
                      make<std::int32_t>({1}, {2})},
                     2, {3});
  EXPECT_EQ(numbers(y), (Numbers{1, 21, 12, 2, 0, 0}));
  EXPECT_EQ(numbers(y, 1), (Numbers{12, 21}));
}

TEST(RNN, LayoutOnePutsTheBatchFirst) {
  const auto y = run(RNN{.activations = {"Affine"}, .layout = 1},
                     {make({2, 2, 1}, {1, 2, 3, 4}), make({1, 1, 1}, {1}), make({1, 1, 1}, {10}),
                      make({1, 2}, {100, 0}), Tensor(), make({2, 1, 1}, {0, 1})},
                     2, {4});
  EXPECT_EQ(dims(y), (Dims{2, 2, 1, 1}));
  EXPECT_EQ(numbers(y), (Numbers{101, 1112, 113, 1234}));
  EXPECT_EQ(numbers(y, 1), (Numbers{1112, 1234}));
}

TEST(RNN, ClipsWhatEntersTheActivation) {
  const auto y = run(RNN{.activations = {"Affine"}, .activation_alpha = {2}, .activation_beta = {1}, .clip = 3},
                     {make({1, 1, 1}, {50}), make({1, 1, 1}, {1}), make({1, 1, 1}, {0})});
  EXPECT_EQ(numbers(y), (Numbers{7}));
}

TEST(GRU, ResetsBeforeOrAfterTheProduct) {
  const std::vector<std::string> linear = {"Affine", "Affine"};
  const std::vector<Tensor> inputs = {make({1, 1, 1}, {2}),
                                      make({1, 3, 1}, {1, 1, 1}),
                                      make({1, 3, 1}, {0, 0, 1}),
                                      make({1, 6}, {0, 0, 0, 0, 0, 1}),
                                      Tensor(),
                                      make({1, 1, 1}, {3})};
  // z = r = 2; before: h~ = 2 + 2 * 3 + 1 = 9, after: 2 + 2 * (3 + 1) = 10; y = (1 - z) h~ + z * 3
  EXPECT_EQ(numbers(run(GRU{.activations = linear}, inputs, 1, {4})), (Numbers{-3}));
  EXPECT_EQ(numbers(run(GRU{.activations = linear, .linear_before_reset = true}, inputs, 1, {4})), (Numbers{-4}));
}

TEST(LSTM, KeepsAMemory) {
  const LSTM op{.activations = {"Affine", "Affine", "Affine"}};
  const auto y = run(op, {make({2, 1, 1}, {2, 1}), make({1, 4, 1}, {1, 1, 1, 1}), make({1, 4, 1}, {0, 0, 0, 0})}, 3);
  EXPECT_EQ(numbers(y), (Numbers{8, 5}));  // c = 2 * 2, then 1 * 4 + 1 * 1
  EXPECT_EQ(numbers(y, 1), (Numbers{5}));
  EXPECT_EQ(numbers(y, 2), (Numbers{5}));
}

TEST(LSTM, ClipsGatesAndNotItsMemory) {
  const LSTM op{.activations = {"Affine", "Affine", "Affine"}, .clip = 3};
  const auto y = run(op, {make({2, 1, 1}, {5, 5}), make({1, 4, 1}, {1, 1, 1, 1}), make({1, 4, 1}, {0, 0, 0, 0})}, 3);
  EXPECT_EQ(numbers(y), (Numbers{27, 108}));  // c = 3 * 3, then 3 * 9 + 3 * 3
  EXPECT_EQ(numbers(y, 2), (Numbers{36}));
}

TEST(LSTM, PeepholesAndCoupledForgetting) {
  const LSTM op{.activations = {"Affine", "Affine", "Affine"}};
  const std::vector<Tensor> inputs = {
      make({1, 1, 1}, {2}), make({1, 4, 1}, {1, 1, 1, 1}), make({1, 4, 1}, {0, 0, 0, 0}), Tensor(), Tensor(), Tensor(),
      make({1, 1, 1}, {1}), make({1, 3}, {1, 10, 100})};
  // i = 2 + 1, f = 2 + 100, c = 102 + 3 * 2 = 108, o = 2 + 10 * 108
  EXPECT_EQ(numbers(run(op, inputs, 1, {3, 4, 5})), (Numbers{1082.0 * 108}));
  LSTM coupled = op;
  coupled.input_forget = true;  // f = 1 - 3: c = -2 + 6 = 4, o = 42
  EXPECT_EQ(numbers(run(coupled, inputs, 1, {3, 4, 5})), (Numbers{42.0 * 4}));
}

TEST(LSTM, DefaultActivations) {
  const auto y = run(LSTM{}, {make({1, 1, 1}, {1}), make({1, 4, 1}, {1, 1, 1, 1}), make({1, 4, 1}, {0, 0, 0, 0})});
  const double s = 1 / (1 + std::exp(-1.0));
  expect_near(numbers(y), {s * std::tanh(s * std::tanh(1.0))});
}

TEST(LSTM, InfersNamedSizesAndExplains) {
  EXPECT_EQ(infer(LSTM{}, {"f32[seq,batch,16]", "f32[1,128,16]", "f32[1,128,32]"}, 3),
            "f32[seq,1,batch,32] f32[1,batch,32] f32[1,batch,32]");
  EXPECT_EQ(infer(LSTM{}, {"f32[seq,batch,16]", "f32[1,96,16]", "f32[1,128,32]"}), "LSTM: w dim 1 is 96, expected 128");
  EXPECT_EQ(infer(LSTM{.activations = {"Tanh"}}, {"f32[s,b,16]", "f32[1,128,16]", "f32[1,128,32]"}),
            "LSTM: 1 activations, expected 3");
  EXPECT_EQ(infer(RNN{.activations = {"Swish"}}, {"f32[s,b,1]", "f32[1,1,1]", "f32[1,1,1]"}),
            "RNN: there is no recurrent activation 'Swish'");
  EXPECT_EQ(error(run(RNN{},
                      {make({1, 1, 1}, {1}), make({1, 1, 1}, {1}), make({1, 1, 1}, {1}), Tensor(),
                       make<std::int32_t>({1}, {2})},
                      1, {3})),
            "RNN: a length is 2, the sequence has 1");
}

TEST(LRN, DividesByNeighbouringChannels) {
  const auto y = run(LRN{.size = 3, .alpha = 3, .beta = 1, .bias = 1}, {make({1, 3, 1}, {1, 2, 3})});
  expect_near(numbers(y), {1.0 / 6, 2.0 / 15, 3.0 / 14});
}

TEST(LRN, EvenSizesReachFurtherUp) {
  const auto y = run(LRN{.size = 2, .alpha = 2, .beta = 1, .bias = 0}, {make({1, 2, 1}, {1, 2})});
  expect_near(numbers(y), {1.0 / 5, 2.0 / 4});
}

TEST(LpNormalization, ScalesLinesToUnitNorm) {
  expect_near(numbers(run(LpNormalization{}, {make({2, 2}, {3, 4, 0, 0})})), {0.6, 0.8, 0, 0});
  expect_near(numbers(run(LpNormalization{.axis = 0, .p = 1}, {make({2, 1}, {-1, 3})})), {-0.25, 0.75});
}

}  // namespace
}  // namespace bolide::testing
