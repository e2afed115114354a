// The forms in which exporters write views, flattenings, interpolation and torch.gather: all import without an edit of
// the model, mean the same, and leave no arithmetic on sizes behind.
#include "interpret.h"
#include "model_text.h"
#include "passes/pipeline.h"

namespace bolide::onnx {
namespace {

Graph optimised(OnnxModel from) {
  Result<Graph> graph = imported(from);
  EXPECT_TRUE(graph) << graph.error().message;
  if (!graph) std::abort();
  EXPECT_TRUE(run_pipeline(*graph, {}));
  return *std::move(graph);
}

std::string operators(const Graph& graph) {
  std::string out;
  for (const NodeId id : graph.order()) out += strings::join(out.empty() ? "" : " ", graph.node(id).op.name());
  return out;
}

std::string output_type(const Graph& graph) { return text(graph.value(graph.outputs()[0]).type); }

/// A reshape of x f32[batch,4,2,3] to what `nodes` compute as `target`.
Graph view(std::vector<OnnxNode> nodes, std::vector<OnnxTensor> initializers) {
  nodes.push_back(node("Reshape", {"x", "target"}, {"y"}));
  return optimised(model(11, {.nodes = std::move(nodes),
                              .initializers = std::move(initializers),
                              .inputs = {f32("x", {"batch", "4", "2", "3"})},
                              .outputs = {output("y")}}));
}

std::vector<OnnxNode> batch_and(std::string_view rest) {
  return {node("Shape", {"x"}, {"shape"}), node("Gather", {"shape", "zero"}, {"batch"}, {attr("axis", 0)}),
          node("Unsqueeze", {"batch"}, {"batches"}, {attr("axes", Dims{0})}),
          node("Concat", {"batches", rest}, {"target"}, {attr("axis", 0)})};
}

TEST(ExportedForms, OfFlatteningStayBatchDynamic) {
  const Graph flatten = optimised(model(11, {.nodes = {node("Flatten", {"x"}, {"y"}, {attr("axis", 1)})},
                                             .inputs = {f32("x", {"batch", "4", "2", "3"})},
                                             .outputs = {output("y")}}));
  EXPECT_EQ(output_type(flatten), "f32[batch,24]");
  for (const Dims& target : {Dims{-1, 24}, Dims{0, -1}, Dims{0, 24}}) {
    const Graph graph = view({}, {ints("target", {2}, target)});
    EXPECT_EQ(output_type(graph), "f32[batch,24]") << strings::join(target);
    EXPECT_EQ(operators(graph), "Reshape");
  }
  EXPECT_EQ(output_type(view({}, {ints("target", {3}, {0, 0, -1})})), "f32[batch,4,6]") << "flatten(2)";
}

TEST(ExportedForms, OfViewWithAComputedBatchLeaveNoNodesOfSizes) {
  const std::vector<OnnxTensor> constants = {ints("zero", {}, {0}), ints("rest", {1}, {-1}),
                                             ints("known", {2}, {8, 3})};
  const Graph as_int = view({}, {ints("target", {2}, {-1, 24})});
  const Graph computed = view(batch_and("rest"), constants);
  EXPECT_EQ(operators(computed), "Reshape");
  EXPECT_EQ(output_type(computed), output_type(as_int));
  EXPECT_EQ(operators(view(batch_and("known"), constants)), "Reshape");
}

TEST(ExportedForms, OfViewInferMinusOneAnywhere) {
  EXPECT_EQ(output_type(view({}, {ints("target", {4}, {0, 2, -1, 3})})), "f32[batch,2,4,3]");
  const std::string two = import_text(model(11, {.nodes = {node("Reshape", {"x", "target"}, {"y"})},
                                                 .initializers = {ints("target", {3}, {-1, -1, 3})},
                                                 .inputs = {f32("x", {"batch", "4", "3"})},
                                                 .outputs = {output("y")}}));
  EXPECT_NE(two.find("node 0 'y' (Reshape, ai.onnx 11, output 'y')"), std::string::npos) << two;
}

/// interpolate(mode="bilinear", align_corners=True) to twice the size, exported at operator set 11.
Graph interpolated(bool by_size) {
  const std::vector<OnnxAttribute> attributes = {attr("coordinate_transformation_mode", "align_corners"),
                                                 attr("mode", "linear")};
  std::vector<OnnxNode> nodes;
  if (by_size) {
    nodes = {node("Shape", {"x"}, {"shape"}), node("Slice", {"shape", "begin", "end", "axis"}, {"kept"}),
             node("Concat", {"kept", "wanted"}, {"sizes"}, {attr("axis", 0)}),
             node("Resize", {"x", "roi", "none", "sizes"}, {"y"}, attributes)};
  } else {
    nodes = {node("Resize", {"x", "roi", "scales"}, {"y"}, attributes)};
  }
  return optimised(
      model(11, {.nodes = std::move(nodes),
                 .initializers = {floats("roi", {0}, {}), floats("none", {0}, {}), floats("scales", {4}, {1, 1, 2, 2}),
                                  ints("begin", {1}, {0}), ints("end", {1}, {2}), ints("axis", {1}, {0}),
                                  ints("wanted", {2}, {4, 6})},
                 .inputs = {f32("x", {"batch", "1", "2", "3"})},
                 .outputs = {output("y")}}));
}

TEST(ExportedForms, OfInterpolateBySizeAndByScaleAreEqual) {
  const Tensor x = Tensor::of<float>(std::vector<float>{1, 2, 3, 4, 5, 6}, Dims{1, 1, 2, 3});
  for (const bool by_size : {false, true}) {
    const Graph graph = interpolated(by_size);
    EXPECT_EQ(operators(graph), "Resize");
    EXPECT_EQ(output_type(graph), "f32[batch,1,4,6]");
    const Result<Tensors> y = testing::interpret(graph, Tensors{x});
    ASSERT_TRUE(y) << y.error().message;
    for (std::size_t i = 0; i < 24; ++i) {
      const float row = static_cast<float>(i / 6);
      const float column = static_cast<float>(i % 6);
      EXPECT_NEAR((*y)[0].span<float>()[i], 1 + row + 0.4F * column, 1e-5) << i;  // a plane stays a plane
    }
  }
}

/// torch.gather(data, axis, index) on sizes that only a run knows.
Result<Tensors> gathered(const Tensor& data, const Tensor& index, std::int64_t axis) {
  const Result<Graph> graph =
      imported(model(11, {.nodes = {node("GatherElements", {"data", "index"}, {"y"}, {attr("axis", axis)})},
                          .inputs = {f32("data", {"h", "w"}), value("index", DataType::kI64, {"m", "n"})},
                          .outputs = {output("y")}}));
  EXPECT_TRUE(graph) << graph.error().message;
  return testing::interpret(*graph, Tensors{data, index});
}

TEST(ExportedForms, OfGatherTakeEveryAxisAndNegativeIndices) {
  const auto f32s = [](Dims dims, std::vector<float> values) { return Tensor::of<float>(values, std::move(dims)); };
  const auto i64s = [](Dims dims, Dims values) { return Tensor::of<std::int64_t>(values, std::move(dims)); };
  const Tensor two = f32s({2, 2}, {1, 2, 3, 4});
  const Tensor three = f32s({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ((*gathered(two, i64s({2, 2}, {0, 0, 1, 0}), 1))[0], f32s({2, 2}, {1, 1, 4, 3}));
  EXPECT_EQ((*gathered(three, i64s({2, 3}, {1, 2, 0, 2, 0, 0}), 0))[0], f32s({2, 3}, {4, 8, 3, 7, 2, 3}));
  EXPECT_EQ((*gathered(three, i64s({2, 3}, {-2, -1, -3, -1, -3, -3}), -2))[0], f32s({2, 3}, {4, 8, 3, 7, 2, 3}));
}

TEST(ExportedForms, OfFunctionsMayBeOverloaded) {
  OnnxModel overloaded = model(13, {.inputs = {f32("x", {"2"})}, .outputs = {output("y")}});
  OnnxNode one = node("F", {"x"}, {"a"});
  OnnxNode other = node("F", {"a"}, {"y"});
  one.domain = other.domain = "local";
  other.overload = "second";
  overloaded.graph.nodes = {one, other};
  overloaded.opset_imports.emplace("local", 1);
  for (const std::string_view overload : {"", "second"}) {
    overloaded.functions.push_back({.name = "F",
                                    .domain = "local",
                                    .overload = overload,
                                    .inputs = {"v"},
                                    .outputs = {"w"},
                                    .nodes = {node(overload.empty() ? "Relu" : "Neg", {"v"}, {"w"})},
                                    .opset_imports = {{"", 13}}});
  }
  EXPECT_EQ(operators(*imported(overloaded)), "Relu Neg");
  overloaded.functions[1].overload = "";
  EXPECT_NE(import_text(overloaded).find("function local:F is defined twice"), std::string::npos);
}

}  // namespace
}  // namespace bolide::onnx
