/// Q/DQ models of the shared folder: what is left in float after the pipeline.
#include "import/onnx/importer.h"
#include "interpret.h"
#include "ir/text.h"
#include "support/shared_models.h"

#include <algorithm>

namespace bolide {
namespace {

class IntegerModels : public test::SharedModels {};

bool has_bytes(const Graph& graph, const Node& node) {
  const auto is_byte = [&graph](ValueId id) {
    if (id == kNoValue) return false;
    const DataType type = graph.value(id).type.dtype;
    return type == DataType::kU8 || type == DataType::kI8;
  };
  return std::any_of(node.inputs.begin(), node.inputs.end(), is_byte) ||
         std::any_of(node.outputs.begin(), node.outputs.end(), is_byte);
}

TEST_F(IntegerModels, MobileNetHasNoFloatIslandButItsPooling) {
  const auto imported = import_onnx(models_ / "mobilenetv2_qdq" / "model.onnx");
  ASSERT_TRUE(imported) << imported.error().message;
  Graph graph = *imported;
  const auto report = run_pipeline(graph, {.verify = true});
  ASSERT_TRUE(report) << report.error().message;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    EXPECT_TRUE(has_bytes(graph, node) || node.op.name() == "Reduce") << node.name;
    EXPECT_NE(node.op.name(), "QuantizeLinear") << node.name;
    EXPECT_NE(node.op.name(), "DequantizeLinear") << node.name;
  }
  // 52 convolutions with all that follows them, the input's codes, pooling with its own, a reshape and the classifier.
  EXPECT_LE(graph.node_count(), 57U) << print(graph);
}

TEST_F(IntegerModels, KeywordSpottingGivesTheSameProbabilitiesInIntegersAndInFloat) {
  for (const std::string_view file : {"qdq.onnx", "qoperator.onnx"}) {
    const auto imported = import_onnx(models_ / "micro_kws" / file);
    ASSERT_TRUE(imported) << imported.error().message;
    const auto inputs = testing::random_inputs(*imported, {}, 3);
    ASSERT_TRUE(inputs) << inputs.error().message;
    const auto want = testing::interpret(*imported, *inputs);
    ASSERT_TRUE(want) << want.error().message;
    for (const bool integers : {true, false}) {
      Graph graph = *imported;
      PassOptions options;
      options.integers = integers;
      ASSERT_TRUE(run_pipeline(graph, options));
      const auto got = testing::interpret(graph, *inputs);
      ASSERT_TRUE(got) << got.error().message;
      EXPECT_EQ(testing::distance((*got)[0], (*want)[0]), 0) << file << (integers ? " in integers" : " in float");
    }
  }
}

}  // namespace
}  // namespace bolide
