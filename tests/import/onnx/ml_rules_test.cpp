// Nodes of ai.onnx.ml in, numbers out.
#include "interpret.h"
#include "model_text.h"
#include "tensor/number.h"

namespace bolide::onnx {
namespace {

OnnxAttribute texts(std::string_view name, std::vector<std::string_view> values) {
  return {.name = name, .kind = OnnxAttribute::Kind::kStrings, .strings = std::move(values)};
}

std::string shown(const Tensor& tensor) {
  std::string out = strings::join(tensor.dtype(), tensor.dims());
  for (std::int64_t i = 0; i < tensor.count(); ++i) {
    out += i == 0 ? ' ' : ',';
    if (tensor.dtype() == DataType::kString) {
      out += tensor.span<std::string>()[static_cast<std::size_t>(i)];
    } else {
      out += strings::join(static_cast<float>((*to_f64(tensor))[static_cast<std::size_t>(i)]));
    }
  }
  return out;
}

/// All outputs, or the message.
std::string run(OnnxNode one, const Tensor& x) {
  one.domain = "ai.onnx.ml";
  OnnxGraph graph;
  std::vector<std::string> sizes;
  for (const std::int64_t size : x.dims()) sizes.push_back(std::to_string(size));
  graph.inputs = {value("x", x.dtype(), {sizes.begin(), sizes.end()})};
  for (const std::string_view name : one.outputs) graph.outputs.push_back(output(name));
  graph.nodes = {std::move(one)};
  OnnxModel whole = model(17, std::move(graph));
  whole.opset_imports.emplace("ai.onnx.ml", 3);
  const Result<Graph> imported_graph = imported(whole);
  if (!imported_graph) return problems_only(imported_graph.error().message);
  const Result<Tensors> results = testing::interpret(*imported_graph, std::span(&x, 1));
  if (!results) return results.error().message;
  std::string out;
  for (const Tensor& result : *results) out += strings::join(out.empty() ? "" : "; ", shown(result));
  return out;
}

Tensor f32s(Dims dims, std::vector<float> values) { return Tensor::of<float>(values, std::move(dims)); }

TEST(MlRules, OfTreesOfTwoClassesTakeVotesThatAreNeverNegativeAsProbability) {
  const auto forest = [](std::vector<float> weights, const char* transform) {
    return node(
        "TreeEnsembleClassifier", {"x"}, {"y", "z"},
        {attr("nodes_treeids", Dims{0, 0, 0}), attr("nodes_nodeids", Dims{0, 1, 2}),
         attr("nodes_featureids", Dims{0, 0, 0}), attr("nodes_values", std::vector<float>{1, 0, 0}),
         texts("nodes_modes", {"BRANCH_LEQ", "LEAF", "LEAF"}), attr("nodes_truenodeids", Dims{1, 0, 0}),
         attr("nodes_falsenodeids", Dims{2, 0, 0}), attr("class_treeids", Dims{0, 0}),
         attr("class_nodeids", Dims{1, 2}), attr("class_ids", Dims{0, 0}), attr("class_weights", std::move(weights)),
         texts("classlabels_strings", {"no", "yes"}), attr("post_transform", transform)});
  };
  const Tensor x = f32s({2, 1}, {0, 2});
  EXPECT_EQ(run(forest({0.25, 0.75}, "NONE"), x), "string[2] no,yes; f32[2,2] 0.75,0.25,0.25,0.75");
  EXPECT_EQ(run(forest({-1, 2}, "NONE"), x), "string[2] no,yes; f32[2,2] 1,-1,-2,2");
}

TEST(MlRules, OfLinearModelsGiveLabelsAndScores) {
  const OnnxNode classifier =
      node("LinearClassifier", {"x"}, {"y", "z"},
           {attr("coefficients", std::vector<float>{1, 0, 0, 1, -1, -1}),
            attr("intercepts", std::vector<float>{0, 0.5, 0}), attr("classlabels_ints", Dims{7, 8, 9})});
  EXPECT_EQ(run(classifier, f32s({2, 2}, {3, 1, 0, 0})), "i64[2] 7,8; f32[2,3] 3,1.5,-4,0,0.5,0");
  EXPECT_EQ(run(node("LinearRegressor", {"x"}, {"y"}, {attr("coefficients", std::vector<float>{1, 2, 3})}),
                f32s({1, 2}, {1, 1})),
            "the model cannot be imported: 1 problem\n  node 0 'y' (LinearRegressor, ai.onnx.ml 3, output 'y'), as "
            "MatMul of f32[1,2], f32[3,1]: "
            "MatMul: a is [1,2] and b is [3,1]; inner sizes differ");
}

TEST(MlRules, OfLinearClassifiersTakeRowsFromWhatThereIs) {
  const auto classifier = [](std::vector<float> coefficients, std::vector<OnnxAttribute> more) {
    more.insert(more.end(), {attr("coefficients", std::move(coefficients)), attr("classlabels_ints", Dims{7, 8})});
    return node("LinearClassifier", {"x"}, {"y", "z"}, std::move(more));
  };
  const Tensor x = f32s({2, 2}, {3, 1, 0, -2});
  EXPECT_EQ(run(classifier({1, 0, 0, 2}, {}), x), "i64[2] 7,7; f32[2,2] 3,2,0,-4") << "a row a class";
  EXPECT_EQ(run(classifier({1, 1}, {}), x), "i64[2] 8,7; f32[2,2] -3,4,3,-2") << "1 - s and s";
  EXPECT_EQ(run(classifier({1, 1}, {attr("intercepts", std::vector<float>{2}), attr("post_transform", "LOGISTIC")}),
                f32s({1, 2}, {-1, -1})),
            "i64[1] 7; f32[1,2] 0.5,0.5");
}

TEST(MlRules, OfFeatureVectorsTakeColumnsThatAreNotCountedBefore) {
  OnnxNode vectorizer = node("FeatureVectorizer", {"x", "w"}, {"y"}, {attr("inputdimensions", Dims{2, 1})});
  vectorizer.domain = "ai.onnx.ml";
  OnnxModel whole = model(
      17, {.nodes = {vectorizer}, .inputs = {f32("x", {"n", "k"}), f32("w", {"n", "1"})}, .outputs = {output("y")}});
  whole.opset_imports.emplace("ai.onnx.ml", 1);
  const Result<Graph> graph = imported(whole);
  ASSERT_TRUE(graph) << graph.error().message;
  const Tensors inputs = {f32s({1, 3}, {1, 2, 3}), f32s({1, 1}, {4})};
  const Result<Tensors> y = testing::interpret(*graph, inputs);
  ASSERT_TRUE(y) << y.error().message;
  EXPECT_EQ(shown((*y)[0]), "f32[1,3] 1,2,4");
}

TEST(MlRules, OfSupportVectorsCountVotesOfPairs) {
  const OnnxNode classifier =
      node("SVMClassifier", {"x"}, {"y", "z"},
           {attr("vectors_per_class", Dims{1, 1}), attr("support_vectors", std::vector<float>{1, -1}),
            attr("coefficients", std::vector<float>{1, -1}), attr("rho", std::vector<float>{0.5}),
            attr("kernel_type", "LINEAR"), attr("classlabels_ints", Dims{4, 5})});
  EXPECT_EQ(run(classifier, f32s({2, 1}, {1, -1})), "i64[2] 4,5; f32[2,2] -2.5,2.5,1.5,-1.5");
}

TEST(MlRules, OfEncodersGoBothWays) {
  const std::vector<std::string> words = {"b", "?", "a"};
  EXPECT_EQ(run(node("LabelEncoder", {"x"}, {"y"},
                     {texts("keys_strings", {"a", "b"}), attr("values_int64s", Dims{1, 2}), attr("default_int64", 9)}),
                Tensor::of<std::string>(words)),
            "i64[3] 2,9,1");
  EXPECT_EQ(run(node("OneHotEncoder", {"x"}, {"y"}, {attr("cats_int64s", Dims{5, 6})}), f32s({3}, {6, 5.5, 4})),
            "f32[3,2] 0,1,1,0,0,0");
  EXPECT_NE(
      run(node("OneHotEncoder", {"x"}, {"y"}, {attr("cats_int64s", Dims{5, 6}), attr("zeros", 0)}), f32s({1}, {4}))
          .find("is none of the 2 keys"),
      std::string::npos);
}

TEST(MlRules, OfFeaturesPrepareThem) {
  const Tensor x = f32s({2, 2}, {3, -4, 0, 0});
  EXPECT_EQ(run(node("Normalizer", {"x"}, {"y"}, {attr("norm", "L2")}), x), "f32[2,2] 0.6,-0.8,0,0");
  EXPECT_EQ(run(node("Scaler", {"x"}, {"y"},
                     {attr("offset", std::vector<float>{1}), attr("scale", std::vector<float>{2, 10})}),
                x),
            "f32[2,2] 4,-50,-2,-10");
  EXPECT_EQ(run(node("Imputer", {"x"}, {"y"}, {attr("imputed_value_floats", std::vector<float>{7, 8})}), x),
            "f32[2,2] 3,-4,7,8");
  EXPECT_EQ(run(node("Binarizer", {"x"}, {"y"}), x), "f32[2,2] 1,0,0,0");
}

}  // namespace
}  // namespace bolide::onnx
