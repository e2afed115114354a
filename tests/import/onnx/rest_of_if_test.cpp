// Branches whose results differ in rank, and what depends on them.
#include "interpret.h"
#include "model_text.h"
#include "tensor/number.h"

namespace bolide::onnx {
namespace {

Tensor f32s(Dims dims, std::vector<float> values) { return Tensor::of<float>(values, std::move(dims)); }

/// The results, each as sizes and numbers; or the message.
std::string run(const OnnxModel& whole, const Tensors& inputs) {
  const Result<Graph> graph = imported(whole);
  if (!graph) return problems_only(graph.error().message);
  const Result<Tensors> results = testing::interpret(*graph, inputs);
  if (!results) return results.error().message;
  std::string out;
  for (const Tensor& result : *results) {
    out += strings::join(out.empty() ? "" : "; ", result.dims());
    const std::vector<double> numbers = *to_f64(result);
    for (const double number : numbers) out += strings::join(' ', static_cast<float>(number));
  }
  return out;
}

OnnxGraph one_node(OnnxNode only) {
  const std::string_view result = only.outputs[0];
  return {.name = "branch", .nodes = {std::move(only)}, .outputs = {output(result)}};
}

/// All numbers of x in a row, or -x.
OnnxNode flat_or_negative(std::string_view condition, std::string_view result) {
  return node("If", {condition}, {result},
              {attr("then_branch", one_node(node("Reshape", {"x", "flat"}, {"in_a_row"}))),
               attr("else_branch", one_node(node("Neg", {"x"}, {"negative"})))});
}

const Tensor kYes = Tensor::scalar(true);
const Tensor kNo = Tensor::scalar(false);

TEST(RestOfIf, GoesIntoBothBranches) {
  const OnnxModel whole = model(13, {.nodes = {node("Abs", {"x"}, {"a"}), flat_or_negative("c", "z"),
                                               node("ReduceMax", {"z"}, {"m"}, {attr("keepdims", 0)}),
                                               node("Add", {"m", "a"}, {"y"}), node("Exp", {"x"}, {"aside"})},
                                     .initializers = {ints("flat", {1}, {-1})},
                                     .inputs = {value("c", DataType::kBool, {}), f32("x", {"1", "2"})},
                                     .outputs = {output("y")}});
  EXPECT_EQ(import_text(whole),
            "c = input bool[]\nx = input f32[1,2]\na = Abs(x)\naside = Exp(x)\ny = If(c, x, a) name=\"z\"\n"
            "{\n  x = input f32[1,2]\n  a = input f32[1,2]\n  flat = const i64[1]{-1}\n  in_a_row = Reshape(x, flat)\n"
            "  z = Identity(in_a_row)\n  m = Reduce(z) kind=max keepdims=false\n  y = Add(m, a)\n  return y\n}\n"
            "{\n  x = input f32[1,2]\n  a = input f32[1,2]\n  negative = Neg(x)\n"
            "  z = Identity(negative)\n  m = Reduce(z) kind=max keepdims=false\n  y = Add(m, a)\n  return y\n}\n"
            "return y\n");
  const Tensor x = f32s({1, 2}, {-3, 1});
  EXPECT_EQ(run(whole, {kYes, x}), "[1,2] 4 2");
  EXPECT_EQ(run(whole, {kNo, x}), "[1,2] 6 4");
}

TEST(RestOfIf, HoldsFurtherIfsOfThatKind) {
  const OnnxModel whole =
      model(13, {.nodes = {flat_or_negative("c", "z"), flat_or_negative("d", "w"),
                           node("ReduceMax", {"z"}, {"m"}, {attr("keepdims", 0)}),
                           node("ReduceMax", {"w"}, {"n"}, {attr("keepdims", 0)}), node("Sub", {"m", "n"}, {"y"})},
                 .initializers = {ints("flat", {1}, {-1})},
                 .inputs = {value("c", DataType::kBool, {}), value("d", DataType::kBool, {}), f32("x", {"1", "2"})},
                 .outputs = {output("y")}});
  const Tensor x = f32s({1, 2}, {-3, 1});
  EXPECT_EQ(run(whole, {kYes, kYes, x}), "[] 0");
  EXPECT_EQ(run(whole, {kYes, kNo, x}), "[] -2");
  EXPECT_EQ(run(whole, {kNo, kYes, x}), "[] 2");
}

/// squeeze(x, 1) as exporters write it when they do not know the size, and nodes behind it.
OnnxModel squeezed(std::vector<OnnxNode> rest, std::vector<std::string_view> sizes) {
  std::vector<OnnxNode> nodes = {node("Shape", {"x"}, {"sizes"}),
                                 node("Gather", {"sizes", "one"}, {"size"}, {attr("axis", 0)}),
                                 node("Equal", {"size", "one"}, {"c"}),
                                 node("If", {"c"}, {"z"},
                                      {attr("then_branch", one_node(node("Squeeze", {"x", "axes"}, {"without"}))),
                                       attr("else_branch", one_node(node("Identity", {"x"}, {"same"})))})};
  nodes.insert(nodes.end(), rest.begin(), rest.end());
  return model(13, {.nodes = std::move(nodes),
                    .initializers = {ints("one", {}, {1}), ints("axes", {1}, {1}), ints("flat", {1}, {-1})},
                    .inputs = {f32("x", std::move(sizes))},
                    .outputs = {output("y")}});
}

TEST(RestOfIf, OfASqueezeRunsForEverySize) {
  const OnnxModel whole =
      squeezed({node("Transpose", {"z"}, {"t"}), node("Reshape", {"t", "flat"}, {"y"})}, {"a", "b", "2"});
  EXPECT_EQ(run(whole, {f32s({2, 1, 2}, {1, 2, 3, 4})}), "[4] 1 3 2 4");
  EXPECT_EQ(run(whole, {f32s({1, 2, 2}, {1, 2, 3, 4})}), "[4] 1 3 2 4");
  EXPECT_EQ(run(whole, {f32s({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8})}), "[8] 1 5 3 7 2 6 4 8");
}

TEST(RestOfIf, OfASqueezeThatEndsInTwoRanksTakesTheSizeForOne) {
  const OnnxModel whole = squeezed({node("Neg", {"z"}, {"y"})}, {"a", "b"});
  EXPECT_EQ(run(whole, {f32s({2, 1}, {1, 2})}), "[2] -1 -2");
  EXPECT_NE(run(whole, {f32s({1, 2}, {1, 2})}).find("Squeeze"), std::string::npos);
}

TEST(RestOfIf, ThatIsWrongInABranchIsToldOnceAndInItsPlace) {
  const OnnxModel whole =
      model(13, {.nodes = {flat_or_negative("c", "z"), node("Transpose", {"z"}, {"t"}, {attr("perm", Dims{1, 0})}),
                           node("Reshape", {"t", "flat"}, {"y"})},
                 .initializers = {ints("flat", {1}, {-1})},
                 .inputs = {value("c", DataType::kBool, {}), f32("x", {"1", "2"})},
                 .outputs = {output("y")}});
  EXPECT_EQ(run(whole, {}),
            "the model cannot be imported: 1 problem\n"
            "  node 0 'z' (If, ai.onnx 13, output 'z') of bool[], f32[1,2]: If: result 0 is f32[2] in one branch and "
            "f32[1,2] in the other, and a value has one rank here: reshape it to the same rank in both, or fix the "
            "condition before exporting");
}

TEST(RestOfIf, WithNamesOfABranchStaysOutside) {
  const OnnxModel whole = model(13, {.nodes = {flat_or_negative("c", "z"), node("Abs", {"z"}, {"negative"}),
                                               node("Reshape", {"negative", "flat"}, {"y"})},
                                     .initializers = {ints("flat", {1}, {-1})},
                                     .inputs = {value("c", DataType::kBool, {}), f32("x", {"1", "2"})},
                                     .outputs = {output("y")}});
  EXPECT_NE(run(whole, {kYes, f32s({1, 2}, {1, 2})}).find("in one branch"), std::string::npos);
}

}  // namespace
}  // namespace bolide::onnx
