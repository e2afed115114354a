#include <gtest/gtest.h>

#include "ir/graph.h"
#include "ir/text.h"
#include "ops/identity.h"

namespace bolide {
namespace {

Graph chain() { return *parse_graph("x = input f32[n,2]\na = Identity(x)\nb = Identity(a)\nreturn b\n"); }

std::string problem(const Graph& graph) {
  const Status status = verify(graph);
  return status ? "none" : status.error().message;
}

TEST(Verify, AcceptsAGoodGraph) { EXPECT_EQ(problem(chain()), "none"); }

TEST(Verify, ReportsACycle) {
  Graph graph = chain();
  graph.set_input(graph.producer_id(*graph.find_value("a")), 0, *graph.find_value("b"));
  EXPECT_EQ(problem(graph), "the graph has a cycle: 2 of 2 nodes depend on themselves");
}

TEST(Verify, ReportsAnInputThatNothingProduces) {
  Graph graph = chain();
  graph.erase_node(graph.producer_id(*graph.find_value("a")));
  EXPECT_EQ(problem(graph), "node 'b' reads 'a', which nothing produces");
}

TEST(Verify, ReportsAnOutputThatNothingProduces) {
  Graph graph = chain();
  graph.erase_node(graph.producer_id(*graph.find_value("b")));
  EXPECT_EQ(problem(graph), "nothing produces output 'b'");
}

TEST(Verify, ReportsATypeThatDoesNotFollowFromTheInputs) {
  Graph graph = chain();
  graph.value(*graph.find_value("a")).type.dtype = DataType::kF16;
  EXPECT_EQ(problem(graph), "node 'a': 'a' is f16[n,2] but its inputs make it f32[n,2]");
}

TEST(Verify, ReportsAReaderThatIsNotListed) {
  Graph graph = chain();
  graph.node(graph.producer_id(*graph.find_value("b"))).inputs[0] = *graph.find_value("x");
  EXPECT_EQ(problem(graph), "node 'b' is not among the readers of 'x'");
}

}  // namespace
}  // namespace bolide
