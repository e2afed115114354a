#include "interpret.h"
#include "passes/passes.h"

namespace bolide {
namespace {

using testing::after_pass;

TEST(FoldBatchNorm, GoesIntoTheConvolutionBefore) {
  EXPECT_EQ(after_pass(fold_batch_norm, R"(
x = input f32[2,1,3,3]
w = const f32[2,1,1,1]{3,5}
b = const f32[2]{1,-1}
scale = const f32[2]{2,4}
bias = const f32[2]{0.5,0.25}
mean = const f32[2]{1,2}
var = const f32[2]{0.25,1}
c = Conv(x, w, b)
y = BatchNormalization(c, scale, bias, mean, var) epsilon=0
return y
)",
                       {.tolerance = 1e-5, .rewrites = 1}),
            R"(x = input f32[2,1,3,3]
w.1 = const f32[2,1,1,1]{12,20}
w.bias = const f32[2]{0.5,-11.75}
y = Conv(x, w.1, w.bias)
return y
)");
}

TEST(FoldBatchNorm, GoesIntoATransposedConvolutionOfGroups) {
  const std::string after = after_pass(fold_batch_norm, R"(
x = input f32[1,2,3,3]
w = const f32[2,2,1,1]{1,2,3,4}
scale = const f32[4]{2,4,8,16}
bias = const f32[4]{0.5,0.25,1,2}
mean = const f32[4]{1,2,3,4}
var = const f32[4]{0.25,1,4,1}
c = ConvTranspose(x, w) groups=2
y = BatchNormalization(c, scale, bias, mean, var) epsilon=0
return y
)",
                                       {.tolerance = 1e-5, .rewrites = 1});
  EXPECT_NE(after.find("const f32[2,2,1,1]{4,8,12,64}"), std::string::npos) << after;
}

TEST(FoldBatchNorm, BecomesAFactorAndATermWithoutAConvolution) {
  EXPECT_EQ(after_pass(fold_batch_norm, R"(
x = input f32[2,2,3]
scale = const f32[2]{2,4}
bias = const f32[2]{0.5,0.25}
mean = const f32[2]{1,2}
var = const f32[2]{0.25,1}
y = BatchNormalization(x, scale, bias, mean, var) epsilon=0
return y
)",
                       {.tolerance = 1e-5, .rewrites = 1}),
            R"(x = input f32[2,2,3]
y.scale = const f32[2,1]{4,4}
y/Mul = Mul(x, y.scale)
y.shift = const f32[2,1]{-3.5,-7.75}
y = Add(y/Mul, y.shift) name="y/Add"
return y
)");
}

TEST(FoldBatchNorm, KeepsAConvolutionThatOthersRead) {
  const std::string after = after_pass(fold_batch_norm, R"(
x = input f32[1,1,2]
w = const f32[1,1,1]{3}
s = const f32[1]{2}
c = Conv(x, w)
y = BatchNormalization(c, s, s, s, s)
return y, c
)",
                                       {.tolerance = 1e-5, .rewrites = 1});
  EXPECT_NE(after.find("c = Conv(x, w)\n"), std::string::npos) << after;
}

TEST(FoldScale, TakesFactorsAndTermsAfterAConvolution) {
  EXPECT_EQ(after_pass(fold_scale, R"(
x = input f32[1,2,3,3]
w = const f32[2,1,1,1]{3,5}
a = const f32[2,1,1]{2,4}
s = const f32[1,2,1,1]{1,-1}
c = Conv(x, w) groups=2
d = Mul(c, a)
y = Add(d, s)
return y
)",
                       {.tolerance = 1e-6, .rewrites = 2}),
            R"(x = input f32[1,2,3,3]
w.1.1 = const f32[2,1,1,1]{6,20}
w.1.bias = const f32[2]{1,-1}
y = Conv(x, w.1.1, w.1.bias) groups=2
return y
)");
}

TEST(FoldScale, TakesTheBiasOfAMatrixProduct) {
  EXPECT_EQ(after_pass(fold_scale, R"(
x = input f32[batch,2]
w = const f32[2,3]{1,2,3,4,5,6}
b = const f32[3]{7,8,9}
c = MatMul(x, w)
y = Add(c, b)
return y
)",
                       {.tolerance = 1e-6, .rewrites = 1}),
            R"(x = input f32[batch,2]
w.1 = const f32[2,3]{1,2,3,4,5,6}
w.bias = const f32[3]{7,8,9}
y = MatMul(x, w.1, w.bias)
return y
)");
}

TEST(FoldScale, TakesFactorsAndTermsBeforeAConvolution) {
  EXPECT_EQ(after_pass(fold_scale, R"(
x = input f32[1,2,3]
w = const f32[1,2,1]{3,5}
a = const f32[2,1]{2,4}
s = const f32[2,1]{1,-1}
c = Mul(x, a)
d = Add(c, s)
y = Conv(d, w)
return y
)",
                       {.tolerance = 1e-6, .rewrites = 1}),
            R"(x = input f32[1,2,3]
a = const f32[2,1]{2,4}
c = Mul(x, a)
w.1 = const f32[1,2,1]{3,5}
w.bias = const f32[1]{-2}
y = Conv(c, w.1, w.bias)
return y
)");
}

TEST(FoldScale, KeepsATermBeforePadding) {
  const std::string graph = R"(x = input f32[1,1,3]
s = const f32[]{1}
c = Add(x, s)
w = const f32[1,1,2]{3,5}
y = Conv(c, w) pads=[1,1]
return y
)";
  EXPECT_EQ(after_pass(fold_scale, graph, {.rewrites = 0}), graph);
}

TEST(FoldScale, KeepsAFactorPerPosition) {
  const std::string graph = R"(x = input f32[1,1,3]
w = const f32[1,1,1]{3}
c = Conv(x, w)
s = const f32[3]{1,2,3}
y = Mul(c, s)
return y
)";
  EXPECT_EQ(after_pass(fold_scale, graph, {.rewrites = 0}), graph);
}

}  // namespace
}  // namespace bolide
