#include "passes/pipeline.h"

#include "interpret.h"
#include "ir/text.h"

namespace bolide {
namespace {

constexpr std::string_view kDeadNode = R"(x = input f32[4]
a = Relu(x)
y = Neg(x)
return y
)";

TEST(Pipeline, ReportsRewritesByPass) {
  Graph graph = *parse_graph(kDeadNode);
  const auto report = run_pipeline(graph, {.verify = true});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rewrites(), 1);
  for (const PassReport::Entry& entry : report->passes) {
    EXPECT_EQ(entry.rewrites, entry.pass == "remove-dead-nodes" ? 1 : 0) << entry.pass;
    EXPECT_GE(entry.runs, 1) << entry.pass;
  }
}

TEST(Pipeline, SkipsPassesByName) {
  Graph graph = *parse_graph(kDeadNode);
  const auto report = run_pipeline(graph, {.skip = {"remove-dead-nodes"}});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(print(graph), kDeadNode);
}

TEST(Pipeline, RefusesAnUnknownNameToSkip) {
  Graph graph = *parse_graph(kDeadNode);
  const auto report = run_pipeline(graph, {.skip = {"remove-dead-node"}});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::kNotFound);
}

TEST(Pipeline, StopsWhenTheProgressCallbackSaysSo) {
  Graph graph = *parse_graph(kDeadNode);
  const auto report = run_pipeline(graph, {.progress = [](std::string_view, int) { return false; }});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::kCancelled);
}

TEST(Pipeline, DumpsTheGraphAroundPassesThatChangeIt) {
  Graph graph = *parse_graph(kDeadNode);
  std::vector<std::string> seen;
  PassOptions options;
  options.dump = [&seen](std::string_view pass, std::string_view when, const std::string& text) {
    seen.push_back(strings::join(pass, " ", when, "\n", text));
  };
  ASSERT_TRUE(run_pipeline(graph, options));
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0], strings::join("remove-dead-nodes before\n", kDeadNode));
  EXPECT_EQ(seen[1], "remove-dead-nodes after\nx = input f32[4]\ny = Neg(x)\nreturn y\n");
}

TEST(Pipeline, EveryPassHasOneNameInKebabCase) {
  for (const std::string_view name : pass_names()) {
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-0123456789"), std::string_view::npos) << name;
    EXPECT_TRUE(find_pass(name)) << name;
  }
}

}  // namespace
}  // namespace bolide
