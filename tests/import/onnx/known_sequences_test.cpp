// What is taken out of sequences whose making a file shows: no node of sequences is left.
#include "interpret.h"
#include "model_text.h"
#include "passes/passes.h"
#include "tensor/number.h"

namespace bolide::onnx {
namespace {

/// y of the nodes for x = 1 2 3 / 4 5 6, as sizes and numbers, behind the operators that are needed for it.
std::string run(std::vector<OnnxNode> nodes) {
  Result<Graph> graph =
      imported(model(18, {.nodes = std::move(nodes),
                          .initializers = {ints("zero", {}, {0}), ints("one", {}, {1}), ints("two", {}, {2}),
                                           ints("last", {}, {-1}), ints("nine", {}, {9}), ints("parts", {2}, {1, 2})},
                          .inputs = {f32("x", {"2", "3"}), f32("z", {"n"}), value("k", DataType::kI64, {})},
                          .outputs = {output("y")}}));
  if (!graph) return problems_only(graph.error().message);
  const Tensors inputs = {Tensor::of<float>(std::vector<float>{1, 2, 3, 4, 5, 6}, Dims{2, 3}),
                          Tensor::of<float>(std::vector<float>{7}), Tensor::scalar(std::int64_t{1})};
  const Result<Tensors> results = testing::interpret(*graph, inputs);
  if (!results) return results.error().message;
  (void)remove_dead_nodes(*graph);
  std::string out;
  for (const NodeId id : graph->order()) out += strings::join(graph->node(id).op.name(), ' ');
  out += strings::join((*results)[0].dims());
  const std::vector<double> numbers = *to_f64((*results)[0]);
  for (const double number : numbers) out += strings::join(' ', static_cast<float>(number));
  return out;
}

TEST(KnownSequences, GiveTheValuesThatWerePutIn) {
  const OnnxNode make = node("SequenceConstruct", {"x", "z"}, {"s"});
  EXPECT_EQ(run({make, node("SequenceAt", {"s", "last"}, {"v"}), node("Neg", {"v"}, {"y"})}), "Neg [1] -7");
  const OnnxNode insert = node("SequenceInsert", {"s", "w", "last"}, {"t"});
  const OnnxNode small = node("Reciprocal", {"z"}, {"w"});
  EXPECT_EQ(run({make, small, insert, node("SequenceAt", {"t", "two"}, {"v"}), node("Neg", {"v"}, {"y"})}),
            "Neg [1] -7");
  const OnnxNode erase = node("SequenceErase", {"t", "zero"}, {"u"});
  EXPECT_EQ(run({make, node("Neg", {"z"}, {"w"}), insert, erase,
                 node("ConcatFromSequence", {"u"}, {"y"}, {attr("axis", 0)})}),
            "Neg Concat [2] -7 7");
}

TEST(KnownSequences, OfPiecesAreSlices) {
  const OnnxNode halves = node("SplitToSequence", {"x", "two"}, {"s"}, {attr("axis", 1)});
  EXPECT_EQ(run({halves, node("SequenceAt", {"s", "one"}, {"y"})}), "Slice [2,1] 3 6");
  const OnnxNode parts = node("SplitToSequence", {"x", "parts"}, {"s"}, {attr("axis", -1)});
  EXPECT_EQ(run({parts, node("SequenceAt", {"s", "last"}, {"y"})}), "Slice [2,2] 2 3 5 6");
  const OnnxNode rows = node("SplitToSequence", {"x"}, {"s"}, {attr("axis", 1), attr("keepdims", 0)});
  EXPECT_EQ(run({rows, node("SequenceAt", {"s", "two"}, {"y"})}), "Slice Squeeze [2] 3 6");
  EXPECT_EQ(run({rows, node("ConcatFromSequence", {"s"}, {"y"}, {attr("axis", 0), attr("new_axis", 1)})}).substr(0, 13),
            "Slice Squeeze");
}

TEST(KnownSequences, StayWhereTheDataDecide) {
  const OnnxNode make = node("SequenceConstruct", {"z", "z"}, {"s"});
  EXPECT_EQ(run({make, node("SequenceAt", {"s", "k"}, {"y"})}), "SequenceConstruct SequenceAt [1] 7");
  EXPECT_NE(run({make, node("SequenceAt", {"s", "nine"}, {"y"})}).find("position 9 is outside of a sequence of 2"),
            std::string::npos);
}

TEST(KnownSequences, OfSeveralRanksNeedAKnownPosition) {
  const OnnxNode make = node("SequenceConstruct", {"x", "z"}, {"s"});
  EXPECT_NE(run({make, node("SequenceAt", {"s", "k"}, {"y"})}).find("differ in rank"), std::string::npos);
}

}  // namespace
}  // namespace bolide::onnx
