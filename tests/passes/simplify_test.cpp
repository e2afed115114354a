#include "interpret.h"
#include "passes/passes.h"

namespace bolide {
namespace {

using testing::after_pass;

TEST(CommonSubexpressions, ComputesTheSameOnce) {
  EXPECT_EQ(after_pass(common_subexpressions, R"(
x = input f32[4]
z = input f32[4]
a = Add(x, z)
b = Add(z, x)
y = Mul(a, b)
return y
)",
                       {.rewrites = 1}),
            R"(x = input f32[4]
z = input f32[4]
a = Add(x, z)
y = Mul(a, a)
return y
)");
}

TEST(CommonSubexpressions, MergesEqualConstants) {
  EXPECT_EQ(after_pass(common_subexpressions, R"(
x = input f32[2]
a = const f32[2]{1,2}
b = const f32[2]{1,2}
s = Add(x, a)
y = Mul(s, b)
return y
)",
                       {.rewrites = 1}),
            R"(x = input f32[2]
a = const f32[2]{1,2}
s = Add(x, a)
y = Mul(s, a)
return y
)");
}

TEST(CommonSubexpressions, KeepsTwoOutputsApart) {
  const std::string graph = R"(x = input f32[4]
a = Exp(x)
b = Exp(x)
return a, b
)";
  EXPECT_EQ(after_pass(common_subexpressions, graph, {.rewrites = 0}), graph);
}

TEST(CommonSubexpressions, KeepsOtherAttributesApart) {
  const std::string graph = R"(x = input f32[4]
a = LeakyRelu(x) alpha=0.5
b = LeakyRelu(x) alpha=0.25
y = Add(a, b)
return y
)";
  EXPECT_EQ(after_pass(common_subexpressions, graph, {.rewrites = 0}), graph);
}

TEST(RemoveIdentities, TakesAwayWhatChangesNothing) {
  EXPECT_EQ(after_pass(remove_identities, R"(
x = input f32[batch,3]
one = const f32[]{1}
zero = const f32[3]{0,0,0}
t = const bool[]{1}
starts = const i64[1]{0}
ends = const i64[1]{9}
axes = const i64[1]{1}
shape = Shape(x)
a = Identity(x)
b = Cast(a) to=f32
c = Mul(one, b)
d = Add(c, zero)
e = Div(d, one)
f = Transpose(e) perm=[0,1]
g = Slice(f, starts, ends, axes)
h = Concat(g) axis=1
i = Reshape(h, shape)
j = Expand(i, shape)
k = Where(t, j, zero)
y = Exp(k)
return y
)",
                       {.rewrites = 11}),
            R"(x = input f32[batch,3]
y = Exp(x)
return y
)");
}

TEST(RemoveIdentities, KeepsAReversingSlice) {
  const std::string graph = R"(x = input f32[3]
s = const i64[1]{-1}
e = const i64[1]{-9}
a = const i64[1]{0}
y = Slice(x, s, e, a, s)
return y
)";
  EXPECT_EQ(after_pass(remove_identities, graph, {.rewrites = 0}), graph);
}

TEST(RemoveIdentities, KeepsAdditionOfZerosThatBroadcasts) {
  const std::string graph = R"(x = input f32[1,3]
zero = const f32[2,1]{0,0}
y = Add(x, zero)
return y
)";
  EXPECT_EQ(after_pass(remove_identities, graph, {.rewrites = 0}), graph);
}

TEST(RemoveIdentities, KeepsTheCopyBetweenAnInputAndAnOutput) {
  const std::string graph = R"(x = input f32[2]
y = Identity(x)
return y
)";
  EXPECT_EQ(after_pass(remove_identities, graph, {.rewrites = 0}), graph);
}

TEST(Canonicalize, WritesEachThingInOneForm) {
  EXPECT_EQ(after_pass(canonicalize, R"(
x = input f32[2]
three = const f32[2]{3,-5}
four = const f32[]{4}
two = const f32[]{2}
one = const f32[]{1}
a = Add(three, x)
b = Sub(a, three)
c = Div(b, four)
d = Pow(c, two)
e = Div(one, d)
return e
)"),
            R"(x = input f32[2]
three = const f32[2]{3,-5}
a = Add(x, three)
three.1 = const f32[2]{-3,5}
b = Add(a, three.1)
four.1 = const f32[]{0.25}
c = Mul(b, four.1)
d = Mul(c, c)
e = Reciprocal(d)
return e
)");
}

TEST(Canonicalize, DividesByOtherNumbersAsBefore) {
  const std::string graph = R"(x = input f32[2]
three = const f32[]{3}
y = Div(x, three)
return y
)";
  EXPECT_EQ(after_pass(canonicalize, graph, {.rewrites = 0}), graph);
}

TEST(Canonicalize, MergesClamps) {
  EXPECT_EQ(after_pass(canonicalize, R"(
x = input f32[8]
lo = const f32[]{-1}
hi = const f32[]{1.5}
a = Max(x, lo)
b = Min(a, hi)
y = Relu(b)
return y
)"),
            R"(x = input f32[8]
y = Clip(x) lo=0 hi=1.5
return y
)");
}

TEST(Canonicalize, KeepsAMinimumPerChannel) {
  const std::string graph = R"(x = input f32[2]
hi = const f32[2]{1,2}
y = Min(x, hi)
return y
)";
  EXPECT_EQ(after_pass(canonicalize, graph, {.rewrites = 0}), graph);
}

TEST(FoldUniform, ReadsRepeatedNumbersAsScalars) {
  EXPECT_EQ(testing::after_pipeline(R"(
x = input f32[batch,1,seq,seq]
ids = input i64[batch,seq]
shape = Shape(ids)
ones = ConstantOfShape(shape) value=f32[1]{1}
mask = Unsqueeze(ones) axes=[1,2]
one = const f32[]{1}
low = const f32[]{-10000}
inverse = Sub(one, mask)
bias = Mul(inverse, low)
z = Add(x, bias)
y = Exp(z)
return y
)"),
            R"(x = input f32[batch,1,seq,seq]
ids = input i64[batch,seq]
y = Exp(x)
return y
)");
}

TEST(FoldUniform, KeepsNumbersThatGiveTheResultItsSizes) {
  const std::string graph = R"(x = input f32[]
n = input f32[batch,3]
shape = Shape(n)
twos = ConstantOfShape(shape) value=f32[1]{2}
y = Add(x, twos)
return y
)";
  EXPECT_EQ(after_pass(fold_uniform, graph, {.rewrites = 0}), graph);
}

}  // namespace
}  // namespace bolide
