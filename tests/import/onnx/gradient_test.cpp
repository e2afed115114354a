// Gradient of ai.onnx.preview.training: the gradients of small formulas, worked out by hand.
#include "interpret.h"
#include "model_text.h"
#include "tensor/number.h"

#include <cstdio>

namespace bolide::onnx {
namespace {

Tensor numbers(Dims dims, std::vector<float> values) { return Tensor::of<float>(values, std::move(dims)); }

struct Case {
  std::vector<OnnxNode> nodes;  ///< that make y
  std::vector<std::pair<std::string_view, Tensor>> inputs;
  std::vector<std::string_view> xs;
  std::vector<std::string_view> at = {};  ///< the inputs of Gradient; xs by default
  std::int64_t opset = 12;
};

OnnxAttribute texts(std::string_view name, std::vector<std::string_view> values) {
  return {.name = name, .kind = OnnxAttribute::Kind::kStrings, .strings = std::move(values)};
}

/// "2,4 1": the gradients of the sum of y, or the error.
std::string gradients(const Case& given) {
  OnnxGraph graph;
  Tensors values;
  for (const auto& [name, tensor] : given.inputs) {
    OnnxValueInfo info = value(name, tensor.dtype(), {});
    for (const std::int64_t size : tensor.dims()) {
      info.type.dims->push_back({});
      info.type.dims->back().value = size;
    }
    graph.inputs.push_back(info);
    values.push_back(tensor);
  }
  const std::vector<std::string> names = {"g0", "g1", "g2"};
  std::vector<std::string_view> outputs(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(given.xs.size()));
  for (const std::string_view name : outputs) graph.outputs.push_back(output(name));
  graph.nodes = given.nodes;
  graph.nodes.push_back(
      node("Gradient", given.at.empty() ? given.xs : given.at, outputs, {texts("xs", given.xs), attr("y", "y")}));
  graph.nodes.back().domain = "ai.onnx.preview.training";
  OnnxModel whole = model(given.opset, std::move(graph));
  whole.opset_imports.emplace("ai.onnx.preview.training", 1);
  const Result<Graph> imported_graph = imported(whole);
  if (!imported_graph) return problems_only(imported_graph.error().message);
  const Result<Tensors> results = testing::interpret(*imported_graph, values);
  if (!results) return results.error().message;
  std::string out;
  for (const Tensor& result : *results) {
    if (!out.empty()) out += ' ';
    for (std::size_t i = 0; i < to_f64(result)->size(); ++i) {
      char text[32];
      (void)std::snprintf(text, sizeof text, i == 0 ? "%.4g" : ",%.4g", (*to_f64(result))[i]);
      out += text;
    }
  }
  return out;
}

TEST(Gradient, AddsUpAllWaysToAValue) {
  // y = (a + b) * a
  EXPECT_EQ(gradients({.nodes = {node("Add", {"a", "b"}, {"c"}), node("Mul", {"c", "a"}, {"y"})},
                       .inputs = {{"a", numbers({2}, {1, 2})}, {"b", numbers({2}, {3, 5})}},
                       .xs = {"a", "b"}}),
            "5,9 1,2");
}

TEST(Gradient, SumsWhereAnInputWasBroadcast) {
  EXPECT_EQ(gradients({.nodes = {node("Mul", {"a", "b"}, {"y"})},
                       .inputs = {{"a", numbers({2, 2}, {1, 2, 3, 4})}, {"b", numbers({2}, {5, 6})}},
                       .xs = {"b", "a"}}),
            "4,6 5,6,5,6");
}

TEST(Gradient, IsTakenAtTheNodesInputs) {
  EXPECT_EQ(gradients({.nodes = {node("Mul", {"a", "a"}, {"y"}), node("Neg", {"a"}, {"other"})},
                       .inputs = {{"a", numbers({1}, {3})}},
                       .xs = {"a"},
                       .at = {"other"}}),
            "-6");
}

TEST(Gradient, OfProductsAndMovedElements) {
  EXPECT_EQ(gradients({.nodes = {node("Transpose", {"a"}, {"t"}), node("MatMul", {"t", "b"}, {"y"})},
                       .inputs = {{"a", numbers({2, 1}, {1, 2})}, {"b", numbers({2, 3}, {1, 2, 3, 4, 5, 6})}},
                       .xs = {"a", "b"}}),
            "6,15 1,1,1,2,2,2");
  EXPECT_EQ(gradients({.nodes = {node("Concat", {"a", "b"}, {"c"}, {attr("axis", 0)}), node("Mul", {"c", "c"}, {"y"})},
                       .inputs = {{"a", numbers({1}, {1})}, {"b", numbers({2}, {2, 3})}},
                       .xs = {"b"}}),
            "4,6");
}

TEST(Gradient, ReturnsToWhereElementsCameFrom) {
  const Case pooled = {
      .nodes = {node("MaxPool", {"a"}, {"m"}, {attr("kernel_shape", Dims{2})}), node("Mul", {"m", "m"}, {"y"})},
      .inputs = {{"a", numbers({1, 1, 4}, {1, 7, 2, 5})}},
      .xs = {"a"}};
  EXPECT_EQ(gradients(pooled), "0,28,0,10");
  const Case tiled = {.nodes = {node("Tile", {"a", "r"}, {"y"})},
                      .inputs = {{"a", numbers({2}, {1, 2})}, {"r", Tensor::of<std::int64_t>(Dims{3}, Dims{1})}},
                      .xs = {"a"}};
  EXPECT_EQ(gradients(tiled), "3,3");
}

TEST(Gradient, OfConvolutions) {
  // Windows {a0, a1} and {a2, a3} of 4 numbers and one that no window reads.
  EXPECT_EQ(gradients({.nodes = {node("Conv", {"a", "w", "b"}, {"y"}, {attr("strides", Dims{2})})},
                       .inputs = {{"a", numbers({1, 1, 5}, {1, 2, 3, 4, 5})},
                                  {"w", numbers({1, 1, 2}, {10, 20})},
                                  {"b", numbers({1}, {7})}},
                       .xs = {"a", "w", "b"}}),
            "10,20,10,20,0 4,6 2");
}

TEST(Gradient, OfMeansInWindows) {
  const auto pooled = [](std::vector<OnnxAttribute> attributes, bool squared) {
    attributes.push_back(attr("kernel_shape", Dims{2}));
    return gradients({.nodes = {node("AveragePool", {"a"}, {"m"}, attributes),
                                node(squared ? "Mul" : "Max", {"m", "m"}, {squared ? "y" : "unused"}),
                                node("Identity", {"m"}, {squared ? "other" : "y"})},
                      .inputs = {{"a", numbers({1, 1, 3}, {1, 3, 5})}},
                      .xs = {"a"}});
  };
  EXPECT_EQ(pooled({}, true), "2,6,4");  // of 2^2 and 4^2, where 2 = (1 + 3) / 2 and 4 = (3 + 5) / 2
  EXPECT_EQ(pooled({attr("pads", Dims{1, 0})}, false), "1.5,1,0.5") << "the first mean is of one number";
  EXPECT_EQ(pooled({attr("pads", Dims{1, 0}), attr("count_include_pad", 1)}, false), "1,1,0.5");
}

TEST(Gradient, OfReductionsAndSoftmax) {
  EXPECT_EQ(gradients({.nodes = {node("ReduceMean", {"a"}, {"y"}, {attr("axes", Dims{1}), attr("keepdims", 0)})},
                       .inputs = {{"a", numbers({1, 4}, {1, 2, 3, 4})}},
                       .xs = {"a"}}),
            "0.25,0.25,0.25,0.25");
  // softmax(0, 0) = 1/2 each, so that d y0 / d a = (1/4, -1/4); weights 2 and 0
  EXPECT_EQ(gradients({.nodes = {node("Softmax", {"a"}, {"s"}, {attr("axis", 1)}), node("Mul", {"s", "w"}, {"y"})},
                       .inputs = {{"a", numbers({1, 2}, {0, 0})}, {"w", numbers({1, 2}, {2, 0})}},
                       .xs = {"a"}}),
            "0.5,-0.5");
}

TEST(Gradient, IsZeroWithoutAWayAndNamesWhatHasNone) {
  EXPECT_EQ(gradients({.nodes = {node("Neg", {"a"}, {"y"})},
                       .inputs = {{"a", numbers({1}, {1})}, {"b", numbers({2}, {1, 1})}},
                       .xs = {"a", "b"}}),
            "-1 0,0");
  EXPECT_NE(gradients({.nodes = {node("CumSum", {"a", "k"}, {"y"})},
                       .inputs = {{"a", numbers({1}, {1})}, {"k", *cast(numbers({}, {0}), DataType::kF32)}},
                       .xs = {"a"}})
                .find("CumSum"),
            std::string::npos);
}

}  // namespace
}  // namespace bolide::onnx
