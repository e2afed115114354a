#include "interpret.h"
#include "passes/passes.h"

namespace bolide {
namespace {

using testing::after_pass;

TEST(NestConcats, ADenseBlockAddsToWhatIsJoinedAlready) {
  EXPECT_EQ(after_pass(nest_concats, R"g(
a = input f32[n,1]
b = input f32[n,2]
c = input f32[n,3]
d = input f32[n,4]
p = Concat(a, b) axis=1
q = Concat(a, b, c) axis=1
r = Concat(a, b, c, d) axis=-1
s = Softmax(p)
t = Softmax(q)
u = Softmax(r)
return s, t, u
)g",
                       {.rewrites = 2}),
            R"g(a = input f32[n,1]
b = input f32[n,2]
c = input f32[n,3]
d = input f32[n,4]
p = Concat(a, b) axis=1
q = Concat(p, c) axis=1
r = Concat(q, d) axis=-1
s = Softmax(p)
t = Softmax(q)
u = Softmax(r)
return s, t, u
)g");
}

TEST(NestConcats, AnInnerJoinThatNothingElseReadsOpens) {
  EXPECT_EQ(after_pass(nest_concats, R"g(
a = input f32[n,1]
b = input f32[n,2]
c = input f32[n,3]
p = Concat(b, c) axis=1
y = Concat(a, p) axis=1
return y
)g"),
            R"g(a = input f32[n,1]
b = input f32[n,2]
c = input f32[n,3]
y = Concat(a, b, c) axis=1
return y
)g");
}

TEST(NestConcats, CuttingWhereItWasJoinedIsUndone) {
  EXPECT_EQ(after_pass(nest_concats, R"g(
a = input f32[n,1]
b = input f32[n,2]
p = Concat(a, b) axis=1
q, r = Split(p) axis=1 sizes=[1,2]
s = Exp(q)
t = Neg(r)
return s, t
)g"),
            R"g(a = input f32[n,1]
b = input f32[n,2]
s = Exp(a)
t = Neg(b)
return s, t
)g");
  EXPECT_EQ(after_pass(nest_concats, R"g(
a = input f32[n,1]
b = input f32[n,2]
p = Concat(a, b) axis=1
from = const i64[1]{-2}
to = const i64[1]{9}
axis = const i64[1]{1}
q = Slice(p, from, to, axis)
s = Exp(q)
return s
)g"),
            R"g(a = input f32[n,1]
b = input f32[n,2]
s = Exp(b)
return s
)g");
}

TEST(NestConcats, JoiningAllPartsInOrderIsUndone) {
  EXPECT_EQ(after_pass(nest_concats, R"g(
a = input f32[n,3]
p, q = Split(a) axis=1 sizes=[1,2]
r = Concat(p, q) axis=1
y = Exp(r)
return y
)g"),
            R"g(a = input f32[n,3]
y = Exp(a)
return y
)g");
}

void expect_untouched(const std::string& graph) { EXPECT_EQ(after_pass(nest_concats, graph, {.rewrites = 0}), graph); }

TEST(NestConcats, OtherOrdersAndAxesStay) {
  expect_untouched(R"g(a = input f32[3,3]
p, q, r = Split(a) axis=1 sizes=[1,1,1]
y = Concat(q, p, r) axis=1
z = Concat(p, q, r)
return y, z
)g");
}

TEST(NestConcats, CutsElsewhereStay) {
  expect_untouched(R"g(a = input f32[n,1]
b = input f32[n,2]
p = Concat(a, b) axis=1
q, r = Split(p) axis=1 sizes=[2,1]
return q, r
)g");
}

}  // namespace
}  // namespace bolide
