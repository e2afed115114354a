#include "interpret.h"
#include "passes/passes.h"

#include <algorithm>

namespace bolide {
namespace {

using testing::after_pass;

TEST(FuseElementwise, AChainBecomesOneNode) {
  EXPECT_EQ(after_pass(fuse_elementwise, R"g(
a = input f32[n,4]
b = input f32[4]
k = const f32[1]{0.5}
s = Add(a, b)
r = Relu(s)
y = Mul(r, k)
return y
)g"),
            R"g(a = input f32[n,4]
b = input f32[4]
y = Elementwise(a, b) expr="t0=add(x0,x1);t1=max(t0,0);mul(t1,0.5)"
return y
)g");
}

TEST(FuseElementwise, AValueThatIsReadTwiceInsideIsComputedOnce) {
  EXPECT_EQ(after_pass(fuse_elementwise, R"g(
a = input f32[n,4]
b = input f32[n,4]
s = Add(a, b)
g = Sigmoid(s)
y = Mul(s, g)
return y
)g",
                       {.tolerance = 1e-6}),
            R"g(a = input f32[n,4]
b = input f32[n,4]
y = Elementwise(a, b) expr="t0=add(x0,x1);t1=sigmoid(t0);mul(t0,t1)"
return y
)g");
}

TEST(FuseElementwise, SelectionByAComparisonFuses) {
  EXPECT_EQ(after_pass(fuse_elementwise, R"g(
a = input f32[n,4]
b = input f32[n,4]
c = Less(a, b)
y = Where(c, a, b)
return y
)g"),
            R"g(a = input f32[n,4]
b = input f32[n,4]
y = Elementwise(a, b) expr="t0=less(x0,x1);select(t0,x0,x1)"
return y
)g");
}

void expect_untouched(const std::string& graph) {
  EXPECT_EQ(after_pass(fuse_elementwise, graph, {.rewrites = 0}), graph);
}

TEST(FuseElementwise, AValueThatOthersReadStays) {
  expect_untouched(R"g(a = input f32[n,4]
s = Exp(a)
y = Neg(s)
z = Softmax(s)
return y, z
)g");
}

TEST(FuseElementwise, AResultOfTheGraphStays) {
  expect_untouched(R"g(a = input f32[n,4]
s = Exp(a)
y = Neg(s)
return y, s
)g");
}

TEST(FuseElementwise, WorkOnASmallerTensorIsNotRepeated) {
  expect_untouched(R"g(a = input f32[n,4]
v = input f32[4]
s = Sqrt(v)
y = Div(a, s)
return y
)g");
}

TEST(FuseElementwise, IntegersStay) {
  expect_untouched(R"g(a = input i64[n,4]
s = Add(a, a)
y = Mul(s, a)
return y
)g");
}

TEST(FuseElementwise, LongChainsAreCutAtSixtyFourSteps) {
  std::string graph = "v0 = input f32[4]\n";
  for (int i = 1; i <= 70; ++i) graph += strings::join("v", i, " = Sin(v", i - 1, ")\n");
  graph += "return v70\n";
  const std::string fused = after_pass(fuse_elementwise, graph, {.tolerance = 1e-5});
  EXPECT_EQ(std::count(fused.begin(), fused.end(), '\n'), 4) << fused;
}

}  // namespace
}  // namespace bolide
