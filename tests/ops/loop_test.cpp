#include "ops/loop.h"

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

}  // namespace
}  // namespace bolide::testing
