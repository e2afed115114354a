#include <gtest/gtest.h>

#include "ir/graph.h"
#include "ir/text.h"
#include "ops/identity.h"

namespace bolide {
namespace {

constexpr std::string_view kChain = "x = input f32[n,2]\na = Identity(x)\nb = Identity(a)\nc = Identity(b)\nreturn c\n";

NodeId node_of(const Graph& graph, std::string_view value) { return graph.producer_id(*graph.find_value(value)); }

TEST(Patch, DroppedLeavesNoTrace) {
  Graph graph = *parse_graph(kChain);
  {
    Patch patch(graph, node_of(graph, "b"));
    const ValueId w = patch.constant("a", Tensor::scalar(1.0F));
    EXPECT_EQ(graph.value(w).name, "a.1");
    const ValueId y = *patch.add(Identity{}, {*graph.find_value("a")});
    patch.replace(*graph.find_value("b"), y);
  }
  EXPECT_EQ(print(graph), kChain);
  EXPECT_EQ(graph.node_slots(), 3U);
  EXPECT_EQ(graph.value_count(), 4U);
  EXPECT_EQ(graph.readers(*graph.find_value("a")).size(), 1U);
  EXPECT_EQ(graph.unique_name("a"), "a.1");
  EXPECT_TRUE(verify(graph));
}

TEST(Patch, ReplacesANodeInPlaceUnderItsOwnNames) {
  Graph graph = *parse_graph(kChain);
  Patch patch(graph, node_of(graph, "b"));
  const ValueId y = *patch.add(Identity{}, {*graph.find_value("x")});
  patch.replace(*graph.find_value("b"), y);
  std::move(patch).apply();
  EXPECT_EQ(print(graph), "x = input f32[n,2]\nb = Identity(x)\nc = Identity(b)\nreturn c\n");
  EXPECT_EQ(graph.node(node_of(graph, "b")).members, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(verify(graph));
}

TEST(Patch, KeepsTheNameOfAGraphOutput) {
  Graph graph = *parse_graph(kChain);
  Patch patch(graph, node_of(graph, "c"));
  const ValueId y = *patch.add(Identity{}, {*graph.find_value("a")});
  patch.replace(*graph.find_value("c"), y);
  std::move(patch).apply();
  EXPECT_EQ(print(graph), "x = input f32[n,2]\na = Identity(x)\nc = Identity(a)\nreturn c\n");
  EXPECT_EQ(graph.node(node_of(graph, "c")).members, (std::vector<std::string>{"b", "c"}));
}

TEST(Patch, GivesItsMembersToTheNodeThatTakesOverWhenItAddsNone) {
  Graph graph = *parse_graph("x = input f32[2]\na = Identity(x)\nb = Identity(x)\nc = Identity(b)\nreturn a, c\n");
  Patch patch(graph, node_of(graph, "b"));
  patch.replace(*graph.find_value("b"), *graph.find_value("a"));
  std::move(patch).apply();
  EXPECT_EQ(print(graph), "x = input f32[2]\na = Identity(x)\nc = Identity(a)\nreturn a, c\n");
  EXPECT_EQ(graph.node(node_of(graph, "a")).members, (std::vector<std::string>{"a", "b"}));
}

TEST(Patch, MayInsertANodeBehindAnother) {
  Graph graph = *parse_graph(kChain);
  Patch patch(graph, node_of(graph, "a"));
  const ValueId a = *graph.find_value("a");
  patch.replace(a, *patch.add(Identity{}, {a}));
  std::move(patch).apply();
  EXPECT_EQ(graph.node_count(), 4U);
  EXPECT_TRUE(verify(graph)) << verify(graph).error().message;
  EXPECT_EQ(graph.producer(*graph.find_value("b"))->inputs[0], *graph.find_value("a"));
  EXPECT_EQ(graph.producer(*graph.find_value("a"))->members, (std::vector<std::string>{"a"}));
}

TEST(Patch, PutsNewNodesWhereTheOldOneStood) {
  Graph graph = *parse_graph("x = input f32[2]\na = Identity(x)\nb = Identity(x)\nc = Identity(x)\nreturn a, b, c\n");
  Patch patch(graph, node_of(graph, "b"));
  const ValueId first = *patch.add(Identity{}, {*graph.find_value("x")});
  patch.replace(*graph.find_value("b"), *patch.add(Identity{}, {first}));
  std::move(patch).apply();
  EXPECT_EQ(print(graph),
            "x = input f32[2]\na = Identity(x)\nb/Identity = Identity(x)\n"
            "b = Identity(b/Identity) name=\"b/Identity.1\"\nc = Identity(x)\nreturn a, b, c\n");
}

TEST(Patch, KeepsAnOldNodeThatOthersStillRead) {
  Graph graph = *parse_graph("x = input f32[2]\na = Identity(x)\nb = Identity(a)\nreturn a, b\n");
  Patch patch(graph, node_of(graph, "b"));
  patch.replace(*graph.find_value("b"), *patch.add(Identity{}, {*graph.find_value("x")}));
  std::move(patch).apply();
  EXPECT_EQ(print(graph), "x = input f32[2]\na = Identity(x)\nb = Identity(x)\nreturn a, b\n");
  EXPECT_EQ(graph.node(node_of(graph, "b")).members, (std::vector<std::string>{"b"}));
}

TEST(Patch, ThatFailsToAddANodeCanBeDropped) {
  Graph graph = *parse_graph(kChain);
  {
    Patch patch(graph, node_of(graph, "b"));
    EXPECT_TRUE(patch.add(Identity{}, {*graph.find_value("a")}));
    EXPECT_FALSE(patch.add(Identity{}, {}));
  }
  EXPECT_EQ(print(graph), kChain);
}

constexpr std::string_view kTwice = R"(c = input bool[]
x = input f32[n]
a = NonZero(x)
b = NonZero(x)
d = Neg(b)
r = If(c, d)
{
  d = input i64[1,nonzero_2]
  p = Abs(d)
  return p
}
{
  d = input i64[1,nonzero_2]
  p = Neg(d)
  return p
}
return a, r
)";

/// The size of axis 1 of a value, and of the first body's input.
std::pair<std::string, std::string> lengths(const Graph& graph) {
  const Node& branch = graph.node(node_of(graph, "r"));
  const Graph& body = *branch.subgraphs[0];
  return {text(graph.value(branch.inputs[1]).type.shape), text(body.value(body.inputs()[0]).type.shape)};
}

TEST(Patch, SizesFollowTheValueThatTakesOver) {
  Graph graph = *parse_graph(kTwice);
  EXPECT_EQ(lengths(graph), std::pair(std::string("[1,nonzero_2]"), std::string("[1,nonzero_2]")));
  Patch patch(graph, node_of(graph, "b"));
  patch.replace(*graph.find_value("b"), *graph.find_value("a"));
  std::move(patch).apply();
  EXPECT_EQ(lengths(graph), std::pair(std::string("[1,nonzero_1]"), std::string("[1,nonzero_1]")));
  EXPECT_TRUE(verify(graph));
}

TEST(Graph, BodiesFollowWhenTypesAreDerivedAgain) {
  Graph graph = *parse_graph(kTwice);
  ASSERT_TRUE(graph.reinfer());
  const auto [outside, inside] = lengths(graph);
  EXPECT_EQ(outside, inside);
  EXPECT_NE(outside, "[1,nonzero_2]");
}

}  // namespace
}  // namespace bolide
