// One node in, numbers out: rules that write formulas. Each runs with known and with named sizes.
#include "interpret.h"
#include "model_text.h"
#include "tensor/number.h"

#include <cmath>
#include <cstdio>

namespace bolide::onnx {
namespace {

struct Given {
  std::string_view name;
  Tensor value;
  bool named = true;  ///< false: its sizes are known in both runs
};

Tensor f32s(Dims dims, std::vector<float> values) { return Tensor::of<float>(values, std::move(dims)); }
Tensor i64s(Dims dims, std::vector<std::int64_t> values) { return Tensor::of<std::int64_t>(values, std::move(dims)); }

std::string shown(const Tensor& tensor) {
  std::string out = strings::join(tensor.dtype(), tensor.dims(), " ");
  const auto numbers = to_f64(tensor);
  for (std::size_t i = 0; i < numbers->size(); ++i) {
    char text[32];
    (void)std::snprintf(text, sizeof text, "%.4g", (*numbers)[i]);
    if (i > 0) out += ',';
    out += text;
  }
  return out;
}

std::string run(const OnnxNode& one, const std::vector<Given>& inputs, bool named, std::int64_t opset = 28) {
  OnnxGraph graph;
  Tensors values;
  std::vector<std::string> names;
  names.reserve(64);
  for (const Given& input : inputs) {
    std::vector<std::string_view> dims;
    for (const std::int64_t size : input.value.dims()) {
      names.push_back(named && input.named ? strings::join("n", names.size()) : std::to_string(size));
      dims.push_back(names.back());
    }
    graph.inputs.push_back(value(input.name, input.value.dtype(), dims));
    values.push_back(input.value);
  }
  for (const std::string_view name : one.outputs) {
    if (!name.empty()) graph.outputs.push_back(output(name));
  }
  graph.nodes = {one};
  OnnxModel whole = model(opset, std::move(graph));
  whole.opset_imports.emplace("ai.onnx.preview", 1);
  whole.opset_imports.emplace("ai.onnx.preview.training", 1);
  const Result<Graph> imported_graph = imported(whole);
  if (!imported_graph) return imported_graph.error().message;
  const Result<Tensors> results = testing::interpret(*imported_graph, values);
  if (!results) return results.error().message;
  std::string out;
  for (const Tensor& one_result : *results) {
    if (!out.empty()) out += "; ";
    out += shown(one_result);
  }
  return out;
}

/// The outputs as text; a failure when known and named sizes give different ones.
std::string result(const OnnxNode& one, const std::vector<Given>& inputs) {
  std::string known = run(one, inputs, false);
  EXPECT_EQ(run(one, inputs, true), known);
  return known;
}

OnnxNode of_domain(std::string_view domain, OnnxNode one) {
  one.domain = domain;
  return one;
}

// The example of the ONNX documentation: 2 samples, 3 classes, 2 positions.
const std::vector<Given>& samples() {
  static const std::vector<Given> given = {{"x", f32s({2, 3, 2}, {1, 2, 2, 2, 3, 2, 0, 1, 2, 2, 1, 2})},
                                           {"t", i64s({2, 2}, {2, 1, 0, 2})},
                                           {"w", f32s({3}, {0.2F, 0.3F, 0.1F})}};
  return given;
}

TEST(LossRules, PickTheTargetsAndReduceThem) {
  const auto loss = [](std::vector<OnnxAttribute> attributes, bool weighted) {
    std::vector<Given> given = samples();
    if (!weighted) given.pop_back();
    return result(node("NegativeLogLikelihoodLoss", {"x", "t", weighted ? "w" : ""}, {"y"}, std::move(attributes)),
                  given);
  };
  EXPECT_EQ(loss({attr("reduction", "none")}, false), "f32[2,2] -3,-2,-0,-2");
  EXPECT_EQ(loss({attr("reduction", "sum")}, true), "f32[] -1.1");
  EXPECT_EQ(loss({}, true), "f32[] -1.571");                          // -1.1 / 0.7
  EXPECT_EQ(loss({}, false), "f32[] -1.75");                          // -7 / 4
  EXPECT_EQ(loss({attr("ignore_index", 1)}, true), "f32[] -1.25");    // -0.5 / 0.4
  EXPECT_EQ(loss({attr("ignore_index", 1)}, false), "f32[] -1.667");  // -5 / 3
  EXPECT_NE(loss({attr("reduction", "max")}, false).find("'reduction' is 'max'"), std::string::npos);
}

TEST(LossRules, OfCrossEntropyStartWithLogSoftmax) {
  // Two equal scores: log(1/2) each.
  EXPECT_EQ(result(node("SoftmaxCrossEntropyLoss", {"x", "t"}, {"y", "p"}),
                   {{"x", f32s({1, 2}, {5, 5})}, {"t", i64s({1}, {0})}}),
            "f32[] 0.6931; f32[1,2] -0.6931,-0.6931");
  // A target that is ignored may lie outside of the classes.
  EXPECT_EQ(result(node("SoftmaxCrossEntropyLoss", {"x", "t"}, {"y"}, {attr("ignore_index", -100)}),
                   {{"x", f32s({2, 2}, {5, 5, 0, 9})}, {"t", i64s({2}, {0, -100})}}),
            "f32[] 0.6931");
}

TEST(TrainingRules, OfMomentumKnowTheFirstStep) {
  const auto step = [](const char* mode, std::int64_t count) {
    return result(of_domain("ai.onnx.preview.training", node("Momentum", {"r", "t", "x", "g", "v"}, {"x2", "v2"},
                                                             {attr("alpha", 0.5F), attr("beta", 0.25F),
                                                              attr("norm_coefficient", 1.0F), attr("mode", mode)})),
                  {{"r", f32s({}, {0.5F})},
                   {"t", i64s({}, {count})},
                   {"x", f32s({2}, {1, 2})},
                   {"g", f32s({2}, {3, -2})},
                   {"v", f32s({2}, {2, 4})}});
  };
  // g + x = {4, 0}; first v' = {1, 2} + {4, 0}, later {1, 2} + {1, 0}
  EXPECT_EQ(step("standard", 0), "f32[2] -1.5,1; f32[2] 5,2");
  EXPECT_EQ(step("standard", 7), "f32[2] 0,1; f32[2] 2,2");
  EXPECT_EQ(step("nesterov", 0), "f32[2] -2.25,1.5; f32[2] 5,2");
}

TEST(TrainingRules, OfAdagradAndAdamTakeSeveralTensors) {
  EXPECT_EQ(result(of_domain("ai.onnx.preview.training",
                             node("Adagrad", {"r", "t", "x", "y", "gx", "gy", "hx", "hy"}, {"a", "b", "c", "d"},
                                  {attr("decay_factor", 1.0F), attr("epsilon", 0.0F)})),
                   {{"r", f32s({}, {1})},
                    {"t", i64s({}, {1})},
                    {"x", f32s({1}, {5})},
                    {"y", f32s({1, 1}, {7})},
                    {"gx", f32s({1}, {3})},
                    {"gy", f32s({1, 1}, {6})},
                    {"hx", f32s({1}, {16})},
                    {"hy", f32s({1, 1}, {64})}}),
            "f32[1] 4.7; f32[1,1] 6.7; f32[1] 25; f32[1,1] 100");
  EXPECT_EQ(result(of_domain("ai.onnx.preview.training",
                             node("Adam", {"r", "t", "x", "g", "v", "h"}, {"a", "b", "c"},
                                  {attr("alpha", 0.5F), attr("beta", 0.75F), attr("epsilon", 0.0F)})),
                   {{"r", f32s({}, {1})},
                    {"t", i64s({}, {1})},  // r = sqrt(1 - 0.75) / (1 - 0.5) = 1
                    {"x", f32s({1}, {5})},
                    {"g", f32s({1}, {2})},
                    {"v", f32s({1}, {4})},
                    {"h", f32s({1}, {4})}}),
            "f32[1] 3.5; f32[1] 3; f32[1] 4");
}

TEST(SpatialRules, OfAffineGridSpreadPositions) {
  const auto grid = [](int align) {
    return result(node("AffineGrid", {"theta", "size"}, {"y"}, {attr("align_corners", align)}),
                  {{"theta", f32s({1, 2, 3}, {1, 0, 10, 0, 1, 20}), false}, {"size", i64s({4}, {1, 1, 1, 2})}});
  };
  EXPECT_EQ(grid(0), "f32[1,1,2,2] 9.5,20,10.5,20");
  EXPECT_EQ(grid(1), "f32[1,1,2,2] 9,19,11,19");
}

TEST(SpatialRules, OfCenterCropPadTakeTheMiddle) {
  const auto middle = [](Dims want) {
    const std::int64_t count = static_cast<std::int64_t>(want.size());
    return result(node("CenterCropPad", {"x", "shape"}, {"y"}, {attr("axes", Dims{-1})}),
                  {{"x", i64s({1, 4}, {1, 2, 3, 4})}, {"shape", i64s({count}, std::move(want))}});
  };
  EXPECT_EQ(middle({3}), "i64[1,3] 1,2,3");
  EXPECT_EQ(middle({2}), "i64[1,2] 2,3");
  EXPECT_EQ(middle({7}), "i64[1,7] 0,1,2,3,4,0,0");
}

TEST(CacheRules, OfTensorScatterWriteRoundTheEnd) {
  const auto written = [](const char* mode, std::int64_t first, std::int64_t second) {
    return result(node("TensorScatter", {"c", "u", "w"}, {"y"}, {attr("mode", mode), attr("axis", 1)}),
                  {{"c", f32s({2, 3}, {1, 2, 3, 4, 5, 6})},
                   {"u", f32s({2, 2}, {-1, -2, -3, -4})},
                   {"w", i64s({2}, {first, second})}});
  };
  EXPECT_EQ(written("linear", 0, 1), "f32[2,3] -1,-2,3,4,-3,-4");
  EXPECT_EQ(written("circular", 2, 5), "f32[2,3] -2,2,-1,-4,5,-3");
}

TEST(CacheRules, OfCausalConvKeepTheLastPositions) {
  const Given weight = {"w", f32s({1, 1, 3}, {1, 10, 100}), false};
  EXPECT_EQ(
      result(node("CausalConvWithState", {"x", "w"}, {"y", "s"}), {{"x", f32s({1, 1, 2}, {1, 2}), false}, weight}),
      "f32[1,1,2] 100,210; f32[1,1,2] 1,2");
  EXPECT_EQ(result(node("CausalConvWithState", {"x", "w", "", "p"}, {"y", "s"}),
                   {{"x", f32s({1, 1, 1}, {1}), false}, weight, {"p", f32s({1, 1, 2}, {3, 4}), false}}),
            "f32[1,1,1] 143; f32[1,1,2] 4,1");
}

TEST(RotaryRules, RotateHalvesOrNeighbours) {
  const auto rotated = [](Tensor x, std::vector<OnnxAttribute> attributes) {
    return result(node("RotaryEmbedding", {"x", "c", "s"}, {"y"}, std::move(attributes)),
                  {{"x", std::move(x), false}, {"c", f32s({1, 1, 1}, {0})}, {"s", f32s({1, 1, 1}, {1})}});
  };
  // A quarter turn: (a, b) becomes (-b, a).
  EXPECT_EQ(rotated(f32s({1, 2, 1, 2}, {1, 2, 3, 4}), {}), "f32[1,2,1,2] -2,1,-4,3");
  EXPECT_EQ(rotated(f32s({1, 1, 4}, {1, 2, 3, 4}), {attr("num_heads", 2)}), "f32[1,1,4] -2,1,-4,3");
  EXPECT_EQ(rotated(f32s({1, 1, 1, 3}, {1, 2, 3}), {attr("rotary_embedding_dim", 2), attr("interleaved", 1)}),
            "f32[1,1,1,3] -2,1,3");
}

// One head, two queries with scores 0 for three keys: each sees the mean of the values it may see.
std::string mean_seen(std::vector<OnnxAttribute> attributes, Tensor mask, std::vector<Given> more = {}) {
  OnnxNode one = node("Attention", {"q", "k", "v", "m"}, {"y"}, std::move(attributes));
  std::vector<Given> given = {{"q", f32s({1, 1, 2, 1}, {0, 0}), false},
                              {"k", f32s({1, 1, 3, 1}, {1, 1, 1}), false},
                              {"v", f32s({1, 1, 3, 1}, {3, 6, 12}), false},
                              {"m", std::move(mask)}};
  for (Given& extra : more) {
    if (extra.name == "n") one.inputs = {"q", "k", "v", "m", "", "", "n"};
    if (extra.name == "p") one.inputs = {"q", "k", "v", "m", "p", "p"};
    given.push_back(std::move(extra));
  }
  return result(one, given);
}

TEST(AttentionRules, MaskKeysByPositionAndByTheGivenMask) {
  const Tensor all = *cast(i64s({2, 3}, {1, 1, 1, 1, 1, 1}), DataType::kBool);
  EXPECT_EQ(mean_seen({}, all), "f32[1,1,2,1] 7,7");
  EXPECT_EQ(mean_seen({attr("is_causal", 1)}, all), "f32[1,1,2,1] 3,4.5");
  EXPECT_EQ(mean_seen({attr("left_window_size", 0)}, all), "f32[1,1,2,1] 7,9");
  EXPECT_EQ(mean_seen({attr("right_window_size", 0), attr("left_window_size", 0)}, all), "f32[1,1,2,1] 3,6");
  EXPECT_EQ(mean_seen({attr("is_causal", 1)}, *cast(i64s({2, 3}, {0, 1, 1, 1, 1, 1}), DataType::kBool)),
            "f32[1,1,2,1] 0,4.5");
  // A query that sees nothing gives zero; a shorter mask hides the last keys.
  EXPECT_EQ(mean_seen({}, *cast(i64s({2, 3}, {0, 0, 0, 0, 1, 0}), DataType::kBool)), "f32[1,1,2,1] 0,6");
  EXPECT_EQ(mean_seen({}, f32s({1, 1, 2, 2}, {0, 0, -INFINITY, 0})), "f32[1,1,2,1] 4.5,6");
}

TEST(AttentionRules, CountPositionsFromTheCache) {
  const Tensor all = f32s({2, 3}, {0, 0, 0, 0, 0, 0});
  EXPECT_EQ(mean_seen({}, all, {{"n", i64s({1}, {1})}}), "f32[1,1,2,1] 3,3");
  EXPECT_EQ(mean_seen({attr("is_causal", 1)}, all, {{"n", i64s({1}, {3})}}), "f32[1,1,2,1] 4.5,7");
  EXPECT_EQ(mean_seen({attr("is_causal", 1)}, all, {{"n", i64s({1}, {1})}}), "f32[1,1,2,1] 0,3");
  // Behind one cached key of value 1: {1, 3} and {1, 3, 6}.
  EXPECT_EQ(mean_seen({attr("is_causal", 1)}, f32s({2, 4}, {0, 0, 0, 0, 0, 0, 0, 0}),
                      {{"p", f32s({1, 1, 1, 1}, {1}), false}}),
            "f32[1,1,2,1] 2,3.333");
}

TEST(AttentionRules, ShareHeadsAndShowTheWeights) {
  // Two query heads on one key head, rank 3; scores are q * k, capped.
  const std::vector<Given> given = {{"q", f32s({1, 1, 2}, {0, 2}), false},
                                    {"k", f32s({1, 2, 1}, {0, 1}), false},
                                    {"v", f32s({1, 2, 1}, {1, 5}), false}};
  const auto shown_at = [&](int mode) {
    return result(node("Attention", {"q", "k", "v"}, {"y", "", "", "s"},
                       {attr("q_num_heads", 2), attr("kv_num_heads", 1), attr("qk_matmul_output_mode", mode),
                        attr("softcap", 1.0F)}),
                  given);
  };
  EXPECT_EQ(shown_at(0), "f32[1,1,2] 3,3.896; f32[1,2,1,2] 0,0,0,2");
  EXPECT_EQ(shown_at(1), "f32[1,1,2] 3,3.896; f32[1,2,1,2] 0,0,0,0.964");
  EXPECT_EQ(shown_at(3), "f32[1,1,2] 3,3.896; f32[1,2,1,2] 0.5,0.5,0.2761,0.7239");
}

TEST(AttentionRules, PlainFormsBecomeOneOperator) {
  EXPECT_EQ(import_node(23, node("Attention", {"x", "x", "x"}, {"y"}, {attr("is_causal", 1), attr("scale", 2.0F)}), {},
                        {f32("x", {"b", "2", "s", "8"})}),
            "x = input f32[b,2,s,8]\ny = Attention(x, x, x) scale=2 causal=true\nreturn y\n");
}

TEST(AttentionRules, OfFlexAttentionCallTheirBodies) {
  OnnxGraph body;
  body.name = "masked";
  body.inputs = {f32("s", {"1", "1", "1", "2"})};
  body.initializers = {floats("m", {2}, {0, -INFINITY})};
  body.nodes = {node("Add", {"s", "m"}, {"t"})};
  body.outputs = {f32("t", {"1", "1", "1", "2"})};
  OnnxNode one = of_domain("ai.onnx.preview", node("FlexAttention", {"q", "k", "v"}, {"y"}));
  const std::vector<Given> given = {{"q", f32s({1, 1, 1, 1}, {1}), false},
                                    {"k", f32s({1, 1, 2, 1}, {1, 1}), false},
                                    {"v", f32s({1, 1, 2, 1}, {3, 5}), false}};
  EXPECT_EQ(result(one, given), "f32[1,1,1,1] 4");
  one.attributes = {attr("score_mod", body)};
  EXPECT_EQ(result(one, given), "f32[1,1,1,1] 3");
}

TEST(NormalizationRules, OfOldMeanVarianceTakeThePlane) {
  const std::vector<Given> given = {{"x", f32s({1, 2, 1, 2}, {1, 3, 5, 9}), false}};
  const auto normalized = [&](std::vector<OnnxAttribute> attributes) {
    return run(node("MeanVarianceNormalization", {"x"}, {"y"}, std::move(attributes)), given, false, 8);
  };
  EXPECT_EQ(normalized({}), "f32[1,2,1,2] -1,1,-1,1");
  EXPECT_EQ(normalized({attr("normalize_variance", 0)}), "f32[1,2,1,2] -1,1,-2,2");
  EXPECT_EQ(normalized({attr("normalize_variance", 0), attr("across_channels", 1)}), "f32[1,2,1,2] -3.5,-1.5,0.5,4.5");
}

TEST(SamplingRules, OfMaxUnpoolScatterIntoTheCorner) {
  const std::vector<Given> given = {
      {"x", f32s({1, 1, 2}, {5, 6})}, {"i", i64s({1, 1, 2}, {1, 2})}, {"s", i64s({3}, {1, 1, 5})}};
  const auto attributes = [] { return std::vector{attr("kernel_shape", Dims{2}), attr("strides", Dims{2})}; };
  EXPECT_EQ(result(node("MaxUnpool", {"x", "i"}, {"y"}, attributes()), {given[0], given[1]}), "f32[1,1,4] 0,5,6,0");
  EXPECT_EQ(result(node("MaxUnpool", {"x", "i", "s"}, {"y"}, attributes()), given), "f32[1,1,5] 0,5,6,0,0");
}

}  // namespace
}  // namespace bolide::onnx
