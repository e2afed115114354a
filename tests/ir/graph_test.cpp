#include "ir/graph.h"

#include <gtest/gtest.h>

#include "ir/text.h"
#include "ops/identity.h"

namespace bolide {
namespace {

const TensorType kType{DataType::kF32, {Dim("n"), Dim(2)}};

Tensor two(float a, float b) {
  const std::array<float, 2> values = {a, b};
  return Tensor::of<float>(values);
}

Graph chain() {
  return *parse_graph("x = input f32[n,2]\na = Identity(x)\nb = Identity(a)\nc = Identity(b)\nreturn c\n");
}

TEST(Graph, RefusesASecondInputOfTheSameName) {
  Graph graph;
  ASSERT_TRUE(graph.add_input("x", kType));
  const auto again = graph.add_input("x", kType);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "input 'x': the name is taken");
}

TEST(Graph, RefusesAnOutputNameThatIsTaken) {
  Graph graph;
  const ValueId x = *graph.add_input("x", kType);
  const auto node = graph.add_node(Identity{}, {x}, "copy", {"x"});
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().message, "node 'copy': the value 'x' is produced twice");
  EXPECT_EQ(graph.node_count(), 0U);
  EXPECT_TRUE(graph.readers(x).empty());
}

TEST(Graph, NamesAConstantAnewWhenItsNameIsTaken) {
  Graph graph;
  const ValueId a = graph.add_constant("w", two(1, 2));
  const ValueId b = graph.add_constant("w", two(3, 4));
  const ValueId c = graph.add_constant("w", two(5, 6));
  EXPECT_EQ(graph.value(a).name, "w");
  EXPECT_EQ(graph.value(b).name, "w.1");
  EXPECT_EQ(graph.value(c).name, "w.2");
}

TEST(Graph, SaysWhichNodeHasTooManyInputs) {
  Graph graph;
  const ValueId x = *graph.add_input("x", kType);
  const auto node = graph.add(Identity{}, {x, x}, "copy");
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().message,
            "node 'copy' (Identity of f32[n,2], f32[n,2]): Identity: 2 inputs, where 1 to 1 are allowed");
}

TEST(Graph, OrderPutsProducersFirstWhateverTheOrderOfInsertion) {
  Graph graph = chain();
  // c now reads what a node added later makes.
  const ValueId late = *graph.add(Identity{}, {*graph.find_value("a")}, "late");
  graph.set_input(graph.producer_id(*graph.find_value("c")), 0, late);
  std::vector<std::string> names;
  for (const NodeId id : graph.order()) names.push_back(graph.node(id).name);
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "late", "c"}));
}

TEST(Graph, OrderKeepsANodeWhereItsPositionIs) {
  Graph graph = chain();
  const ValueId late = *graph.add(Identity{}, {*graph.find_value("x")}, "late");
  graph.node(graph.producer_id(late)).position = 0.5;
  std::vector<std::string> names;
  for (const NodeId id : graph.order()) names.push_back(graph.node(id).name);
  EXPECT_EQ(names, (std::vector<std::string>{"a", "late", "b", "c"}));
}

TEST(Graph, ReplacingAnOutputGivesItsNameToTheNewValue) {
  Graph graph = chain();
  const ValueId b = *graph.find_value("b");
  const ValueId c = *graph.find_value("c");
  graph.replace_uses(c, b);
  EXPECT_EQ(graph.value(graph.outputs()[0]).name, "c");
  EXPECT_EQ(graph.outputs()[0], b);
  EXPECT_EQ(graph.find_value("c"), b);
  EXPECT_EQ(graph.find_value("b"), c);
}

TEST(Graph, ReplacingAnOutputByAnInputKeepsBothNames) {
  Graph graph = *parse_graph("x = input f32[2]\ny = Identity(x)\nz = Identity(y)\nreturn y, z\n");
  graph.replace_uses(*graph.find_value("y"), *graph.find_value("x"));
  EXPECT_EQ(print(graph), "x = input f32[2]\ny = Identity(x)\nz = Identity(x)\nreturn y, z\n");
}

TEST(Graph, ReplacingAnOutputByAnotherOutputKeepsBothNames) {
  Graph graph = *parse_graph("x = input f32[2]\ny = Identity(x)\nz = Identity(x)\nreturn y, z\n");
  graph.replace_uses(*graph.find_value("z"), *graph.find_value("y"));
  EXPECT_EQ(graph.value(graph.outputs()[1]).name, "z");
}

TEST(Graph, CountsReadersAndOutputs) {
  Graph graph = *parse_graph("x = input f32[2]\ny = Identity(x)\nz = Identity(x)\nreturn y, z, x\n");
  EXPECT_EQ(graph.readers(*graph.find_value("x")).size(), 2U);
  EXPECT_EQ(graph.use_count(*graph.find_value("x")), 3);
  EXPECT_EQ(graph.use_count(*graph.find_value("y")), 1);
}

TEST(Graph, MakeConstantRemovesTheNodeThatProducedIt) {
  Graph graph = *parse_graph("x = input f32[2]\ny = Identity(x)\nz = Identity(y)\nreturn z\n");
  graph.make_constant(*graph.find_value("y"), two(3, 4));
  EXPECT_EQ(print(graph), "x = input f32[2]\ny = const f32[2]{3,4}\nz = Identity(y)\nreturn z\n");
  EXPECT_TRUE(graph.readers(*graph.find_value("x")).empty());
  EXPECT_TRUE(verify(graph));
}

TEST(Graph, ReinferFollowsAChangedInput) {
  Graph graph = chain();
  graph.value(graph.inputs()[0]).type.shape = {Dim(7), Dim(2)};
  ASSERT_TRUE(graph.reinfer());
  EXPECT_EQ(text(graph.value(graph.outputs()[0]).type), "f32[7,2]");
}

}  // namespace
}  // namespace bolide
