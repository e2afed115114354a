#include "backend/cpu/cpu_backend.h"
#include "ops/all.h"
#include "plan/layout.h"
#include "tune/measurer.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

Operand dense(DataType dtype, Dims dims, const Tensor* constant = nullptr) {
  Dims strides = contiguous_strides(dims);
  return {.dtype = dtype, .dims = std::move(dims), .strides = std::move(strides), .constant = constant};
}

TEST(KernelMeasurer, TimesEveryTacticThatAcceptsAConvolution) {
  const CpuBackend backend(make_cpu_target(std::nullopt, 2));
  const Op op = Conv{.pads = {1, 1, 1, 1}};
  const Tensor weights = *Tensor::allocate(DataType::kF32, {8, 4, 3, 3});
  Problem problem{.op = &op, .threads = 2};
  problem.inputs = {dense(DataType::kF32, {1, 4, 12, 12}), dense(DataType::kF32, {8, 4, 3, 3}, &weights)};
  problem.outputs = {dense(DataType::kF32, {1, 8, 12, 12})};
  for (Operand* operand : {&problem.inputs[0], &problem.outputs[0]}) {
    operand->strides = dense_strides(operand->dims, channels_last(4));
  }
  for (const bool cold : {false, true}) {
    const auto measurer = make_kernel_measurer(backend.target(), cold);
    auto bench = measurer->begin(problem);
    ASSERT_TRUE(bench) << bench.error().message;
    std::size_t added = 0;
    for (const Tactic* tactic : backend.tactics(op)) {
      if (!tactic->accepts(problem, backend.target()).accepted) continue;
      const Status status = (*bench)->add(*tactic);
      ASSERT_TRUE(status) << status.error().message;
      for (int run = 0; run < 3; ++run) {
        const auto us = (*bench)->time(added);
        ASSERT_TRUE(us) << us.error().message;
        EXPECT_GT(*us, 0);
      }
      ++added;
    }
    EXPECT_GE(added, 1U);
  }
}

TEST(KernelMeasurer, LeavesOperatorsOnStringsAlone) {
  const CpuBackend backend;
  const Op op = Identity{};
  Problem problem{.op = &op};
  problem.inputs = {dense(DataType::kString, {2})};
  problem.outputs = {dense(DataType::kString, {2})};
  EXPECT_FALSE(make_kernel_measurer(backend.target(), false)->begin(problem));
}

}  // namespace
}  // namespace bolide
