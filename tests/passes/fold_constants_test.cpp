#include "interpret.h"
#include "ir/text.h"
#include "passes/passes.h"

namespace bolide {
namespace {

using testing::after_pass;

TEST(FoldConstants, EvaluatesWhatDependsOnConstantsOnly) {
  EXPECT_EQ(after_pass(fold_constants, R"(
x = input f32[2]
a = const f32[2]{1,2}
b = const f32[2]{10,20}
s = Add(a, b)
n = Neg(s)
y = Mul(x, n)
return y
)",
                       {.rewrites = 2}),
            R"(x = input f32[2]
n = const f32[2]{-11,-22}
y = Mul(x, n)
return y
)");
}

TEST(FoldConstants, TurnsShapeArithmeticThatGivesNumbersIntoConstants) {
  EXPECT_EQ(after_pass(fold_constants, R"(
x = input f32[batch,3,8,6]
shape = Shape(x) start=2
two = const i64[1]{2}
twice = Mul(shape, two)
return twice
)",
                       {.rewrites = 2}),
            R"(x = input f32[batch,3,8,6]
twice = const i64[2]{16,12}
return twice
)");
}

TEST(FoldConstants, LeavesShapeArithmeticWithNamesAlone) {
  const std::string graph = R"(x = input f32[batch,3]
shape = Shape(x)
return shape
)";
  EXPECT_EQ(after_pass(fold_constants, graph, {.rewrites = 0}), graph);
}

TEST(FoldConstants, LeavesResultsThatAreMuchLargerThanTheirInputsAlone) {
  const std::string graph = R"(sizes = const i64[2]{1000,1000}
y = ConstantOfShape(sizes)
return y
)";
  EXPECT_EQ(after_pass(fold_constants, graph, {.rewrites = 0}), graph);
}

TEST(FoldConstants, LeavesWhatTakesTooLongAlone) {
  std::string graph = "a = const f32[100]{1";
  for (int i = 1; i < 100; ++i) graph += ",1";
  graph += R"(}
few = Einsum(a, a, a) equation="a,b,c->"
many = Einsum(a, a, a, a, a, a) equation="a,b,c,d,e,f->"
return few, many
)";
  Result<Graph> read = parse_graph(graph);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_TRUE(fold_constants(*read));
  const std::string folded = print(*read);
  EXPECT_NE(folded.find("few = const f32[]{1e+06}"), std::string::npos) << folded;
  EXPECT_NE(folded.find("many = Einsum("), std::string::npos) << folded;
}

TEST(FoldConstants, LeavesDequantizedWeightsAlone) {
  const std::string graph = R"(w = const i8[2]{1,-3}
s = const f32[]{0.5}
y = DequantizeLinear(w, s)
return y
)";
  EXPECT_EQ(after_pass(fold_constants, graph, {.rewrites = 0}), graph);
}

TEST(InlineIf, PutsTheTakenBranchInItsPlace) {
  EXPECT_EQ(after_pass(inline_if, R"(
x = input f32[2]
c = const bool[]{1}
y = If(c, x)
{
  x = input f32[2]
  two = const f32[]{2}
  t = Mul(x, two)
  return t
}
{
  x = input f32[2]
  e = Neg(x)
  return e
}
return y
)",
                       {.rewrites = 1}),
            R"(x = input f32[2]
two = const f32[]{2}
y = Mul(x, two)
return y
)");
}

TEST(InlineIf, KeepsAnIfWhoseConditionIsData) {
  EXPECT_NE(after_pass(inline_if, R"(
x = input f32[2]
c = input bool[]
y = If(c, x)
{
  x = input f32[2]
  t = Exp(x)
  return t
}
{
  x = input f32[2]
  e = Neg(x)
  return e
}
return y
)",
                       {.rewrites = 0})
                .find("If(c, x)"),
            std::string::npos);
}

}  // namespace
}  // namespace bolide
