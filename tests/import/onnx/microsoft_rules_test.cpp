// One node of com.microsoft in, graph text out.
#include "interpret.h"
#include "model_text.h"

namespace bolide::onnx {
namespace {

OnnxNode microsoft(std::string_view op_type, std::vector<std::string_view> inputs,
                   std::vector<std::string_view> outputs, std::vector<OnnxAttribute> attributes = {}) {
  OnnxNode out = node(op_type, std::move(inputs), std::move(outputs), std::move(attributes));
  out.domain = "com.microsoft";
  return out;
}

/// What stands behind the inputs and constants.
std::string nodes(const std::string& text) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at) + 1;
    const std::string line = text.substr(at, end - at);
    if (line.find(" = input ") == std::string::npos && line.find(" = const ") == std::string::npos) out += line;
    at = end;
  }
  return out;
}

TEST(MicrosoftRules, OfFusedMatMulMoveTheFirstAxisBehindTheBatch) {
  EXPECT_EQ(nodes(import_node(13,
                              microsoft("FusedMatMul", {"x", "b"}, {"y"},
                                        {attr("transBatchA", 1), attr("transA", 1), attr("alpha", 2.0F)}),
                              {}, {f32("x", {"5", "2", "3"}), f32("b", {"2", "5", "4"})})),
            "y/Transpose = Transpose(x) perm=[1,0,2]\ny/Transpose.1 = Transpose(y/Transpose) perm=[0,2,1]\n"
            "y/MatMul = MatMul(y/Transpose.1, b)\ny = Mul(y/MatMul, y/const) name=\"y/Mul\"\nreturn y\n");
}

TEST(MicrosoftRules, OfFusedGemmActOnTheSum) {
  EXPECT_EQ(nodes(import_node(13,
                              microsoft("FusedGemm", {"x", "b"}, {"y"},
                                        {attr("activation", "ScaledTanh"), attr("activation_alpha", 0.5F),
                                         attr("activation_beta", 2.0F)}),
                              {}, {f32("x", {"2", "3"}), f32("b", {"3", "4"})})),
            "y/MatMul = MatMul(x, b)\ny/Mul = Mul(y/MatMul, y/const)\ny/Tanh = Tanh(y/Mul)\n"
            "y = Mul(y/Tanh, y/const.1) name=\"y/Mul.1\"\nreturn y\n");
}

TEST(MicrosoftRules, OfBiasSplitGeluNeedTwoHalves) {
  EXPECT_EQ(import_node(13, microsoft("BiasSplitGelu", {"x", "b"}, {"y"}), {}, {f32("x", {"3"}), f32("b", {"3"})}),
            "the model cannot be imported: 1 problem\n"
            "  node 0 'y' (BiasSplitGelu, com.microsoft 1, output 'y'): the last axis of f32[3] has no two halves\n");
}

TEST(MicrosoftRules, OfWeightsOfFourBitsReadTheBytesInPlace) {
  std::vector<std::int32_t> bytes(16);
  for (int i = 0; i < 16; ++i) bytes[static_cast<std::size_t>(i)] = i;  // codes 0 0 1 0 2 0 ..., lowest bits first
  const std::vector<OnnxTensor> weights = {codes("b", 2, {1, 1, 16}, bytes), floats("s", {1}, {0.5}),
                                           codes("z", 2, {1}, {0xf3})};
  const std::string text = import_node(
      13, microsoft("MatMulNBits", {"x", "b", "s", "z"}, {"y"}, {attr("K", 20), attr("N", 1), attr("block_size", 32)}),
      weights, {f32("x", {"2", "20"})});
  EXPECT_NE(text.find("= const u4[1,32]{0,0,1,0,2,0,3,0,"), std::string::npos) << text;
  EXPECT_NE(text.find("= const u4[1,1]{3}"), std::string::npos) << text;
  EXPECT_NE(text.find("block_size=32"), std::string::npos) << text;
}

TEST(MicrosoftRules, OfWeightsOfFourBitsCompareSizes) {
  EXPECT_EQ(
      nodes(import_node(
          13, microsoft("MatMulNBits", {"x", "b", "s"}, {"y"}, {attr("K", 20), attr("N", 2), attr("block_size", 32)}),
          {codes("b", 2, {2}, {1, 2}), floats("s", {1}, {0.5})}, {f32("x", {"2", "20"})})),
      "the model cannot be imported: 1 problem\n"
      "  node 0 'y' (MatMulNBits, com.microsoft 1, output 'y'): input 1 holds 2 bytes, where 32 are expected\n");
}

TEST(MicrosoftRules, OfSkipNormalizationGiveTheSum) {
  EXPECT_EQ(nodes(import_node(13, microsoft("SkipSimplifiedLayerNormalization", {"x", "k", "g"}, {"y", "", "", "s"}),
                              {}, {f32("x", {"n", "4"}), f32("k", {"n", "4"}), f32("g", {"4"})})),
            "s = Add(x, k) name=\"y/Add\"\ny = RMSNormalization(s, g) epsilon=1e-12 name=\"y/RMSNormalization\"\n"
            "return y, s\n");
}

TEST(MicrosoftRules, OfSimplifiedSkipNormalizationGiveMeanAndDeviation) {
  const std::string text =
      import_node(13, microsoft("SkipSimplifiedLayerNormalization", {"x", "k", "g"}, {"y", "mean", "inverse"}), {},
                  {f32("x", {"n", "4"}), f32("k", {"n", "4"}), f32("g", {"4"})});
  EXPECT_NE(text.find("mean = Reduce(y/Add) kind=mean axes=[-1]"), std::string::npos) << text;
  EXPECT_NE(text.find("inverse = Reciprocal("), std::string::npos) << text;
}

TEST(MicrosoftRules, OfEmbeddingsCountPositionsAlongTheSequence) {
  const std::string text =
      import_node(13, microsoft("EmbedLayerNormalization", {"ids", "", "w", "p", "", "g", "b"}, {"y"}), {},
                  {value("ids", DataType::kI32, {"n", "s"}), f32("w", {"9", "4"}), f32("p", {"5", "4"}),
                   f32("g", {"4"}), f32("b", {"4"})});
  EXPECT_NE(text.find("Range("), std::string::npos) << text;
  EXPECT_NE(text.find("y = LayerNormalization("), std::string::npos) << text;
}

TEST(MicrosoftRules, OfAttentionSplitTheProjection) {
  const std::string text = nodes(
      import_node(13, microsoft("Attention", {"x", "w", "b"}, {"y"}, {attr("num_heads", 2), attr("unidirectional", 1)}),
                  {}, {f32("x", {"n", "s", "5"}), f32("w", {"5", "24"}), f32("b", {"24"})}));
  EXPECT_EQ(text.substr(0, text.find("y/Reshape")),
            "y/MatMul = MatMul(x, w)\ny/Add = Add(y/MatMul, b)\n"
            "y/Split, y/Split:1, y/Split:2 = Split(y/Add) axis=2 sizes=[8,8,8]\n");
  EXPECT_NE(text.find("Attention(y/Transpose, y/Transpose.1, y/Transpose.2) scale=0.5 causal=true"), std::string::npos)
      << text;
}

TEST(MicrosoftRules, OfAttentionReadMasksOfLengthsAndOfOnes) {
  const auto text = [](std::vector<std::string_view> mask) {
    return nodes(import_node(13, microsoft("Attention", {"x", "w", "", "m"}, {"y"}, {attr("num_heads", 1)}), {},
                             {f32("x", {"n", "s", "4"}), f32("w", {"4", "12"}), value("m", DataType::kI32, mask)}));
  };
  EXPECT_NE(text({"n"}).find("Less("), std::string::npos);
  EXPECT_EQ(text({"n", "s"}).find("Less("), std::string::npos);
  EXPECT_NE(text({"n", "s"}).find("Attention(y/Transpose, y/Transpose.1, y/Transpose.2, y/Unsqueeze)"),
            std::string::npos);
  EXPECT_NE(text({"n", "1", "s", "s"}).find("a mask i32[n,1,s,s]; rank 1, 2 or 3 works"), std::string::npos);
}

TEST(MicrosoftRules, OfGroupedAttentionRefuseWhatTheyDoNotKnow) {
  const auto message = [](OnnxAttribute one) {
    return import_node(13,
                       microsoft("GroupQueryAttention", {"q", "k", "v", "", "", "l", "t"}, {"y", "pk", "pv"},
                                 {attr("num_heads", 2), attr("kv_num_heads", 1), std::move(one)}),
                       {},
                       {f32("q", {"1", "s", "8"}), f32("k", {"1", "s", "4"}), f32("v", {"1", "s", "4"}),
                        value("l", DataType::kI32, {"1"}), value("t", DataType::kI32, {"1"})});
  };
  EXPECT_NE(message(attr("qk_output", 1)).find("attribute 'qk_output' is not 0"), std::string::npos);
  EXPECT_NE(message(attr("kv_num_heads", 3)).find("'kv_num_heads' stands twice"), std::string::npos);
  EXPECT_NE(message(attr("softcap", 2.0F)).find("Tanh("), std::string::npos);
  EXPECT_NE(message(attr("scale", 0.25F)).find("scale=0.25"), std::string::npos);
}

TEST(MicrosoftRules, OfChannelsLastMoveThem) {
  EXPECT_EQ(nodes(import_node(13, microsoft("NhwcFusedConv", {"x", "w"}, {"y"}, {attr("activation", "Relu")}), {},
                              {f32("x", {"1", "8", "8", "3"}), f32("w", {"4", "3", "1", "1"})})),
            "y/Transpose = Transpose(x) perm=[0,3,1,2]\ny/Conv = Conv(y/Transpose, w)\ny/Relu = Relu(y/Conv)\n"
            "y = Transpose(y/Relu) perm=[0,2,3,1] name=\"y/Transpose.1\"\nreturn y\n");
  EXPECT_EQ(nodes(import_node(13,
                              microsoft("SkipGroupNorm", {"x", "g", "b", "x"}, {"y", "s"},
                                        {attr("groups", 2), attr("activation", 1), attr("channels_last", 0)}),
                              {}, {f32("x", {"1", "4", "8", "8"}), f32("g", {"4"}), f32("b", {"4"})})),
            "s = Add(x, x) name=\"y/Add\"\ny/GroupNormalization = GroupNormalization(s, g, b) groups=2\n"
            "y = Silu(y/GroupNormalization) name=\"y/Silu\"\nreturn y, s\n");
}

/// y and the values' cache of attention with a query of 0: the mean of the values that it sees.
std::string mean_of_seen(std::int64_t window, std::int32_t last) {
  OnnxModel whole = model(
      17, {.nodes = {microsoft("GroupQueryAttention", {"q", "k", "v", "pk", "pv", "last", "total"}, {"y", "nk", "nv"},
                               {attr("num_heads", 2), attr("kv_num_heads", 1), attr("local_window_size", window)})},
           .inputs = {f32("q", {"1", "1", "2"}), f32("k", {"1", "1", "1"}), f32("v", {"1", "1", "1"}),
                      f32("pk", {"1", "1", "p", "1"}), f32("pv", {"1", "1", "p", "1"}),
                      value("last", DataType::kI32, {"1"}), value("total", DataType::kI32, {"1"})},
           .outputs = {output("y"), output("nv")}});
  whole.opset_imports.emplace("com.microsoft", 1);
  const Result<Graph> graph = imported(whole);
  if (!graph) return problems_only(graph.error().message);
  const auto reals = [](Dims dims, std::vector<float> numbers) { return Tensor::of<float>(numbers, std::move(dims)); };
  const auto one = [](std::int32_t number) { return Tensor::of<std::int32_t>(std::vector<std::int32_t>{number}); };
  const Tensors inputs = {reals({1, 1, 2}, {0, 0}),
                          reals({1, 1, 1}, {1}),
                          reals({1, 1, 1}, {9}),
                          reals({1, 1, 3, 1}, {1, 1, 1}),
                          reals({1, 1, 3, 1}, {3, 6, 7}),
                          one(last),
                          one(last + 1)};
  const Result<Tensors> results = testing::interpret(*graph, inputs);
  if (!results) return results.error().message;
  std::string out;
  for (const Tensor& result : *results) {
    out += strings::join(out.empty() ? "" : "; ", result.dims());
    for (const float number : result.span<float>()) out += strings::join(' ', number);
  }
  return out;
}

TEST(MicrosoftRules, OfGroupedAttentionWriteBehindThePast) {
  EXPECT_EQ(mean_of_seen(-1, 2), "[1,1,2] 6 6; [1,1,3,1] 3 6 9");          // two keys there, room for the third
  EXPECT_EQ(mean_of_seen(-1, 3), "[1,1,2] 6.25 6.25; [1,1,4,1] 3 6 7 9");  // three there
  EXPECT_EQ(mean_of_seen(2, 3), "[1,1,2] 8 8; [1,1,4,1] 3 6 7 9");         // the last two are seen
  EXPECT_EQ(mean_of_seen(-1, 1), "[1,1,2] 6 6; [1,1,3,1] 3 9 0");          // behind the new key is nothing
}

}  // namespace
}  // namespace bolide::onnx
