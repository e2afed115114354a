// One node of com.microsoft in, graph text out.
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
            "  node 'y' (BiasSplitGelu): the last axis of f32[3] has no two halves\n");
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
      "  node 'y' (MatMulNBits): input 1 holds 2 bytes, where 32 are expected\n");
}

TEST(MicrosoftRules, OfSkipNormalizationGiveTheSum) {
  EXPECT_EQ(nodes(import_node(13, microsoft("SkipSimplifiedLayerNormalization", {"x", "k", "g"}, {"y", "", "", "s"}),
                              {}, {f32("x", {"n", "4"}), f32("k", {"n", "4"}), f32("g", {"4"})})),
            "s = Add(x, k) name=\"y/Add\"\ny = RMSNormalization(s, g) epsilon=1e-12 name=\"y/RMSNormalization\"\n"
            "return y, s\n");
}

TEST(MicrosoftRules, OfEmbeddingsCountPositionsAlongTheSequence) {
  const std::string text =
      import_node(13, microsoft("EmbedLayerNormalization", {"ids", "", "w", "p", "", "g", "b"}, {"y"}), {},
                  {value("ids", DataType::kI32, {"n", "s"}), f32("w", {"9", "4"}), f32("p", {"5", "4"}),
                   f32("g", {"4"}), f32("b", {"4"})});
  EXPECT_NE(text.find("Range("), std::string::npos) << text;
  EXPECT_NE(text.find("y = LayerNormalization("), std::string::npos) << text;
}

}  // namespace
}  // namespace bolide::onnx
