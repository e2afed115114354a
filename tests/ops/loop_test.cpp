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
  EXPECT_EQ(error(run_loop(nullptr, &no, 2)),
            "Loop: no iteration ran, so that the sizes of its scanned results are not known");
}

}  // namespace
}  // namespace bolide::testing
