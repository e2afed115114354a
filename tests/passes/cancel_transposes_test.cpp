#include "interpret.h"
#include "passes/passes.h"

namespace bolide {
namespace {

using testing::after_pass;
using testing::after_pipeline;

TEST(CancelTransposes, MergesTwo) {
  EXPECT_EQ(after_pass(cancel_transposes, R"(
x = input f32[2,3,4]
a = Transpose(x) perm=[1,2,0]
y = Transpose(a) perm=[0,2,1]
return y
)",
                       {.rewrites = 1}),
            R"(x = input f32[2,3,4]
y = Transpose(x) perm=[1,0,2]
return y
)");
}

TEST(CancelTransposes, MovesThemBehindElementwiseOperatorsUntilTheyMeet) {
  EXPECT_EQ(after_pipeline(R"(
x = input f32[2,3,4]
c = const f32[3]{2,3,5}
a = Transpose(x) perm=[0,2,1]
b = Relu(a)
d = Mul(b, c)
y = Transpose(d) perm=[0,2,1]
z = Exp(y)
return z
)"),
            R"~(x = input f32[2,3,4]
c.1 = const f32[1,3,1]{2,3,5}
z = Elementwise(x, c.1) expr="t0=max(x0,0);t1=mul(t0,x1);exp(t1)" name="z/Exp"
return z
)~");
}

TEST(CancelTransposes, AddsBeforeTransposing) {
  EXPECT_EQ(after_pass(cancel_transposes, R"(
x = input f32[2,3]
z = input f32[2,3]
a = Transpose(x) perm=[1,0]
b = Transpose(z) perm=[1,0]
y = Add(a, b)
return y
)",
                       {.rewrites = 1}),
            R"(x = input f32[2,3]
z = input f32[2,3]
y/Add = Add(x, z)
y = Transpose(y/Add) perm=[1,0] name="y/Transpose"
return y
)");
}

TEST(CancelTransposes, ReducesTheAxesBefore) {
  EXPECT_EQ(after_pass(cancel_transposes, R"(
x = input f32[2,3,4,5]
a = Transpose(x) perm=[0,2,3,1]
y = Reduce(a) kind=mean axes=[1,2] keepdims=false
return y
)",
                       {.tolerance = 1e-6, .rewrites = 1}),
            R"(x = input f32[2,3,4,5]
y = Reduce(x) kind=mean axes=[2,3] keepdims=false
return y
)");
}

TEST(CancelTransposes, KeepsATransposeThatOthersRead) {
  const std::string graph = R"(x = input f32[2,3]
a = Transpose(x) perm=[1,0]
y = Relu(a)
return y, a
)";
  EXPECT_EQ(after_pass(cancel_transposes, graph, {.rewrites = 0}), graph);
}

TEST(CancelTransposes, AddsBeforeTransposingWhenOneOfTheTransposesDies) {
  EXPECT_EQ(after_pass(cancel_transposes, R"(
x = input f32[2,3]
z = input f32[2,3]
a = Transpose(x) perm=[1,0]
b = Transpose(z) perm=[1,0]
y = Add(a, b)
return y, b
)",
                       {.rewrites = 1}),
            R"(x = input f32[2,3]
z = input f32[2,3]
b = Transpose(z) perm=[1,0]
y/Add = Add(x, z)
y = Transpose(y/Add) perm=[1,0] name="y/Transpose"
return y, b
)");
}

TEST(CancelTransposes, BecomesAReshapeWhenOnlySizesOfOneMove) {
  EXPECT_EQ(after_pass(cancel_transposes, R"(
x = input f32[batch,1,5,1]
y = Transpose(x) perm=[0,2,3,1]
return y
)",
                       {.rewrites = 1}),
            R"(x = input f32[batch,1,5,1]
sizes = const i64[4]{0,5,1,1}
y = Reshape(x, sizes)
return y
)");
}

}  // namespace
}  // namespace bolide
