#include "plan/batch_slices.h"

#include "backend/cpu/cpu_backend.h"
#include "compile/lower.h"
#include "ir/text.h"
#include "runtime/context.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

std::shared_ptr<const StepGraph> steps_of(const char* text) {
  Result<Graph> graph = parse_graph(text);
  EXPECT_TRUE(graph) << graph.error().message;
  auto steps = lower(*graph);
  EXPECT_TRUE(steps) << steps.error().message;
  return *std::move(steps);
}

std::int64_t size_for(const StepGraph& graph, const Dims& input, std::int64_t max_bytes) {
  const Result<Sizes> sizes = resolve_sizes(graph, std::vector<Dims>{input});
  EXPECT_TRUE(sizes) << sizes.error().message;
  return slice_size(graph, *sizes, max_bytes);
}

constexpr const char* kChain = R"(x = input f32[n,4,8]
y = Relu(x)
t = Transpose(y) perm=[0,2,1]
s = Softmax(t) axis=-1
z = Exp(s)
return z
)";

TEST(BatchSlices, TheLargestDivisorOfTheBatchThatFits) {
  const auto graph = steps_of(kChain);
  EXPECT_TRUE(splits_by_batch(*graph));
  // Two values of 128 bytes an entry are live at a time: y, whose view t is, and s.
  EXPECT_EQ(size_for(*graph, {12, 4, 8}, 12 * 256), 12);
  EXPECT_EQ(size_for(*graph, {12, 4, 8}, 12 * 256 - 1), 6);
  EXPECT_EQ(size_for(*graph, {12, 4, 8}, 5 * 256), 4);
  EXPECT_EQ(size_for(*graph, {12, 4, 8}, 1), 1);
  EXPECT_EQ(size_for(*graph, {7, 4, 8}, 3 * 256), 1);
  EXPECT_EQ(size_for(*graph, {1, 4, 8}, 1), 1);
}

TEST(BatchSlices, WorkAcrossTheBatchIsNotSplit) {
  for (const char* lines :
       {"z = Softmax(x) axis=0", "r = Reduce(x) kind=sum axes=[0] keepdims=true\nz = Sub(x, r)",
        "t = Transpose(x) perm=[1,0]\nz = MatMul(x, t)", "r = Gather(x, i) axis=0\nz = Identity(r)"}) {
    const std::string text = std::string("x = input f32[n,4]\ni = input i64[n]\n") + lines + "\nreturn z\n";
    EXPECT_FALSE(splits_by_batch(*steps_of(text.c_str()))) << text;
  }
}

TEST(BatchSlices, AFixedBatchIsNotSplit) {
  EXPECT_FALSE(splits_by_batch(*steps_of("x = input f32[8,4]\nz = Relu(x)\nreturn z\n")));
}

TEST(BatchSlices, AContextGivesTheSameBitsWithLessMemory) {
  const auto graph = steps_of(kChain);
  const auto run = [&](std::int64_t max_bytes, std::int64_t& arena) {
    auto backend = std::make_shared<CpuBackend>(make_cpu_target(std::nullopt, 2));
    auto engine = EngineCore::make(graph, std::move(backend), {}, {}, {.rules = {}, .max_slice_bytes = max_bytes});
    ContextCore context(engine);
    std::vector<float> x(6 * 32);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 11) - 3.0F;
    EXPECT_TRUE(context.set_input(0, DataType::kF32, {6, 4, 8}, x.data()));
    EXPECT_TRUE(context.run());
    EXPECT_EQ(*context.output_dims(0), (Dims{6, 8, 4}));
    arena = context.arena_bytes();
    const auto* y = static_cast<const float*>(context.output_data(0));
    return std::vector<float>(y, y + 6 * 32);
  };
  std::int64_t whole_arena = 0;
  std::int64_t sliced_arena = 0;
  EXPECT_EQ(run(kMaxSliceBytes, whole_arena), run(2 * 256, sliced_arena));
  EXPECT_LT(sliced_arena, whole_arena);
}

}  // namespace
}  // namespace bolide
