#include "ops/attention.h"

#include "ops/fused_elementwise.h"
#include "ops/if.h"
#include "run_op.h"

#include <cmath>

namespace bolide::testing {
namespace {

using Numbers = std::vector<double>;

TEST(Attention, WeighsTheValuesByTheScores) {
  const double e = std::exp(2.0);
  const auto y = run(Attention{.scale = 2},
                     {make({1, 1, 1, 1}, {1}), make({1, 1, 2, 1}, {0, 1}), make({1, 1, 2, 2}, {1, 10, 3, 30})});
  EXPECT_EQ(dims(y), (Dims{1, 1, 1, 2}));
  expect_near(numbers(y), {(1 + 3 * e) / (1 + e), (10 + 30 * e) / (1 + e)}, 1e-5);
}

TEST(Attention, CausalHidesTheFuture) {
  const auto y = run(Attention{.causal = true},
                     {make({1, 1, 2, 1}, {0, 0}), make({1, 1, 2, 1}, {0, 0}), make({1, 1, 2, 1}, {2, 4})});
  expect_near(numbers(y), {2, 3});
}

TEST(Attention, MaskBroadcastsOverBatchAndHeads) {
  const auto y = run(Attention{}, {counting({2, 1, 1, 1}), make({2, 1, 2, 1}, {0, 0, 0, 0}),
                                   make({2, 1, 2, 1}, {1, 2, 3, 4}), make({1, 2}, {-INFINITY, 0})});
  expect_near(numbers(y), {2, 4});
}

TEST(Attention, InfersAndExplains) {
  EXPECT_EQ(infer(Attention{}, {"f32[b,8,s,64]", "f32[b,8,t,64]", "f32[b,8,t,32]"}), "f32[b,8,s,32]");
  EXPECT_EQ(infer(Attention{}, {"f32[1,8,2,64]", "f32[1,8,2,32]", "f32[1,8,2,32]"}),
            "Attention: size of k is 32, expected 64");
}

TEST(Elementwise, LoadsAnyNumbersAndStoresSaturated) {
  Expr expr(2);
  expr.push(Fn::kMul, Expr::in(0), Expr::in(1));
  const Elementwise op{.expr = expr, .out = DataType::kI8};
  const auto y = run(op, {make<std::int32_t>({3}, {1, 5, 1000}), make({}, {0.5F})});
  EXPECT_EQ(numbers(y), (Numbers{0, 2, 127}));
  EXPECT_FALSE(op.expression());
  EXPECT_EQ(infer(op, {"u8[n,1]", "f32[4]"}), "i8[n,4]");
  EXPECT_EQ(infer(op, {"u8[n,1]"}), "Elementwise: the expression reads 2 inputs, got 1");
}

TEST(If, RunsTheBranchThatTheConditionNames) {
  EvalContext context;
  context.run_subgraph = [](int index, std::span<const Tensor> inputs) -> Result<Tensors> {
    return Tensors{index == 0 ? inputs[0] : Tensor::scalar(-1.0F)};
  };
  const Tensor x = Tensor::scalar(5.0F);
  for (const bool cond : {true, false}) {
    const Tensor condition = Tensor::scalar(cond);
    const Tensor* inputs[] = {&condition, &x};
    EXPECT_EQ(numbers(Op(If{}).evaluate(inputs, context)), (Numbers{cond ? 5.0 : -1.0}));
  }
}

TEST(If, UnifiesTheBranches) {
  const TensorType cond = type_of("bool[]");
  const TensorType captured = type_of("i8[n]");
  const std::vector<InferContext::Input> inputs = {{&cond, nullptr, nullptr}, {&captured, nullptr, nullptr}};
  InferContext context(inputs);
  std::string other = "f32[n,4]";
  context.subgraph_types = [&](int index) -> Result<TensorTypes> {
    return TensorTypes{type_of(index == 0 ? "f32[n,3]" : other)};
  };
  EXPECT_EQ(text((*Op(If{}).infer(context))[0]), "f32[n,if]");
  other = "i32[n,3]";
  EXPECT_EQ(Op(If{}).infer(context).error().message,
            "If: result 0 is f32[n,3] in one branch and i32[n,3] in the other");
}

TEST(If, SizesThatABranchMakesUpAreNotThoseOfTheOther) {
  const TensorType cond = type_of("bool[]");
  const std::vector<InferContext::Input> inputs = {{&cond, nullptr, nullptr}};
  InferContext context(inputs);
  int made = 0;
  context.fresh_dim = [&made](std::string_view hint) { return Dim(strings::join(hint, "_", ++made)); };
  context.subgraph_types = [](int) -> Result<TensorTypes> { return TensorTypes{type_of("i64[2,nonzero_1]")}; };
  EXPECT_EQ(text((*Op(If{}).infer(context))[0]), "i64[2,if_3]");
}

}  // namespace
}  // namespace bolide::testing
