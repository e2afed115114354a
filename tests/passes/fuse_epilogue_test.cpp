#include "interpret.h"
#include "passes/passes.h"

namespace bolide {
namespace {

using testing::after_pass;

const testing::PassCheck kClose{.tolerance = 1e-6};

TEST(FuseEpilogue, TheTailOfAResidualBlockBecomesOneNode) {
  EXPECT_EQ(after_pass(fuse_epilogue, R"g(
x = input f32[n,2,4,4]
r = input f32[n,3,4,4]
w = const f32[3,2,1,1]{1,2,3,4,5,6}
b = const f32[3]{1,0,-1}
c = Conv(x, w, b)
s = Add(c, r)
y = Relu(s)
return y
)g",
                       {.rewrites = 2}),
            R"g(x = input f32[n,2,4,4]
r = input f32[n,3,4,4]
w = const f32[3,2,1,1]{1,2,3,4,5,6}
b = const f32[3]{1,0,-1}
y = Conv(x, w, b, r) epilogue="t0=add(x0,x1);max(t0,0)" name="c"
return y
)g");
}

TEST(FuseEpilogue, AnActivationMayReadTheResultSeveralTimes) {
  EXPECT_EQ(after_pass(fuse_epilogue, R"g(
x = input f32[n,2,4,4]
w = const f32[1,2,1,1]{1,2}
c = Conv(x, w)
s = Sigmoid(c)
y = Mul(c, s)
return y
)g",
                       kClose),
            R"g(x = input f32[n,2,4,4]
w = const f32[1,2,1,1]{1,2}
y = Conv(x, w) epilogue="t0=sigmoid(x0);mul(x0,t0)" name="c"
return y
)g");
}

TEST(FuseEpilogue, GeluInItsSeveralOperatorsIsOneEpilogue) {
  EXPECT_EQ(after_pass(fuse_epilogue, R"g(
a = input f32[n,2]
b = const f32[2,1]{1,2}
h = const f32[]{0.5}
o = const f32[]{1}
r = const f32[]{1.5}
c = MatMul(a, b)
d = Div(c, r)
e = Erf(d)
f = Add(e, o)
g = Mul(c, f)
y = Mul(g, h)
return y
)g",
                       kClose),
            R"g(a = input f32[n,2]
b = const f32[2,1]{1,2}
y = MatMul(a, b) epilogue="t0=div(x0,1.5);t1=erf(t0);t2=add(t1,1);t3=mul(x0,t2);mul(t3,0.5)" name="c"
return y
)g");
}

TEST(FuseEpilogue, AConstantOfOneNumberAChannelBecomesTheBias) {
  EXPECT_EQ(after_pass(fuse_epilogue, R"g(
x = input f32[n,2,4,4]
w = const f32[2,2,1,1]{1,2,3,4}
b = const f32[1,2,1,1]{10,20}
c = Conv(x, w)
y = Add(b, c)
return y
)g",
                       kClose),
            R"g(x = input f32[n,2,4,4]
w = const f32[2,2,1,1]{1,2,3,4}
bias = const f32[2]{10,20}
y = Conv(x, w, bias) name="c"
return y
)g");
  EXPECT_EQ(after_pass(fuse_epilogue, R"g(
a = input f32[n,3,2]
w = const f32[2,2]{1,2,3,4}
b = const f32[2]{10,20}
c = MatMul(a, w)
y = Add(c, b)
return y
)g",
                       kClose),
            R"g(a = input f32[n,3,2]
w = const f32[2,2]{1,2,3,4}
bias = const f32[2]{10,20}
y = MatMul(a, w, bias) name="c"
return y
)g");
}

TEST(FuseEpilogue, AFactorForEachChannelIsAnExtraInput) {
  EXPECT_EQ(after_pass(fuse_epilogue, R"g(
x = input f32[n,1,2]
w = const f32[1,2,2]{1,2,3,4}
f = const f32[2,1]{10,20}
c = ConvTranspose(x, w)
y = Mul(c, f)
return y
)g",
                       {.rewrites = 1}),
            R"g(x = input f32[n,1,2]
w = const f32[1,2,2]{1,2,3,4}
f = const f32[2,1]{10,20}
y = ConvTranspose(x, w, _, f) epilogue="mul(x0,x1)" name="c"
return y
)g");
}

TEST(FuseEpilogue, TheLaterOfTwoConvolutionsTakesTheirSum) {
  EXPECT_EQ(after_pass(fuse_epilogue, R"g(
x = input f32[n,1,4,4]
w = const f32[1,1,1,1]{2}
v = const f32[1,1,1,1]{3}
a = Conv(x, w)
b = Conv(x, v)
s = Add(a, b)
y = Relu(s)
return y
)g",
                       {.rewrites = 2}),
            R"g(x = input f32[n,1,4,4]
w = const f32[1,1,1,1]{2}
a = Conv(x, w)
v = const f32[1,1,1,1]{3}
y = Conv(x, v, _, a) epilogue="t0=add(x0,x1);max(t0,0)" name="b"
return y
)g");
}

TEST(FuseEpilogue, AResidualSumBehindATransposeIsTakenWithItsOperandTurned) {
  EXPECT_EQ(after_pass(fuse_epilogue, R"g(
a = input f32[n,2,2,3]
r = input f32[n,2,2,2]
w = const f32[3,2]{1,2,3,4,5,6}
f = const f32[2,1,1]{7,8}
c = MatMul(a, w)
t = Transpose(c) perm=[0,3,1,2]
s = Mul(t, f)
y = Add(s, r)
return y
)g",
                       kClose),
            R"g(a = input f32[n,2,2,3]
r = input f32[n,2,2,2]
c/MatMul/Transpose = Transpose(r) perm=[0,2,3,1]
w = const f32[3,2]{1,2,3,4,5,6}
factors = const f32[1,1,1,2]{7,8}
c/MatMul/MatMul = MatMul(a, w, _, factors, c/MatMul/Transpose) epilogue="t0=mul(x0,x1);add(t0,x2)"
y = Transpose(c/MatMul/MatMul) perm=[0,3,1,2] name="c/MatMul/Transpose.1"
return y
)g");
}

TEST(FuseEpilogue, AResultThatEachReaderCanLoadItselfStaysInIntegers) {
  EXPECT_EQ(after_pass(fuse_epilogue, R"g(
x = input f32[n,1,2]
w = const f32[1,1,1]{2}
s = const f32[]{0.5}
c = Conv(x, w)
q = QuantizeLinear(c, s)
d = DequantizeLinear(q, s)
y = Exp(d)
z = Neg(d)
return y, z
)g",
                       {.rewrites = 1}),
            R"g(x = input f32[n,1,2]
w = const f32[1,1,1]{2}
q = Conv(x, w) epilogue="t0=div(x0,0.5);round(t0)" out=u8 name="c"
s = const f32[]{0.5}
d = DequantizeLinear(q, s)
y = Exp(d)
z = Neg(d)
return y, z
)g");
}

void expect_untouched(const std::string& graph) { EXPECT_EQ(after_pass(fuse_epilogue, graph, {.rewrites = 0}), graph); }

TEST(FuseEpilogue, AResultWithAnotherReaderStays) {
  expect_untouched(R"g(x = input f32[n,2,4,4]
w = const f32[1,2,1,1]{1,2}
c = Conv(x, w)
y = Relu(c)
z = MaxPool(c) kernel=[2,2]
return y, z
)g");
}

TEST(FuseEpilogue, AResultOfTheGraphStays) {
  expect_untouched(R"g(x = input f32[n,2,4,4]
w = const f32[1,2,1,1]{1,2}
c = Conv(x, w)
y = Relu(c)
return y, c
)g");
}

TEST(FuseEpilogue, AnOperandThatWidensTheResultStays) {
  expect_untouched(R"g(x = input f32[1,2,4,4]
r = input f32[3,1,4,4]
w = const f32[1,2,1,1]{1,2}
c = Conv(x, w)
y = Add(c, r)
return y
)g");
}

TEST(FuseEpilogue, AnOperandThatDependsOnTheResultStays) {
  expect_untouched(R"g(x = input f32[n,2,4,4]
w = const f32[1,2,1,1]{1,2}
c = Conv(x, w)
p = AveragePool(c) kernel=[4,4]
y = Mul(c, p)
return y
)g");
}

TEST(FuseEpilogue, MoreThanFourTensorsDoNotFit) {
  EXPECT_EQ(after_pass(fuse_epilogue, R"g(
x = input f32[1,1,2]
w = const f32[1,1,1]{2}
a = input f32[1,1,2]
b = input f32[1,1,2]
d = input f32[1,1,2]
e = input f32[1,1,2]
f = input f32[1,1,2]
c = Conv(x, w)
s = Add(c, a)
t = Add(s, b)
u = Add(t, d)
v = Add(u, e)
y = Add(v, f)
return y
)g",
                       {.rewrites = 4}),
            R"g(x = input f32[1,1,2]
a = input f32[1,1,2]
b = input f32[1,1,2]
d = input f32[1,1,2]
e = input f32[1,1,2]
f = input f32[1,1,2]
w = const f32[1,1,1]{2}
v = Conv(x, w, _, a, b, d, e) epilogue="t0=add(x0,x1);t1=add(t0,x2);t2=add(t1,x3);add(t2,x4)" name="c"
y = Add(v, f)
return y
)g");
}

}  // namespace
}  // namespace bolide
