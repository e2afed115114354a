// Operators and forms of the first operator sets: one node in, graph text out.
#include "model_text.h"

namespace bolide::onnx {
namespace {

std::string of(const OnnxNode& node, std::int64_t opset, std::vector<OnnxTensor> initializers = {}) {
  const std::string text = import_node(opset, node, std::move(initializers));
  constexpr std::string_view kX = "x = input f32[2,3,4]\n";
  return text.starts_with(kX) ? text.substr(kX.size()) : text;
}

TEST(OldRules, AreOfOperatorsThatWereExperimental) {
  EXPECT_EQ(of(node("Scale", {"x"}, {"y"}, {attr("scale", 2.0F)}), 1),
            "y/const = const f32[]{2}\ny = Mul(x, y/const)\nreturn y\n");
  EXPECT_EQ(of(node("Affine", {"x"}, {"y"}, {attr("alpha", 2.0F), attr("beta", 3.0F)}), 1),
            "y/const.1 = const f32[]{2}\ny/Mul = Mul(x, y/const.1)\ny/const = const f32[]{3}\n"
            "y = Add(y/Mul, y/const) name=\"y/Add\"\nreturn y\n");
  EXPECT_EQ(of(node("ImageScaler", {"x"}, {"y"}, {attr("scale", 2.0F), attr("bias", std::vector<float>{1, 2})}), 1),
            "y/const = const f32[]{2}\ny/Mul = Mul(x, y/const)\ny/bias = const f32[2,1,1]{1,2}\n"
            "y = Add(y/Mul, y/bias) name=\"y/Add\"\nreturn y\n");
  EXPECT_EQ(of(node("ConstantFill", {"x"}, {"y"}, {attr("value", 5.0F)}), 1),
            "y/const = const f32[]{5}\ny/sizes = const i64[3]{2,3,4}\ny = Expand(y/const, y/sizes)\nreturn y\n");
}

TEST(OldRules, OfSeluHaveDefaultsOfFewerDigits) {
  EXPECT_EQ(of(node("Selu", {"x"}, {"y"}), 1), "y = Selu(x) alpha=1.6732 gamma=1.0507\nreturn y\n");
  EXPECT_EQ(of(node("Selu", {"x"}, {"y"}), 6), "y = Selu(x)\nreturn y\n");
}

TEST(OldRules, OfTileTakeOneNumberAndItsAxis) {
  const OnnxNode tile = node("Tile", {"x", "tiles", "axis"}, {"y"});
  EXPECT_EQ(of(tile, 1, {floats("tiles", {}, {2}), floats("axis", {}, {1})}),
            "y/OneHot = const i64[3]{1,2,1}\ny = Tile(x, y/OneHot)\nreturn y\n");
}

TEST(OldRules, OfResizeReadTheNextPixelWhereAnAxisShrinks) {
  const OnnxNode resize = node("Resize", {"x", "s"}, {"y"});
  EXPECT_EQ(of(resize, 10, {floats("s", {3}, {1, 1, 0.5F})}),
            "s = const f32[3]{1,1,0.5}\n"
            "y = Resize(x, _, s) coordinates=asymmetric nearest_mode=ceil_when_shrinking\nreturn y\n");
}

}  // namespace
}  // namespace bolide::onnx
