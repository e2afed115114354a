#include "interpret.h"
#include "passes/passes.h"

#include <cmath>

namespace bolide {
namespace {

using testing::after_pass;

TEST(PropagateQdq, DequantizingMovesBelowWhatOnlyMovesElements) {
  EXPECT_EQ(after_pass(propagate_qdq, R"g(
x = input u8[2,3]
s = const f32[]{0.5}
z = const u8[]{2}
d = DequantizeLinear(x, s, z)
t = Transpose(d)
p, r = Split(t) axis=0 sizes=[1,2]
return p, r
)g"),
            R"g(x = input u8[2,3]
t/Transpose = Transpose(x)
p/Split, p/Split:1 = Split(t/Transpose) sizes=[1,2]
s = const f32[]{0.5}
z = const u8[]{2}
p = DequantizeLinear(p/Split, s, z) name="p/DequantizeLinear"
r = DequantizeLinear(p/Split:1, s, z) name="p/DequantizeLinear.1"
return p, r
)g");
}

TEST(PropagateQdq, QuantizingMovesAbovePoolingAndCutsAsReluDoes) {
  EXPECT_EQ(after_pass(propagate_qdq, R"g(
x = input f32[1,1,4,4]
s = const f32[]{0.5}
z = const u8[]{0}
r = Relu(x)
m = MaxPool(r) kernel=[2,2]
y = QuantizeLinear(m, s, z)
return y
)g"),
            R"g(x = input f32[1,1,4,4]
s = const f32[]{0.5}
z = const u8[]{0}
m/QuantizeLinear = QuantizeLinear(x, s, z)
y = MaxPool(m/QuantizeLinear) kernel=[2,2] name="m/MaxPool"
return y
)g");
}

TEST(PropagateQdq, AChannelScaleFollowsItsAxisThroughTranspose) {
  EXPECT_EQ(after_pass(propagate_qdq, R"g(
x = input i8[2,3]
s = const f32[2]{0.5,0.25}
d = DequantizeLinear(x, s) axis=0
t = Transpose(d)
return t
)g"),
            R"g(x = input i8[2,3]
t/Transpose = Transpose(x)
s = const f32[2]{0.5,0.25}
t = DequantizeLinear(t/Transpose, s) name="t/DequantizeLinear"
return t
)g");
}

TEST(PropagateQdq, ConcatOfEqualScalesJoinsCodes) {
  EXPECT_EQ(after_pass(propagate_qdq, R"g(
a = input u8[2,3]
b = input u8[2,4]
s = const f32[]{0.5}
z = const u8[]{2}
c = DequantizeLinear(a, s, z)
d = DequantizeLinear(b, s, z)
j = Concat(c, d) axis=1
y = QuantizeLinear(j, s, z)
return y
)g"),
            R"g(a = input u8[2,3]
b = input u8[2,4]
y = Concat(a, b) axis=1 name="j/Concat"
return y
)g");
}

TEST(PropagateQdq, ConcatOfOtherScalesRoundsItsInputs) {
  EXPECT_EQ(after_pass(propagate_qdq, R"g(
a = input u8[2,3]
b = input u8[2,4]
s = const f32[]{0.5}
r = const f32[]{0.75}
z = const u8[]{2}
c = DequantizeLinear(a, s, z)
d = DequantizeLinear(b, r, z)
j = Concat(c, d) axis=1
y = QuantizeLinear(j, s, z)
return y
)g"),
            R"g(a = input u8[2,3]
b = input u8[2,4]
r = const f32[]{0.75}
z = const u8[]{2}
d = DequantizeLinear(b, r, z)
s = const f32[]{0.5}
j/QuantizeLinear.1 = QuantizeLinear(d, s, z)
y = Concat(a, j/QuantizeLinear.1) axis=1 name="j/Concat"
return y
)g");
}

TEST(PropagateQdq, JoinedCodesKeepTheirScales) {
  EXPECT_EQ(after_pass(propagate_qdq, R"g(
a = input u8[2,1]
b = input u8[2,2]
s = const f32[]{0.5}
r = const f32[]{0.75}
z = const u8[]{2}
o = const u8[]{1}
c = DequantizeLinear(a, s, z)
d = DequantizeLinear(b, r, o)
j = Concat(c, d) axis=1
y = Exp(j)
return y
)g"),
            R"g(a = input u8[2,1]
b = input u8[2,2]
j/Concat = Concat(a, b) axis=1
scales = const f32[3]{0.5,0.75,0.75}
zeros = const u8[3]{2,1,1}
j = DequantizeLinear(j/Concat, scales, zeros) name="j/DequantizeLinear"
y = Exp(j)
return y
)g");
}

TEST(PropagateQdq, LookingUpRowsMovesCodes) {
  EXPECT_EQ(after_pass(propagate_qdq, R"g(
a = input u8[4,2]
i = input i64[3]
s = const f32[]{0.5}
d = DequantizeLinear(a, s)
y = Gather(d, i)
return y
)g"),
            R"g(a = input u8[4,2]
i = input i64[3]
y/Gather = Gather(a, i)
s = const f32[]{0.5}
y = DequantizeLinear(y/Gather, s) name="y/DequantizeLinear"
return y
)g");
}

TEST(PropagateQdq, SizesAreTakenFromTheCodes) {
  EXPECT_EQ(after_pass(propagate_qdq, R"g(
a = input u8[n,1]
s = const f32[]{0.5}
d = DequantizeLinear(a, s)
y = Shape(d)
return y
)g"),
            R"g(a = input u8[n,1]
y = Shape(a)
return y
)g");
}

void expect_untouched(const std::string& graph) { EXPECT_EQ(after_pass(propagate_qdq, graph, {.rewrites = 0}), graph); }

TEST(PropagateQdq, RoundingAndBackIsNotNothing) {
  expect_untouched(R"g(x = input f32[n]
s = const f32[]{0.5}
q = QuantizeLinear(x, s)
y = DequantizeLinear(q, s)
return y
)g");
}

TEST(PropagateQdq, ARequantizationStays) {
  expect_untouched(R"g(x = input u8[n]
s = const f32[]{0.5}
d = DequantizeLinear(x, s)
r = const f32[]{0.25}
y = QuantizeLinear(d, r)
return y
)g");
}

TEST(PropagateQdq, AReluThatQuantizingDoesNotCutStays) {
  expect_untouched(R"g(x = input f32[n]
r = Relu(x)
s = const f32[]{0.5}
z = const u8[]{2}
y = QuantizeLinear(r, s, z)
return y
)g");
}

TEST(PropagateQdq, QuantizingStaysBelowWhatOthersRead) {
  expect_untouched(R"g(x = input f32[2,3]
t = Transpose(x)
s = const f32[]{0.5}
y = QuantizeLinear(t, s)
return y, t
)g");
}

TEST(PropagateQdq, EveryCodeSurvivesTheRoundTrip) {
  // 256 codes by many scales: q -> DQ -> Q is the identity that the pass takes it for.
  for (const float scale : {1e-30F, 0.1F, 0.3333333F, 0.0078125F, 3.0517578e-05F, 7.77F, 1e30F}) {
    for (int zero = 0; zero < 256; zero += 15) {
      for (int q = 0; q < 256; ++q) {
        const float x = static_cast<float>(q - zero) * scale;
        EXPECT_EQ(static_cast<int>(std::nearbyint(x / scale)) + zero, q);
      }
    }
  }
}

}  // namespace
}  // namespace bolide
