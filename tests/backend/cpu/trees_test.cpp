#include "backend/cpu/trees/tactics.h"

#include <gtest/gtest.h>

#include <limits>

#include "ops/tree_ensemble.h"

namespace bolide {
namespace {

Tensor longs(Dims dims, std::vector<std::int64_t> values) { return Tensor::of<std::int64_t>(values, std::move(dims)); }
Tensor floats(Dims dims, std::vector<float> values) { return Tensor::of<float>(values, std::move(dims)); }

/// x0 `mode` 0.5 (NaN: `nan`) ? leaf 0 : (x1 > 2 ? leaf 1 : leaf 2), and leaf 2 alone as a second tree.
Tensors forest(const Tensor& x, TreeMode mode, bool nan) {
  return {x,
          longs({2, 5}, {0, static_cast<std::int64_t>(mode), nan ? 1 : 0, -1, 1, 1, 3, 0, -2, -3}),
          floats({2}, {0.5, 2}),
          longs({2}, {0, -3}),
          longs({4}, {0, 1, 3, 4}),
          longs({4}, {0, 0, 1, 0}),
          floats({4}, {10, 20, 5, 30}),
          floats({2}, {1, -1})};
}

Problem problem_of(const Op& op, const Tensors& inputs, const Dims& y) {
  Problem out{.op = &op};
  for (const Tensor& input : inputs) {
    out.inputs.push_back({input.dtype(), input.dims(), contiguous_strides(input.dims()), &input});
  }
  out.inputs[0].constant = nullptr;
  out.outputs.push_back({DataType::kF32, y, contiguous_strides(y)});
  return out;
}

TEST(TreeTactic, WalksAsTheDefinitionSays) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = floats({5, 2}, {0, 9, 1, 3, 1, 2, nan, 0, 0.5, 9});
  const Tactic& tactic = *cpu::tree_tactics()[0];
  for (const bool average : {false, true}) {
    for (const bool nan_holds : {false, true}) {
      for (int mode = 0; mode < 6; ++mode) {
        const Op op = TreeEnsemble{.targets = 2, .aggregate = average ? TreeAggregate::kAverage : TreeAggregate::kSum};
        const Tensors inputs = forest(x, static_cast<TreeMode>(mode), nan_holds);
        std::vector<const Tensor*> pointers;
        for (const Tensor& input : inputs) pointers.push_back(&input);
        EvalContext context;
        const auto want = op.evaluate(pointers, context);
        ASSERT_TRUE(want) << want.error().message;
        const Problem problem = problem_of(op, inputs, {5, 2});
        const Verdict verdict = tactic.accepts(problem, {});
        ASSERT_TRUE(verdict.accepted) << verdict.reason;
        const auto kernel = tactic.bind(problem, {});
        ASSERT_TRUE(kernel) << kernel.error().message;
        Tensor y = *Tensor::allocate(DataType::kF32, {5, 2});
        std::vector<double> scratch(8);
        const void* in[] = {x.data()};
        void* out[] = {y.data()};
        const KernelBuffers buffers{
            .inputs = in, .outputs = out, .scratch = reinterpret_cast<std::byte*>(scratch.data())};
        for (const Range rows : {Range{0, 2}, Range{2, 5}}) {
          ASSERT_TRUE(host_kernel(**kernel).run(0, buffers, rows, {0, 1}));
        }
        EXPECT_EQ(y, (*want)[0]) << "mode " << mode;
      }
    }
  }
}

TEST(TreeTactic, LeavesWrongTreesToTheReference) {
  const Tensor x = floats({1, 2}, {0, 0});
  const Op op = TreeEnsemble{.targets = 2};
  const Tactic& tactic = *cpu::tree_tactics()[0];
  Tensors circle = forest(x, TreeMode::kLess, false);
  circle[1] = longs({2, 5}, {0, 0, 0, 1, 1, 1, 0, 0, 0, 0});
  EXPECT_EQ(tactic.accepts(problem_of(op, circle, {1, 2}), {}).reason, "nodes that lead in a circle");
  Tensors outside = forest(x, TreeMode::kLess, false);
  outside[1] = longs({2, 5}, {9, 0, 0, -1, 1, 1, 3, 0, -2, -3});
  EXPECT_EQ(tactic.accepts(problem_of(op, outside, {1, 2}), {}).reason, "node 0 has another form");
}

}  // namespace
}  // namespace bolide
