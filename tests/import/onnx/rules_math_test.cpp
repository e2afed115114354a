// Rules of signal and matrix operators: one node in, graph text out.
#include "import/onnx/rules.h"

#include "model_text.h"

namespace bolide::onnx {
namespace {

std::string einsum(const char* equation, const std::vector<OnnxValueInfo>& inputs) {
  std::vector<std::string_view> names;
  for (const OnnxValueInfo& input : inputs) names.push_back(input.name);
  const std::string text = import_node(12, node("Einsum", names, {"y"}, {attr("equation", equation)}), {}, inputs);
  std::size_t at = 0;  // the lines of the inputs are left out
  for (std::size_t i = 0; i < inputs.size(); ++i) at = text.find('\n', at) + 1;
  return text.substr(at);
}

TEST(EinsumRule, MakesMatrixProducts) {
  EXPECT_EQ(einsum("ij,jk->ik", {f32("a", {"n", "3"}), f32("b", {"3", "4"})}), "y = MatMul(a, b)\nreturn y\n");
  EXPECT_EQ(einsum("bhqd,bhkd->bhqk", {f32("a", {"b", "2", "q", "8"}), f32("b", {"b", "2", "k", "8"})}),
            "y/Transpose = Transpose(b) perm=[0,1,3,2]\ny = MatMul(a, y/Transpose) name=\"y/MatMul\"\nreturn y\n");
  EXPECT_EQ(einsum("i,i->", {f32("a", {"3"}), f32("b", {"3"})}).find("MatMul") != std::string::npos, true);
}

TEST(EinsumRule, AsksForAnInput) {
  EXPECT_EQ(import_node(12, node("Einsum", {}, {"y"}, {attr("equation", "ij->ji")})),
            "the model cannot be imported: 1 problem\n"
            "  node 0 'y' (Einsum, ai.onnx 12, output 'y'): input 0 is missing\n");
}

TEST(EinsumRule, SumsAndTransposesOneInput) {
  EXPECT_EQ(einsum("ij->ji", {f32("a", {"n", "3"})}), "y = Transpose(a) perm=[1,0]\nreturn y\n");
  EXPECT_EQ(einsum("ij->i", {f32("a", {"n", "3"})}), "y = Reduce(a) axes=[1] keepdims=false\nreturn y\n");
  EXPECT_EQ(einsum("ii", {f32("a", {"3", "3"})}),
            "y/Einsum = Einsum(a) equation=\"aa->a\"\ny = Reduce(y/Einsum) axes=[0] keepdims=false name=\"y/Reduce\"\n"
            "return y\n");
}

TEST(EinsumRule, MultipliesWhereNothingIsSummed) {
  EXPECT_EQ(einsum("i,j->ij", {f32("a", {"n"}), f32("b", {"3"})}),
            "y/Unsqueeze = Unsqueeze(a) axes=[1]\ny/Unsqueeze.1 = Unsqueeze(b) axes=[0]\n"
            "y = Mul(y/Unsqueeze, y/Unsqueeze.1) name=\"y/Mul\"\nreturn y\n");
}

TEST(EinsumRule, KeepsWhatBroadcastsByALetterAndBytes) {
  EXPECT_EQ(einsum("ij,jk->ik", {f32("a", {"2", "1"}), f32("b", {"3", "4"})}),
            "y = Einsum(a, b) equation=\"ij,jk->ik\"\nreturn y\n");
  EXPECT_EQ(einsum("i,i->", {value("a", DataType::kI8, {"3"}), value("b", DataType::kI8, {"3"})}),
            "y = Einsum(a, b) equation=\"i,i->\"\nreturn y\n");
}

TEST(SignalRules, ReadAxesAndDtypes) {
  const std::vector<OnnxValueInfo> x = {f32("x", {"1", "8", "1"})};
  EXPECT_EQ(import_node(17, node("DFT", {"x"}, {"y"}, {attr("onesided", 1)}), {}, x),
            "x = input f32[1,8,1]\ny = DFT(x) onesided=true axis=1\nreturn y\n");
  EXPECT_EQ(import_node(20, node("DFT", {"x"}, {"y"}), {}, x), "x = input f32[1,8,1]\ny = DFT(x)\nreturn y\n");
  EXPECT_EQ(import_node(17, node("HammingWindow", {"n"}, {"y"}, {attr("output_datatype", 11), attr("periodic", 0)}), {},
                        {value("n", DataType::kI64, {})}),
            "n = input i64[]\ny = SignalWindow(n) kind=hamming periodic=false dtype=f64\nreturn y\n");
}

}  // namespace
}  // namespace bolide::onnx
