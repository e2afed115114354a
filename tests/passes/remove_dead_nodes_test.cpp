#include "interpret.h"
#include "passes/passes.h"

namespace bolide {
namespace {

TEST(RemoveDeadNodes, TakesAwayChainsThatNobodyReads) {
  EXPECT_EQ(testing::after_pass(remove_dead_nodes, R"(
x = input f32[4]
a = Relu(x)
b = Exp(a)
y = Neg(x)
return y
)",
                                {.rewrites = 2}),
            R"(x = input f32[4]
y = Neg(x)
return y
)");
}

TEST(RemoveDeadNodes, LeavesTheNumberOfPiecesOfASplit) {
  EXPECT_EQ(testing::after_pass(remove_dead_nodes, R"(
x = input f32[6]
a, b, c = Split(x)
y = Neg(a)
return y
)",
                                {.rewrites = 0}),
            R"(x = input f32[6]
a, _, _ = Split(x)
y = Neg(a)
return y
)");
}

TEST(RemoveDeadNodes, KeepsWhatIsReturned) {
  const std::string graph = R"(x = input f32[4]
a = Relu(x)
y = Neg(a)
return y, a
)";
  EXPECT_EQ(testing::after_pass(remove_dead_nodes, graph, {.rewrites = 0}), graph);
}

}  // namespace
}  // namespace bolide
