#include "interpret.h"
#include "passes/passes.h"

namespace bolide {
namespace {

using testing::after_pass;

TEST(MergeSiblingContractions, ConvolutionsOfOneInputBecomeOne) {
  EXPECT_EQ(after_pass(merge_sibling_contractions, R"g(
x = input f32[n,2,4,4]
w = const f32[1,2,1,1]{1,2}
b = const f32[1]{0.5}
v = const f32[2,2,1,1]{3,4,5,6}
c = const f32[2]{1,2}
p = Conv(x, w, b) epilogue="max(x0,0)"
q = Conv(x, v, c) epilogue="max(x0,0)"
r = MaxPool(p) kernel=[2,2]
s = MaxPool(q) kernel=[2,2]
return r, s
)g"),
            R"g(x = input f32[n,2,4,4]
weights = const f32[3,2,1,1]{1,2,3,4,5,6}
channels = const f32[3]{0.5,1,2}
p/Conv = Conv(x, weights, channels) epilogue="max(x0,0)"
p, q = Split(p/Conv) axis=1 sizes=[1,2] name="p/Split"
r = MaxPool(p) kernel=[2,2]
s = MaxPool(q) kernel=[2,2]
return r, s
)g");
}

TEST(MergeSiblingContractions, TheThreeProductsOfAttentionBecomeOne) {
  EXPECT_EQ(after_pass(merge_sibling_contractions, R"g(
x = input f32[n,2,2]
q = const f32[2,2]{1,2,3,4}
k = const f32[2,2]{5,6,7,8}
v = const f32[2,1]{9,10}
f = const f32[2]{1,2}
g = const f32[2]{3,4}
h = const f32[1]{5}
a = MatMul(x, q, _, f) epilogue="mul(x0,x1)"
b = MatMul(x, k, _, g) epilogue="mul(x0,x1)"
c = MatMul(x, v, _, h) epilogue="mul(x0,x1)"
d = Softmax(a)
e = Softmax(b)
i = Softmax(c)
return d, e, i
)g"),
            R"g(x = input f32[n,2,2]
weights = const f32[2,5]{1,2,5,6,9,3,4,7,8,10}
channels = const f32[5]{1,2,3,4,5}
a/MatMul = MatMul(x, weights, _, channels) epilogue="mul(x0,x1)"
a, b, c = Split(a/MatMul) axis=2 sizes=[2,2,1] name="a/Split"
d = Softmax(a)
e = Softmax(b)
i = Softmax(c)
return d, e, i
)g");
}

void expect_untouched(const std::string& graph) {
  EXPECT_EQ(after_pass(merge_sibling_contractions, graph, {.rewrites = 0}), graph);
}

TEST(MergeSiblingContractions, OtherGeometryStays) {
  expect_untouched(R"g(x = input f32[n,2,4,4]
w = const f32[1,2,1,1]{1,2}
p = Conv(x, w)
v = const f32[1,2,1,1]{3,4}
q = Conv(x, v) strides=[2,2]
r = MaxPool(p) kernel=[2,2]
s = MaxPool(q) kernel=[2,2]
return r, s
)g");
}

TEST(MergeSiblingContractions, OtherActivationsStay) {
  expect_untouched(R"g(x = input f32[n,2,4,4]
w = const f32[1,2,1,1]{1,2}
p = Conv(x, w) epilogue="max(x0,0)"
v = const f32[1,2,1,1]{3,4}
q = Conv(x, v)
r = MaxPool(p) kernel=[2,2]
s = MaxPool(q) kernel=[2,2]
return r, s
)g");
}

TEST(MergeSiblingContractions, ResidualInputsStay) {
  expect_untouched(R"g(x = input f32[n,2,4,4]
y = input f32[n,1,4,4]
w = const f32[1,2,1,1]{1,2}
p = Conv(x, w, _, y) epilogue="add(x0,x1)"
v = const f32[1,2,1,1]{3,4}
q = Conv(x, v, _, p) epilogue="add(x0,x1)"
s = MaxPool(q) kernel=[2,2]
return s
)g");
}

TEST(MergeSiblingContractions, ResultsOfTheGraphStay) {
  expect_untouched(R"g(x = input f32[n,2,4,4]
w = const f32[1,2,1,1]{1,2}
p = Conv(x, w)
v = const f32[1,2,1,1]{3,4}
q = Conv(x, v)
return p, q
)g");
}

}  // namespace
}  // namespace bolide
