// A steady state allocates nothing, counted at malloc and mmap on all threads, through the library that is shipped.
#include "api/support.h"
#include "runtime/allocations.h"

namespace bolide {
namespace {

/// Allocations of 20 runs after two to warm up.
std::int64_t allocations_of(const Engine& engine, const HostTensor& input) {
  ExecutionContext context = *engine.make_context();
  EXPECT_TRUE(context.set_input(engine.inputs()[0].name, input));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(context.run());
  const std::int64_t before = testing::allocations();
  bool ran = true;
  for (int i = 0; i < 20; ++i) ran = static_cast<bool>(context.run()) && ran;
  const std::int64_t after = testing::allocations();
  EXPECT_TRUE(ran);
  return after - before;
}

TEST(SteadyState, TheCounterSeesWhatTheLibraryAllocates) {
  const std::int64_t before = testing::allocations();
  const auto tensor = HostTensor::make(DataType::kF32, {1 << 20});
  ASSERT_TRUE(tensor);
  EXPECT_GT(testing::allocations(), before);
}

TEST(SteadyState, RunsOfTheDigitsNetworkAllocateNothing) {
  for (const int threads : {1, 4}) {
    const auto engine = compile(BOLIDE_SOURCE "/models/digits/digits.onnx", testing::quick(threads));
    ASSERT_TRUE(engine) << engine.error().message;
    EXPECT_EQ(allocations_of(*engine, testing::wave({8, 1, 28, 28}, 0, 1)), 0) << threads << " threads";
  }
}

TEST(SteadyState, RunsOfAResidualNetworkAllocateNothing) {
  for (const int threads : {1, 4}) {
    const auto engine = Builder().build(testing::residual_network(), testing::quick(threads));
    ASSERT_TRUE(engine) << engine.error().message;
    EXPECT_EQ(allocations_of(*engine, testing::wave({4, 3, 32, 32}, 0, 1)), 0) << threads << " threads";
  }
}

TEST(SteadyState, NewAddressesOfEqualSizesAllocateNothing) {
  const auto engine = Builder().build(testing::residual_network(), testing::quick());
  ASSERT_TRUE(engine);
  ExecutionContext context = *engine->make_context();
  const HostTensor first = testing::wave({2, 3, 32, 32}, 0, 1);
  const HostTensor second = testing::wave({2, 3, 32, 32}, 1, 1);
  const Dims dims = {2, 3, 32, 32};
  ASSERT_TRUE(context.set_input("image", DataType::kF32, dims, first.data()));
  ASSERT_TRUE(context.run());
  const std::int64_t before = testing::allocations();
  for (const HostTensor* image : {&second, &first, &second}) {
    ASSERT_TRUE(context.set_input("image", DataType::kF32, dims, image->data()));
    ASSERT_TRUE(context.run());
  }
  EXPECT_EQ(testing::allocations() - before, 0);
}

}  // namespace
}  // namespace bolide
