#include "ops/loop.h"

#include "base/time_limit.h"
#include "run_op.h"

namespace bolide::testing {
namespace {

using Numbers = std::vector<double>;

// The body doubles its carried value, scans it, and goes on below 10.
Result<Tensors> run_loop(const Tensor* trips, const Tensor* cond, int outputs = 2) {
  EvalContext context;
  context.output_count = outputs;
  context.run_subgraph = [](int, std::span<const Tensor> inputs) -> Result<Tensors> {
    const float value = inputs[2].span<float>()[0] * 2;
    return Tensors{Tensor::scalar(value < 10), Tensor::scalar(value), Tensor::scalar(value)};
  };
  const Tensor start = Tensor::scalar(1.0F);
  const Tensor* inputs[] = {trips, cond, &start};
  return Op(Loop{.carried = 1}).evaluate(inputs, context);
}

TEST(Loop, StopsAfterItsTrips) {
  const Tensor trips = Tensor::scalar<std::int64_t>(2);
  const auto y = run_loop(&trips, nullptr);
  EXPECT_EQ(numbers(y), (Numbers{4}));
  EXPECT_EQ(numbers(y, 1), (Numbers{2, 4}));
}

TEST(Loop, StopsWhenTheConditionFails) {
  const Tensor yes = Tensor::scalar(true);
  EXPECT_EQ(numbers(run_loop(nullptr, &yes), 1), (Numbers{2, 4, 8, 16}));
}

TEST(Loop, WithoutIterationsTheStartRemains) {
  const Tensor no = Tensor::scalar(false);
  EXPECT_EQ(numbers(run_loop(nullptr, &no, 1)), (Numbers{1}));
}

TEST(Loop, WithoutIterationsNothingIsScanned) {
  EvalContext context;
  context.output_count = 2;
  context.run_subgraph = [](int, std::span<const Tensor>) -> Result<Tensors> { return internal_error("not run"); };
  context.subgraph_types = [](int) -> Result<TensorTypes> {
    return TensorTypes{{DataType::kBool, {}}, {DataType::kF32, {}}, {DataType::kI32, {Dim("n"), Dim(3)}}};
  };
  const Tensor start = Tensor::scalar(1.0F);
  const Tensor no = Tensor::scalar(false);
  const Tensor* inputs[] = {nullptr, &no, &start};
  const auto y = Op(Loop{.carried = 1}).evaluate(inputs, context);
  ASSERT_TRUE(y);
  EXPECT_EQ((*y)[1].dtype(), DataType::kI32);
  EXPECT_EQ((*y)[1].dims(), (Dims{0, 0, 3}));
}

/// A body that carries nothing, scans one byte and goes on.
Result<Tensors> run_endless_loop(EvalContext context, const std::function<void(std::int64_t)>& in_iteration) {
  context.output_count = 1;
  context.run_subgraph = [&in_iteration](int, std::span<const Tensor> inputs) -> Result<Tensors> {
    in_iteration(inputs[0].span<std::int64_t>()[0]);
    return Tensors{Tensor::scalar(true), Tensor::scalar<std::uint8_t>(1)};
  };
  const Tensor* inputs[] = {nullptr, nullptr};
  return Op(Loop{}).evaluate(inputs, context);
}

TEST(Loop, WithoutEndIsEndedByTheTimeLimitAroundIt) {
  const TimeLimit limit(0.01);
  const auto y = run_endless_loop({}, [](std::int64_t) {});
  ASSERT_FALSE(y);
  EXPECT_EQ(y.error().code, Code::kCancelled);
  EXPECT_EQ(y.error().message, "the time limit of 0.01 s is over");
}

TEST(Loop, WithoutEndIsEndedFromOutside) {
  std::atomic<bool> cancelled = false;
  const TimeLimit limit(0, &cancelled);
  std::int64_t last = 0;
  const auto y = run_endless_loop({}, [&](std::int64_t i) {
    last = i;
    cancelled = i == 5;
  });
  ASSERT_FALSE(y);
  EXPECT_EQ(y.error().code, Code::kCancelled);
  EXPECT_EQ(last, 5);
}

TEST(Loop, MayNotStackMoreThanTheMemoryItIsAllowed) {
  EvalContext context;
  context.max_bytes = 100 * 129;
  const auto y = run_endless_loop(context, [](std::int64_t) {});
  ASSERT_FALSE(y);
  EXPECT_EQ(y.error().code, Code::kOutOfMemory);
  EXPECT_EQ(y.error().message, "Loop: the scanned values of 101 iterations need more than 12900 bytes");
}

}  // namespace
}  // namespace bolide::testing
