#include "interpret.h"
#include "passes/passes.h"

namespace bolide {
namespace {

using testing::after_pass;

TEST(LowerQuantization, BothBecomeElementwise) {
  EXPECT_EQ(after_pass(lower_quantization, R"g(
x = input f32[n,4]
s = const f32[]{0.5}
z = const u8[]{3}
q = QuantizeLinear(x, s, z)
y = DequantizeLinear(q, s, z)
return y, q
)g"),
            R"g(x = input f32[n,4]
q = Elementwise(x) expr="t0=div(x0,0.5);t1=round(t0);add(t1,3)" out=u8
y = Elementwise(q) expr="t0=sub(x0,3);mul(t0,0.5)"
return y, q
)g");
}

TEST(LowerQuantization, OneScaleAChannelIsAnInput) {
  EXPECT_EQ(after_pass(lower_quantization, R"g(
x = input i8[n,2,3]
s = const f32[2]{0.5,0.25}
y = DequantizeLinear(x, s) axis=-2
return y
)g"),
            R"g(x = input i8[n,2,3]
factors = const f32[2,1]{0.5,0.25}
y = Elementwise(x, factors) expr="mul(x0,x1)"
return y
)g");
}

TEST(FoldDequantizedConstants, ConstantsBecomeFloats) {
  EXPECT_EQ(after_pass(fold_dequantized_constants, R"g(
x = input f32[2]
w = const i8[2]{-1,2}
s = const f32[]{0.5}
d = DequantizeLinear(w, s)
y = Add(x, d)
return y
)g"),
            R"g(x = input f32[2]
d = const f32[2]{-0.5,1}
y = Add(x, d)
return y
)g");
}

TEST(LowerQuantization, ScalesThatAreComputedStay) {
  const std::string graph = R"g(x = input u8[2]
s = input f32[]
y = DequantizeLinear(x, s)
return y
)g";
  EXPECT_EQ(after_pass(lower_quantization, graph, {.rewrites = 0}), graph);
}

}  // namespace
}  // namespace bolide
