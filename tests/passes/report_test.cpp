#include "interpret.h"
#include "ir/text.h"

namespace bolide {
namespace {

TEST(Report, NamesEveryFusionWithItsMembers) {
  Graph graph = *parse_graph(R"g(x = input f32[n,2,4,4]
w = const f32[1,2,1,1]{1,2}
c = Conv(x, w) name="conv1"
s = Add(c, x) name="shortcut"
y = Relu(s) name="relu1"
v = const f32[1,2,1,1]{3,4}
d = Conv(y, v) name="conv2"
z = Relu(d) name="relu2"
return z, y
)g");
  const auto report = run_pipeline(graph);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(fusions_text(*report),
            "fuse-elementwise: Elementwise 'relu1' does shortcut and relu1\n"
            "fuse-epilogue: Conv 'conv2' does conv2 and relu2\n");
}

TEST(Report, CountsWhatPassesFound) {
  PassReport report;
  report.passes = {{"fold-constants", 2, 0, 0.5}, {"fuse-epilogue", 1, 1, 0.26}, {"nest-concats", 1, 3, 12}};
  EXPECT_EQ(passes_text(report), "fuse-epilogue: 1 rewrite in 0.3 ms\nnest-concats: 3 rewrites in 12 ms\n");
}

}  // namespace
}  // namespace bolide
