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
  std::string fusions;
  for (const PassReport::Fusion& fusion : report->fusions) {
    fusions += strings::join(fusion.pass, ": ", fusion.op, " '", fusion.node, "' does");
    for (const std::string& member : fusion.members) fusions += strings::join(" ", member);
    fusions += "\n";
  }
  EXPECT_EQ(fusions,
            "fuse-elementwise: Elementwise 'relu1' does shortcut relu1\n"
            "fuse-epilogue: Conv 'conv2' does conv2 relu2\n");
}

}  // namespace
}  // namespace bolide
