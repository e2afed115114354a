#include "interpret.h"
#include "passes/passes.h"

namespace bolide {
namespace {

using testing::after_pass;

const testing::PassCheck kClose{.tolerance = 1e-6};

TEST(FuseIntegerContractions, AConvolutionMultipliesCodes) {
  EXPECT_EQ(after_pass(fuse_integer_contractions, R"g(
x = input u8[n,1,4,4]
sx = const f32[]{0.5}
zx = const u8[]{2}
w = const i8[2,1,1,1]{-3,5}
sw = const f32[2]{0.25,0.125}
b = const f32[2]{0.1,0.2}
dx = DequantizeLinear(x, sx, zx)
dw = DequantizeLinear(w, sw) axis=0
c = Conv(dx, dw, b) pads=[1,1,1,1]
y = Relu(c)
return y
)g",
                       kClose),
            R"g(x = input u8[n,1,4,4]
w = const i8[2,1,1,1]{-3,5}
factors = const f32[2,1,1]{0.125,0.0625}
factors.1 = const f32[2,1,1]{0.1,0.2}
c = Conv(x, w, _, factors, factors.1) pads=[1,1,1,1] x_zero=2 epilogue="t0=mul(x0,x1);add(t0,x2)"
y = Relu(c)
return y
)g");
}

TEST(FuseIntegerContractions, ABiasInStepsOfTheFactorsIsAddedToTheSums) {
  EXPECT_EQ(after_pass(fuse_integer_contractions, R"g(
x = input i8[n,3]
sx = const f32[]{0.5}
w = const i8[3,2]{-3,5,1,2,3,4}
sw = const f32[]{0.25}
b = const i32[2]{7,-9}
sb = const f32[]{0.125}
dx = DequantizeLinear(x, sx)
dw = DequantizeLinear(w, sw)
db = DequantizeLinear(b, sb)
y = MatMul(dx, dw, db)
return y
)g",
                       kClose),
            R"g(x = input i8[n,3]
w = const i8[3,2]{-3,5,1,2,3,4}
b = const i32[2]{7,-9}
y = MatMul(x, w, b) epilogue="mul(x0,0.125)"
return y
)g");
}

TEST(FuseIntegerContractions, ProductsOfTwoActivationsToo) {
  EXPECT_EQ(after_pass(fuse_integer_contractions, R"g(
a = input u8[n,2,3]
b = input u8[n,3,2]
s = const f32[]{0.5}
r = const f32[]{0.25}
z = const u8[]{2}
o = const u8[]{1}
da = DequantizeLinear(a, s, z)
db = DequantizeLinear(b, r, o)
y = MatMul(da, db)
return y
)g",
                       kClose),
            R"g(a = input u8[n,2,3]
b = input u8[n,3,2]
y = MatMul(a, b) a_zero=2 b_zero=1 epilogue="mul(x0,0.125)"
return y
)g");
}

TEST(FuseIntegerContractions, AMeanIsThatOfTheCodes) {
  EXPECT_EQ(after_pass(fuse_integer_contractions, R"g(
x = input u8[n,3,4,4]
sx = const f32[]{0.5}
zx = const u8[]{2}
dx = DequantizeLinear(x, sx, zx)
y = Reduce(dx) kind=mean axes=[2,3]
return y
)g",
                       kClose),
            R"g(x = input u8[n,3,4,4]
y/Reduce = Reduce(x) kind=mean axes=[2,3] as_f32=true
y = Elementwise(y/Reduce) expr="t0=sub(x0,2);mul(t0,0.5)" name="y/Elementwise"
return y
)g");
}

}  // namespace
}  // namespace bolide
