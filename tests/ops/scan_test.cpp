#include "support.h"

namespace bolide {
namespace {

/// Runs Scan over a body (sum, x) -> (sum + x, sum + x) on f32 vectors.
Result<Tensors> running_sum(const Scan& scan, const std::vector<const Tensor*>& inputs, Dims element) {
  const TensorType type{DataType::kF32, to_shape(element)};
  EvalContext context{.output_count = 2};
  context.subgraph_types = [&](int) -> Result<TensorTypes> { return TensorTypes{type, type}; };
  context.run_subgraph = [](int, std::span<const Tensor> given) -> Result<Tensors> {
    TRY(Tensors sum, run(Add{}, {given[0], given[1]}));
    return Tensors{sum[0], sum[0]};
  };
  return scan.evaluate(inputs, context);
}

TEST(Scan, CarriesAStateAndStacksWhatTheBodyGives) {
  const Tensor zero = floats({2}, {0, 0});
  const Tensor x = floats({3, 2}, {1, 2, 3, 4, 5, 6});
  const auto y = running_sum(Scan{.states = 1, .scans = 1}, {&zero, &x}, {2});
  EXPECT_EQ(show(y), "f32[2]{9,12}");
  EXPECT_EQ(show(y, 1), "f32[3,2]{1,2,4,6,9,12}");
}

TEST(Scan, HasAxesAndDirections) {
  const Tensor zero = floats({2}, {0, 0});
  const Tensor x = floats({2, 3}, {1, 3, 5, 2, 4, 6});
  const Scan back{.states = 1, .scans = 1, .input_axes = {-1}, .input_directions = {1}, .output_axes = {1}};
  EXPECT_EQ(show(running_sum(back, {&zero, &x}, {2}), 1), "f32[2,3]{5,8,9,6,10,12}");
  Scan both = back;
  both.output_directions = {1};
  EXPECT_EQ(show(running_sum(both, {&zero, &x}, {2}), 1), "f32[2,3]{9,8,5,12,10,6}");
}

TEST(Scan, OfNothingGivesTheStatesBack) {
  const Tensor start = floats({2}, {7, 8});
  const Tensor none = floats({0, 2}, {});
  const auto y = running_sum(Scan{.states = 1, .scans = 1}, {&start, &none}, {2});
  EXPECT_EQ(show(y), "f32[2]{7,8}");
  EXPECT_EQ(show(y, 1), "f32[0,2]{}");
}

TEST(Scan, DoesNotRunForEmptyElementsWithoutEnd) {
  const Tensor start = floats({0}, {});
  const Tensor three = floats({3, 0}, {});
  const auto y = running_sum(Scan{.states = 1, .scans = 1}, {&start, &three}, {0});
  EXPECT_EQ(show(y), "f32[0]{}");
  const Tensor many = *Tensor::allocate(DataType::kF32, {INT64_C(1) << 40, 0});
  EXPECT_EQ(show(running_sum(Scan{.states = 1, .scans = 1}, {&start, &many}, {0})),
            "out of memory: Scan: 1099511627776 elements, each of them empty; up to 1048576 run");
}

TEST(Scan, RunsEachOfABatchToItsLength) {
  const Tensor zero = floats({2, 1}, {0, 100});
  const Tensor x = floats({2, 3, 1}, {1, 2, 3, 4, 5, 6});
  const Tensor lengths = longs({2}, {3, 1});
  const Scan scan{.states = 1, .scans = 1, .batched = true};
  const auto y = running_sum(scan, {&lengths, &zero, &x}, {1});
  EXPECT_EQ(show(y), "f32[2,1]{6,104}");
  EXPECT_EQ(show(y, 1), "f32[2,3,1]{1,3,6,104,0,0}");
  EXPECT_EQ(show(running_sum(scan, {nullptr, &zero, &x}, {1})), "f32[2,1]{6,115}");
  const Tensor wrong = longs({2}, {3, 4});
  EXPECT_EQ(show(running_sum(scan, {&wrong, &zero, &x}, {1})), "invalid argument: Scan: a length of 4 of 3");
}

}  // namespace
}  // namespace bolide
