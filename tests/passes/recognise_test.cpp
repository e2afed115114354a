#include "interpret.h"
#include "passes/passes.h"

namespace bolide {
namespace {

using testing::after_pass;

constexpr std::string_view kOneGelu = "x = input f32[batch,8]\ny = Gelu(x)\nreturn y\n";

TEST(RecogniseActivations, FindsTheExactGelu) {
  EXPECT_EQ(after_pass(recognise_activations, R"(
x = input f32[batch,8]
root = const f32[]{1.4142135}
one = const f32[]{1}
half = const f32[]{0.5}
a = Div(x, root)
b = Erf(a)
c = Add(b, one)
d = Mul(x, c)
y = Mul(d, half)
return y
)",
                       {.tolerance = 1e-6, .rewrites = 1}),
            kOneGelu);
}

TEST(RecogniseActivations, FindsTheExactGeluInAnotherOrder) {
  EXPECT_EQ(after_pass(recognise_activations, R"(
x = input f32[batch,8]
root = const f32[1]{0.70710677}
one = const f32[]{1}
half = const f32[]{0.5}
h = Mul(half, x)
a = Mul(x, root)
b = Erf(a)
c = Add(one, b)
y = Mul(c, h)
return y
)",
                       {.tolerance = 1e-6, .rewrites = 1}),
            kOneGelu);
}

TEST(RecogniseActivations, FindsTheTanhGelu) {
  EXPECT_EQ(after_pass(recognise_activations, R"(
x = input f32[8]
three = const f32[]{3}
c = const f32[]{0.044715}
k = const f32[]{0.7978846}
one = const f32[]{1}
half = const f32[]{0.5}
p = Pow(x, three)
q = Mul(p, c)
r = Add(x, q)
s = Mul(r, k)
t = Tanh(s)
u = Add(t, one)
v = Mul(x, u)
y = Mul(v, half)
return y
)",
                       {.tolerance = 1e-6, .rewrites = 1}),
            "x = input f32[8]\ny = Gelu(x) approximate=tanh\nreturn y\n");
}

TEST(RecogniseActivations, KeepsAnErfWithOtherConstants) {
  const std::string graph = R"(x = input f32[8]
root = const f32[]{1.5}
a = Div(x, root)
b = Erf(a)
one = const f32[]{1}
c = Add(b, one)
d = Mul(x, c)
half = const f32[]{0.5}
y = Mul(d, half)
return y
)";
  EXPECT_EQ(after_pass(recognise_activations, graph, {.rewrites = 0}), graph);
}

TEST(RecogniseActivations, TakesInfinityForNoOtherNumber) {
  const std::string sum = R"(x = input f32[8]
e = Exp(x)
one = const f32[]{inf}
a = Add(e, one)
y = Log(a)
return y
)";
  EXPECT_EQ(after_pass(recognise_activations, sum, {.rewrites = 0}), sum);
  const std::string gate = "x = input f32[8]\ng = HardSigmoid(x) alpha=inf\ny = Mul(x, g)\nreturn y\n";
  EXPECT_EQ(after_pass(recognise_activations, gate, {.rewrites = 0}), gate);
}

TEST(RecogniseActivations, KeepsPartsThatOthersRead) {
  const std::string graph = R"(x = input f32[8]
s = Sigmoid(x)
y = Mul(x, s)
return y, s
)";
  EXPECT_EQ(after_pass(recognise_activations, graph, {.rewrites = 0}), graph);
}

TEST(RecogniseActivations, FindsSiluHardSwishAndMish) {
  EXPECT_EQ(after_pass(recognise_activations, R"(
x = input f32[8]
three = const f32[]{3}
six = const f32[]{6}
s = Sigmoid(x)
a = Mul(s, x)
t = Add(a, three)
u = Clip(t) lo=0 hi=6
v = Mul(a, u)
b = Div(v, six)
p = Softplus(b)
q = Tanh(p)
y = Mul(b, q)
return y
)",
                       {.tolerance = 1e-6, .rewrites = 3}),
            R"(x = input f32[8]
a = Silu(x)
b = HardSwish(a)
y = Mish(b)
return y
)");
}

constexpr std::string_view kLayerNorm = R"(
x = input f32[batch,4]
two = const f32[]{2}
eps = const f32[]{0.001}
g = const f32[4]{1,2,3,4}
b = const f32[4]{5,6,7,8}
m = Reduce(x) kind=mean axes=[-1]
d = Sub(x, m)
p = Pow(d, two)
v = Reduce(p) kind=mean axes=[-1]
e = Add(v, eps)
s = Sqrt(e)
n = Div(d, s)
a = Mul(n, g)
y = Add(a, b)
return y
)";

TEST(RecogniseNormalization, FindsALayerNormalization) {
  EXPECT_EQ(after_pass(recognise_normalization, kLayerNorm, {.tolerance = 1e-5, .rewrites = 1}),
            R"(x = input f32[batch,4]
scale = const f32[4]{1,1,1,1}
n = LayerNormalization(x, scale) epsilon=0.001
g = const f32[4]{1,2,3,4}
a = Mul(n, g)
b = const f32[4]{5,6,7,8}
y = Add(a, b)
return y
)");
}

TEST(RecogniseNormalization, ItsScaleAndBiasGoInside) {
  const std::string after = testing::after_pipeline(kLayerNorm, {.tolerance = 1e-5});
  EXPECT_NE(after.find("y = LayerNormalization(x, "), std::string::npos) << after;
  EXPECT_NE(after.find("{5,6,7,8}"), std::string::npos) << after;
  EXPECT_EQ(after.find("Mul"), std::string::npos) << after;
}

TEST(RecogniseNormalization, FindsARootMeanSquare) {
  EXPECT_EQ(after_pass(recognise_normalization, R"(
x = input f32[3,4]
eps = const f32[]{0.001}
p = Mul(x, x)
v = Reduce(p) kind=mean axes=[1]
e = Add(v, eps)
s = Sqrt(e)
r = Reciprocal(s)
y = Mul(x, r)
return y
)",
                       {.tolerance = 1e-5, .rewrites = 1}),
            R"(x = input f32[3,4]
scale = const f32[4]{1,1,1,1}
y = RMSNormalization(x, scale) epsilon=0.001
return y
)");
}

TEST(RecogniseNormalization, KeepsMeansOverAnotherAxis) {
  const std::string after = after_pass(recognise_normalization, R"(
x = input f32[3,4]
eps = const f32[]{0.001}
p = Mul(x, x)
v = Reduce(p) kind=mean axes=[0]
e = Add(v, eps)
s = Sqrt(e)
y = Div(x, s)
return y
)",
                                       {.rewrites = 0});
  EXPECT_NE(after.find("Sqrt"), std::string::npos);
}

TEST(RecogniseReductions, FindsASoftmax) {
  EXPECT_EQ(after_pass(recognise_reductions, R"(
x = input f32[2,3,4]
m = Reduce(x) kind=max axes=[1]
d = Sub(x, m)
e = Exp(d)
s = Reduce(e) axes=[1]
y = Div(e, s)
return y
)",
                       {.tolerance = 1e-6, .rewrites = 1}),
            R"(x = input f32[2,3,4]
y = Softmax(x) axis=1
return y
)");
}

TEST(RecogniseReductions, FindsLengthsAndLogSumExp) {
  EXPECT_EQ(after_pass(recognise_reductions, R"(
x = input f32[2,3]
q = Mul(x, x)
s = Reduce(q) axes=[1] keepdims=false
l = Sqrt(s)
e = Exp(x)
t = Reduce(e) axes=[0]
g = Log(t)
return l, g
)",
                       {.tolerance = 1e-6, .rewrites = 2}),
            R"(x = input f32[2,3]
l = Reduce(x) kind=l2 axes=[1] keepdims=false
g = Reduce(x) kind=log_sum_exp axes=[0]
return l, g
)");
}

TEST(RecogniseAttention, FindsScaledScoresWithAMask) {
  EXPECT_EQ(after_pass(recognise_attention, R"(
q = input f32[b,2,s,8]
k0 = input f32[b,t,2,8]
v = input f32[b,2,t,8]
mask = input f32[b,1,1,t]
root = const f32[]{2}
k = Transpose(k0) perm=[0,2,3,1]
p = MatMul(q, k)
c = Div(p, root)
m = Add(c, mask)
w = Softmax(m)
y = MatMul(w, v)
return y
)",
                       {.tolerance = 1e-5, .bindings = {{"t", 5}}, .rewrites = 1}),
            R"(q = input f32[b,2,s,8]
k0 = input f32[b,t,2,8]
v = input f32[b,2,t,8]
mask = input f32[b,1,1,t]
y/Transpose = Transpose(k0) perm=[0,2,1,3]
y = Attention(q, y/Transpose, v, mask) scale=0.5 name="y/Attention"
return y
)");
}

TEST(RecogniseAttention, TakesTheScaleFromBothSides) {
  EXPECT_EQ(testing::after_pipeline(R"(
q0 = input f32[b,2,s,8]
k0 = input f32[b,2,s,8]
v = input f32[b,2,s,8]
root = const f32[]{0.5}
q = Mul(q0, root)
kt = Transpose(k0) perm=[0,1,3,2]
k = Mul(kt, root)
p = MatMul(q, k)
w = Softmax(p) axis=-1
y = MatMul(w, v)
return y
)",
                                    {.tolerance = 1e-5}),
            R"(q0 = input f32[b,2,s,8]
k0 = input f32[b,2,s,8]
v = input f32[b,2,s,8]
y = Attention(q0, k0, v) scale=0.25
return y
)");
}

TEST(RecogniseAttention, KeepsWeightsThatAreReturned) {
  const std::string after = after_pass(recognise_attention, R"(
q = input f32[1,2,3,8]
k = input f32[1,2,8,3]
v = input f32[1,2,3,8]
p = MatMul(q, k)
w = Softmax(p) axis=-1
y = MatMul(w, v)
return y, w
)",
                                       {.rewrites = 0});
  EXPECT_NE(after.find("Softmax"), std::string::npos);
}

}  // namespace
}  // namespace bolide
