#include "ops/attention.h"

#include "backend/cpu/tactic_harness.h"

namespace bolide::test {
namespace {

constexpr std::string_view kTactic = "cpu.attention.f32";
constexpr double kClose = 4e-6;  // |values| stay below 5

Layout normal(Dims dims) { return {.dims = std::move(dims), .fill = Fill::kNormal}; }

/// q [b, h, s, d], k [b, h, t, d], v [b, h, t, e].
struct Sizes {
  std::int64_t b = 1, h = 1, s = 1, t = 1, d = 1, e = 1;
};
Case attention(const Sizes& n, Attention op = {.scale = 0.5F}) {
  return {.op = Op(op),
          .inputs = {normal({n.b, n.h, n.s, n.d}), normal({n.b, n.h, n.t, n.d}), normal({n.b, n.h, n.t, n.e})},
          .absolute = kClose};
}

TEST(AttentionTactic, SizesAroundTilesAndVectors) {
  for (const std::int64_t s : {1, 5, 14, 29}) {
    for (const std::int64_t t : {1, 7, 16, 33, 70}) {
      for (const std::int64_t size : {1, 8, 17, 40}) {
        expect_tactic(attention({.b = 1, .h = 2, .s = s, .t = t, .d = size, .e = 41 - size}), kTactic);
        if (HasFailure()) return;
      }
    }
  }
}

TEST(AttentionTactic, FewQueriesReadKeysAsTheyLie) {
  constexpr std::string_view kFew = "cpu.attention.few_queries";
  for (const std::int64_t s : {1, 3, 8}) {
    for (const std::int64_t t : {1, 6, 300}) {
      for (const std::int64_t size : {1, 17, 64}) {
        Case test = attention({.b = 2, .h = 2, .s = s, .t = t, .d = size, .e = 66 - size});
        test.inputs[1].gap = 3;
        test.inputs.push_back(normal({2, 1, 1, t}));
        expect_tactic(test, kFew);
        test.op = Op(Attention{.scale = 0.5F, .causal = true});
        test.inputs[3] = {.absent = true};
        expect_tactic(test, kFew);
        if (HasFailure()) return;
      }
    }
  }
  Case test = attention({.b = 2, .h = 3, .s = 4, .t = 21, .d = 8, .e = 80});
  test.inputs.push_back({.dims = {2, 3, 4, 21}, .order = Order::kChannelsLast, .fill = Fill::kNormal});
  expect_tactic(test, kFew);
}

TEST(AttentionTactic, BatchesAndHeadsOfOneTransformerLayer) {
  Case test = attention({.b = 2, .h = 3, .s = 197, .t = 197, .d = 64, .e = 64}, {.scale = 0.125F});
  for (const int threads : {1, 4, 64}) {
    test.threads = threads;
    expect_tactic(test, kTactic);
  }
}

TEST(AttentionTactic, LongKeysTakeFewQueriesAtATime) {
  expect_tactic(attention({.b = 1, .h = 1, .s = 40, .t = 9001, .d = 4, .e = 5}), kTactic);
}

TEST(AttentionTactic, CausalWithFewerEqualAndMoreKeysThanQueries) {
  for (const std::int64_t t : {3, 37, 64}) {
    expect_tactic(attention({.b = 2, .h = 2, .s = 37, .t = t, .d = 16, .e = 8}, {.scale = 0.5F, .causal = true}),
                  kTactic);
  }
}

TEST(AttentionTactic, MasksOfEveryBroadcastForm) {
  for (const Dims& mask : {Dims{2, 3, 9, 21}, Dims{2, 1, 1, 21}, Dims{9, 21}, Dims{21}, Dims{2, 3, 9, 1}, Dims{1}}) {
    Case test = attention({.b = 2, .h = 3, .s = 9, .t = 21, .d = 8, .e = 8});
    test.inputs.push_back(normal(mask));
    expect_tactic(test, kTactic);
    test.op = Op(Attention{.scale = 0.5F, .causal = true});
    expect_tactic(test, kTactic);
    if (HasFailure()) return;
  }
  Case test = attention({.b = 2, .h = 3, .s = 9, .t = 21, .d = 8, .e = 8});
  test.inputs.push_back({.dims = {2, 3, 9, 21}, .order = Order::kChannelsLast, .fill = Fill::kNormal});
  expect_tactic(test, kTactic);
  test.inputs[3] = {.dims = {2, 3, 9, 21}, .repeated = {0, 2}, .fill = Fill::kNormal};
  expect_tactic(test, kTactic);
  test.inputs[3] = {.absent = true};
  expect_tactic(test, kTactic);
}

TEST(AttentionTactic, StridedOperands) {
  for (int strided = 0; strided < 3; ++strided) {
    Case test = attention({.b = 2, .h = 5, .s = 19, .t = 23, .d = 12, .e = 10});
    Layout& input = test.inputs[static_cast<std::size_t>(strided)];
    input.order = Order::kChannelsLast;  // heads innermost: no rows are contiguous
    input.gap = 3;
    input.offset = 7;
    expect_tactic(test, kTactic);
    input.order = Order::kRowMajor;
    expect_tactic(test, kTactic);
    input.repeated = {0, 1};
    expect_tactic(test, kTactic);
  }
  Case test = attention({.b = 2, .h = 5, .s = 19, .t = 23, .d = 12, .e = 10});
  test.outputs = {{.gap = 6}};
  expect_tactic(test, kTactic);
}

TEST(AttentionTactic, DeclinesScatteredResultsAndOtherTypes) {
  Case test = attention({.b = 1, .h = 2, .s = 3, .t = 4, .d = 5, .e = 6});
  test.outputs = {{.order = Order::kChannelsLast}};
  for (const std::string& name : run_case(test)) EXPECT_NE(name, kTactic);
  test.outputs.clear();
  for (Layout& input : test.inputs) input.dtype = DataType::kF16;
  for (const std::string& name : run_case(test)) EXPECT_NE(name, kTactic);
}

}  // namespace
}  // namespace bolide::test
