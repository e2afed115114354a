#include "interpret.h"
#include "passes/passes.h"

namespace bolide {
namespace {

using testing::after_pass;
using testing::after_pipeline;

TEST(MergeReshapes, MakesOneOfAChainAndWritesNumbers) {
  EXPECT_EQ(after_pass(merge_reshapes, R"(
x = input f32[batch,128,768]
shape = Shape(x) end=2
rest = const i64[2]{12,64}
sizes = Concat(shape, rest) axis=0
a = Unsqueeze(x) axes=[0]
b = Squeeze(a) axes=[0]
y = Reshape(b, sizes)
return y
)",
                       {.bindings = {{"batch", 2}}}),
            R"(x = input f32[batch,128,768]
sizes.3 = const i64[4]{0,128,12,64}
y = Reshape(x, sizes.3)
return y
)");
}

TEST(MergeReshapes, LeavesOutReshapesThatOthersRead) {
  EXPECT_EQ(after_pass(merge_reshapes, R"(
x = input f32[2,3]
a = Unsqueeze(x) axes=[0]
e = Exp(a)
b = Squeeze(a) axes=[0]
f = Exp(b)
return e, f
)"),
            R"(x = input f32[2,3]
sizes = const i64[3]{1,2,3}
a = Reshape(x, sizes)
e = Exp(a)
sizes.1 = const i64[2]{2,3}
b = Reshape(x, sizes.1)
f = Exp(b)
return e, f
)");
}

TEST(BoundSelections, OnlyASliceWaitsForTheCount) {
  EXPECT_EQ(after_pass(bound_selections, R"(
boxes = input f32[2,50,4]
scores = input f32[2,3,50]
most = const i64[1]{7}
overlap = const f32[1]{0.5}
kept = NonMaxSuppression(boxes, scores, most, overlap) center_point_box=true
two = const i64[]{2}
y = Gather(kept, two) axis=1
return y
)",
                       {.rewrites = 1}),
            R"(boxes = input f32[2,50,4]
scores = input f32[2,3,50]
most = const i64[1]{7}
overlap = const f32[1]{0.5}
kept/NonMaxSuppression, kept/NonMaxSuppression:1 = NonMaxSuppression(boxes, scores, most, overlap) center_point_box=true slots=7
first = const i64[1]{0}
kept = Slice(kept/NonMaxSuppression, first, kept/NonMaxSuppression:1, first) name="kept/Slice"
two = const i64[]{2}
y = Gather(kept, two) axis=1
return y
)");
}

TEST(BoundSelections, StayWhereSlotsWouldBeMany) {
  for (const char* sizes : {"1,2000,4] f32[1,200,2000]", "n,k,4] f32[n,c,k]"}) {
    const std::string_view both(sizes);
    const std::string graph = strings::join("boxes = input f32[", both.substr(0, both.find(' ')), "\nscores = input ",
                                            both.substr(both.find(' ') + 1),
                                            "\nmost = const i64[1]{5000}\n"
                                            "y = NonMaxSuppression(boxes, scores, most)\nreturn y\n");
    EXPECT_EQ(after_pass(bound_selections, graph, {.rewrites = 0}), graph);
  }
  // Without a number none are selected.
  const std::string none =
      "boxes = input f32[1,9,4]\nscores = input f32[1,2,9]\ny = NonMaxSuppression(boxes, "
      "scores)\nreturn y\n";
  EXPECT_EQ(after_pass(bound_selections, none, {.rewrites = 0}), none);
}

TEST(BoundSelections, NamedSizesAndComputedNumbersAreTakenWhereOneClassIsAsked) {
  EXPECT_EQ(after_pass(bound_selections, R"(
boxes = input f32[n,k,4]
scores = input f32[n,1,k]
most = input i64[1]
y = NonMaxSuppression(boxes, scores, most)
return y
)",
                       {.bindings = {{"n", 2}, {"k", 9}}, .rewrites = 1}),
            R"(boxes = input f32[n,k,4]
scores = input f32[n,1,k]
most = input i64[1]
y/NonMaxSuppression, y/NonMaxSuppression:1 = NonMaxSuppression(boxes, scores, most) slots=2147483648
first = const i64[1]{0}
y = Slice(y/NonMaxSuppression, first, y/NonMaxSuppression:1, first) name="y/Slice"
return y
)");
}

TEST(FoldSizes, TurnsAnUpsamplingClusterIntoOneResize) {
  EXPECT_EQ(after_pipeline(R"(
x = input f32[batch,4,height,width]
shape = Shape(x)
two = const i64[]{2}
three = const i64[]{3}
factor = const i64[]{2}
zero = const i64[1]{0}
end = const i64[1]{2}
h = Gather(shape, two)
w = Gather(shape, three)
h2 = Mul(h, factor)
w2 = Mul(w, factor)
hi = Cast(h2) to=i64
hu = Unsqueeze(hi) axes=[0]
wu = Unsqueeze(w2) axes=[0]
hw = Concat(hu, wu) axis=0
nc = Slice(shape, zero, end, zero)
sizes = Concat(nc, hw) axis=0
y = Resize(x, _, _, sizes) coordinates=asymmetric nearest_mode=floor
return y
)"),
            R"(x = input f32[batch,4,height,width]
scales = const f32[4]{1,1,2,2}
y = Resize(x, _, scales) coordinates=asymmetric nearest_mode=floor
return y
)");
}

TEST(FoldSizes, ResizesOnlyTheAxesThatChangeToNumbers) {
  EXPECT_EQ(after_pipeline(R"(
x = input f32[batch,4,7,8]
batch = Shape(x) end=2
hw = const i64[2]{9,9}
sizes = Concat(batch, hw) axis=0
y = Resize(x, _, _, sizes) mode=linear
return y
)"),
            R"(x = input f32[batch,4,7,8]
sizes.1 = const i64[2]{9,9}
y = Resize(x, _, _, sizes.1) mode=linear axes=[2,3]
return y
)");
}

TEST(FoldSizes, KeepsComputedSizesThatAreNoMultiple) {
  EXPECT_NE(after_pass(fold_sizes, R"(
x = input f32[1,1,height,width]
like = input f32[1,1,a,b]
sizes = Shape(like)
y = Resize(x, _, _, sizes) coordinates=asymmetric nearest_mode=floor
return y
)",
                       {.bindings = {{"a", 5}}, .rewrites = 0})
                .find("Resize(x, _, _, sizes)"),
            std::string::npos);
}

TEST(FoldSizes, SlicesToTheEndWithoutKnowingIt) {
  EXPECT_EQ(after_pipeline(R"(
x = input f32[batch,seq]
shape = Shape(x) start=1
start = const i64[1]{1}
axis = const i64[1]{1}
y = Slice(x, start, shape, axis)
return y
)"),
            R"(x = input f32[batch,seq]
start = const i64[1]{1}
sizes = const i64[1]{9223372036854775807}
y = Slice(x, start, sizes, start)
return y
)");
}

TEST(DropExpands, ElementwiseReadersBroadcastByThemselves) {
  EXPECT_EQ(after_pipeline(R"(
x = input f32[batch,2,3]
table = const f32[2,3]{1,2,3,4,5,6}
ids = const i64[1,2]{1,0}
shape = Shape(x) end=2
wide = Expand(ids, shape)
rows = Gather(table, wide)
y = Add(x, rows)
return y
)"),
            R"(x = input f32[batch,2,3]
y/Gather = const f32[1,2,3]{4,5,6,1,2,3}
y = Add(x, y/Gather) name="y/Add"
return y
)");
}

TEST(DropExpands, KeepsAnExpandThatGivesTheResultItsSizes) {
  const std::string graph = R"(x = input f32[1,3]
like = input f32[batch,3]
shape = Shape(like)
wide = Expand(x, shape)
y = Add(wide, x)
return y
)";
  EXPECT_EQ(after_pass(drop_expands, graph, {.rewrites = 0}), graph);
}

TEST(FoldSizes, BuildsSizesFromTheInputs) {
  EXPECT_EQ(after_pipeline(R"(
x = input f32[batch,4]
token = input f32[1,1,4]
e = Exp(x)
shape = Shape(e)
zero = const i64[]{0}
n = Gather(shape, zero)
u = Unsqueeze(n) axes=[0]
rest = const i64[2]{5,-1}
all = Concat(u, rest) axis=0
minus = const i64[]{-1}
one = const i64[3]{1,1,1}
open = Equal(all, minus)
sizes = Where(open, one, all)
y = Expand(token, sizes)
return y
)"),
            R"(x = input f32[batch,4]
token = input f32[1,1,4]
sizes/Shape = Shape(x) end=1
sizes.1 = const i64[2]{5,1}
sizes = Concat(sizes/Shape, sizes.1) name="sizes/Concat"
y = Expand(token, sizes)
return y
)");
}

TEST(MergePads, GivesThePaddingToTheConvolution) {
  EXPECT_EQ(after_pass(merge_pads, R"(
x = input f32[1,1,3,3]
w = const f32[1,1,2,2]{1,2,3,4}
p = const i64[8]{0,0,1,0,0,0,1,2}
a = Pad(x, p)
y = Conv(a, w) pads=[0,1,0,1]
return y
)",
                       {.rewrites = 1}),
            R"(x = input f32[1,1,3,3]
w = const f32[1,1,2,2]{1,2,3,4}
y = Conv(x, w) pads=[1,1,1,3]
return y
)");
}

TEST(MergePads, KeepsPaddingWithAnotherNumber) {
  const std::string graph = R"(x = input f32[1,1,3,3]
p = const i64[8]{0,0,1,0,0,0,1,2}
v = const f32[]{1}
a = Pad(x, p, v)
w = const f32[1,1,2,2]{1,2,3,4}
y = Conv(a, w)
return y
)";
  EXPECT_EQ(after_pass(merge_pads, graph, {.rewrites = 0}), graph);
}

}  // namespace
}  // namespace bolide
