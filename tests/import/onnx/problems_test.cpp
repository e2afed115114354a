// What a user reads when a file cannot be imported: everything at once.
#include "import/onnx/rules.h"
#include "model_text.h"

namespace bolide::onnx {
namespace {

std::string problems(const OnnxModel& bad) {
  const Result<Graph> graph = imported(bad);
  return graph ? "none" : strings::join(name(graph.error().code), ": ", problems_only(graph.error().message));
}

TEST(ImportProblems, AreToldWithPlaceConditionSourceAndWhatToDo) {
  const OnnxModel bad =
      model(13, {.nodes = {node("Relu", {"x"}, {"a"}),
                           {.name = "fc1", .op_type = "MatMul", .inputs = {"a", "w"}, .outputs = {"b"}},
                           node("NewThing", {"b"}, {"y"})},
                 .initializers = {floats("w", {5, 2}, std::vector<float>(10, 1))},
                 .inputs = {f32("x", {"4", "3"})},
                 .outputs = {output("y")}});
  const std::string text = imported(bad).error().message;
  EXPECT_EQ(std::regex_replace(text, std::regex(":[0-9]+\\]"), ":LINE]"),
            "the model cannot be imported: 2 problems\n"
            "  operator NewThing (ai.onnx 13) is not supported: export the model without it, or add a rule "
            "(docs/recipes/add-an-importer-rule.md) [src/import/onnx/node_importer.cpp:LINE]; "
            "used by node 2 'y' (output 'y')\n"
            "  node 1 'fc1' (MatMul, ai.onnx 13, output 'b') of f32[4,3], f32[5,2]: MatMul: a is [4,3] and b is [5,2]; "
            "inner sizes differ [src/ops/matmul.cpp:LINE]\n"
            "  the other 1 of 3 nodes would run: 0 'a'\n"
            "  to do: what contradicts the ONNX standard has to be mended where the file was exported, or in the file\n"
            "  to do: what Bolide lacks can be exported in another form, or given as a plugin "
            "(docs/recipes/write-a-plugin.md)");
}

TEST(ImportProblems, InBodiesAndFunctionsAreFoundByTheNodesAroundThem) {
  const OnnxGraph inner = {
      .name = "b", .nodes = {node("Relu", {"x"}, {"r"}), node("Concat", {"r"}, {"s"})}, .outputs = {output("s")}};
  const OnnxGraph fine = {.name = "b", .nodes = {node("Relu", {"x"}, {"t"})}, .outputs = {output("t")}};
  OnnxNode call = node("Twice", {"x"}, {"z"});
  call.domain = "org.example";
  OnnxModel bad =
      model(13, {.nodes = {node("If", {"c"}, {"y"}, {attr("then_branch", fine), attr("else_branch", inner)}), call},
                 .inputs = {f32("x", {"2"}), value("c", DataType::kBool, {})},
                 .outputs = {output("y"), output("z")}});
  bad.opset_imports.emplace("org.example", 1);
  bad.functions.push_back({.name = "Twice",
                           .domain = "org.example",
                           .inputs = {"v"},
                           .outputs = {"w"},
                           .nodes = {node("Relu", {"v"}, {"u"}), node("Flatten", {"u"}, {"w"}, {attr("axis", 7)})},
                           .opset_imports = {{"", 13}}});
  const std::string text = problems(bad);
  EXPECT_NE(text.find("\n  node 0/else_branch/1 's' (Concat, ai.onnx 13, output 's'): attribute 'axis' is missing"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\n  node 1/1 'z/w' (Flatten, ai.onnx 13, output 'w')"), std::string::npos) << text;
}

TEST(ImportProblems, AModelOptimisedForOneMachineIsCalledThat) {
  OnnxNode packed = node("Conv", {"x"}, {"y"});
  packed.domain = "com.microsoft.nchwc";
  OnnxModel bad = model(13, {.nodes = {packed}, .inputs = {f32("x", {"2"})}, .outputs = {output("y")}});
  bad.opset_imports.emplace("com.microsoft.nchwc", 1);
  const std::string text = problems(bad);
  EXPECT_NE(text.find("ORT_ENABLE_EXTENDED"), std::string::npos) << text;
}

TEST(ImportProblems, AreToldAllAtOnce) {
  const OnnxModel bad = model(13, {.nodes = {node("Conv", {"x", "w"}, {"a"}, {attr("strides", 2)}),
                                             node("Frobnicate", {"x"}, {"b"}), node("Relu", {"b"}, {"silent"}),
                                             node("MatMul", {"x", "w"}, {"c"}), node("Frobnicate", {"a"}, {"d"})},
                                   .initializers = {floats("w", {1, 1, 1, 1}, {1})},
                                   .inputs = {f32("x", {"1", "1", "4", "3"})},
                                   .outputs = {output("silent"), output("c")}});
  EXPECT_EQ(
      problems(bad),
      "bad file: the model cannot be imported: 3 problems\n"
      "  operator Frobnicate (ai.onnx 13) is not supported: export the model without it, or add a rule "
      "(docs/recipes/add-an-importer-rule.md); used by 2 nodes: 1 'b' (output 'b'), "
      "4 'd' (output 'd')\n"
      "  node 0 'a' (Conv, ai.onnx 13, output 'a'): attribute 'strides' is an integer, where a list of integers is "
      "expected\n"
      "  node 3 'c' (MatMul, ai.onnx 13, output 'c') of f32[1,1,4,3], f32[1,1,1,1]: MatMul: a is [1,1,4,3] and b is "
      "[1,1,1,1]; inner sizes differ\n"
      "  the other 1 of 5 nodes would run: 2 'silent'");
}

TEST(ImportProblems, TellWhatWouldRunWithoutTheUnknown) {
  const OnnxModel bad =
      model(13, {.nodes = {node("Relu", {"x"}, {"a"}), node("Abs", {"a"}, {"b"}), node("Frobnicate", {"b"}, {"c"}),
                           node("Add", {"b", "c"}, {"d"}), node("Neg", {"d"}, {"e"}), node("Exp", {"x"}, {"f"})},
                 .inputs = {f32("x", {"2"})},
                 .outputs = {output("e"), output("f")}});
  const std::string text = problems(bad);
  EXPECT_NE(text.find("\n  the other 5 of 6 nodes would run, in 3 parts: 0 'a' to 1 'b' (2 nodes), 3 'd' to 4 'e' (2 "
                      "nodes), 5 'f'"),
            std::string::npos)
      << text;
}

TEST(ImportProblems, AreUnsupportedWhenNothingElseIsWrong) {
  OnnxNode foreign = node("Act", {"x"}, {"y"});
  foreign.domain = "org.example";
  const OnnxModel bad = model(13, {.nodes = {foreign}, .inputs = {f32("x", {"2"})}, .outputs = {output("y")}});
  EXPECT_EQ(
      problems(bad),
      "unsupported: the model cannot be imported: 1 problem\n"
      "  operator Act (org.example 1) is of a domain that Bolide does not know: give the plugin that has it "
      "(--plugin FILE or bolide::load_plugin(); docs/recipes/write-a-plugin.md), or export it as a local function "
      "of standard operators; used by node 0 'y' (output 'y')");
}

TEST(ImportProblems, NameTheNodesOfACircle) {
  const OnnxModel bad = model(13, {.nodes = {node("Add", {"x", "c"}, {"a"}), node("Relu", {"a"}, {"b"}),
                                             node("Relu", {"b"}, {"c"}), node("Relu", {"c"}, {"y"})},
                                   .inputs = {f32("x", {"2"})},
                                   .outputs = {output("y")}});
  EXPECT_EQ(problems(bad),
            "bad file: the model cannot be imported: 1 problem\n"
            "  nodes 1 'b', 2 'c', 0 'a' wait for each other's results in a circle");
}

TEST(ImportProblems, NameMissingValuesOnce) {
  const OnnxModel bad = model(13, {.nodes = {node("Relu", {"ghost"}, {"a"}), node("Relu", {"ghost"}, {"y"})},
                                   .inputs = {f32("x", {"2"})},
                                   .outputs = {output("y"), output("nowhere")}});
  EXPECT_EQ(problems(bad),
            "bad file: the model cannot be imported: 2 problems\n"
            "  node 0 'a' (Relu, ai.onnx 13, output 'a'): input 'ghost' is produced by no node, and is no graph input "
            "or initializer\n"
            "  graph output 'nowhere' is not produced by any node");
}

TEST(ImportProblems, NameValuesThatAreDefinedTwice) {
  const OnnxModel bad = model(13, {.nodes = {node("Relu", {"x"}, {"y"}), node("Abs", {"x"}, {"y"})},
                                   .inputs = {f32("x", {"2"})},
                                   .outputs = {output("y")}});
  EXPECT_EQ(problems(bad),
            "bad file: the model cannot be imported: 1 problem\n"
            "  node 1 'y' (Abs, ai.onnx 13, output 'y'): value 'y' is defined twice");
}

TEST(ImportProblems, TellOfInputsWithoutShape) {
  OnnxValueInfo input = f32("x", {});
  input.type.dims.reset();
  const OnnxModel bad = model(13, {.nodes = {node("Relu", {"x"}, {"y"})}, .inputs = {input}, .outputs = {output("y")}});
  EXPECT_EQ(problems(bad),
            "unsupported: the model cannot be imported: 1 problem\n"
            "  graph input 'x' has no shape, not even a rank; give one (--shapes x:1x3x224x224)");
}

TEST(ImportProblems, TellOfOutputsOfAnotherDtype) {
  const OnnxModel bad = model(13, {.nodes = {node("Relu", {"x"}, {"y"})},
                                   .inputs = {f32("x", {"2"})},
                                   .outputs = {value("y", DataType::kI64, {"2"})}});
  EXPECT_EQ(problems(bad),
            "bad file: the model cannot be imported: 1 problem\n"
            "  graph output 'y' is declared i64, but its nodes make f32");
}

TEST(ImportProblems, TellOfUnknownOperatorsInsideOfBodies) {
  const OnnxGraph body = {.name = "b", .nodes = {node("Frobnicate", {"ghost"}, {"r"})}, .outputs = {output("r")}};
  const OnnxModel bad =
      model(13, {.nodes = {node("Other", {"x"}, {"c"}),
                           node("If", {"c"}, {"y"}, {attr("then_branch", body), attr("else_branch", body)})},
                 .inputs = {f32("x", {"2"})},
                 .outputs = {output("y")}});
  const std::string text = problems(bad);
  EXPECT_NE(text.find("operator Frobnicate (ai.onnx 13)"), std::string::npos) << text;
  EXPECT_NE(text.find("operator Other (ai.onnx 13)"), std::string::npos) << text;
}

TEST(ImportProblems, OfManyKindsAreCounted) {
  OnnxModel bad = model(13, {.inputs = {f32("x", {"2"})}, .outputs = {}});
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back(strings::join("n", i));
  for (const std::string& one : names) bad.graph.nodes.push_back(node("Relu", {"ghost", "x"}, {one}));
  bad.graph.nodes.clear();
  for (const std::string& one : names) bad.graph.outputs.push_back(output(one));
  const std::string text = problems(bad);
  EXPECT_TRUE(text.starts_with("bad file: the model cannot be imported: 300 problems\n")) << text;
  EXPECT_TRUE(text.ends_with("\n  and 200 more")) << text;
}

TEST(ImportProblems, EveryRuleIsSafeFromInputsThatAreLeftOut) {
  for (const RuleEntry& rule : rules()) {
    for (const std::vector<std::string_view>& inputs :
         std::vector<std::vector<std::string_view>>{{}, {"x"}, {"", "x"}, {"x", "", "x"}, {"", "", "", "", "", "x"}}) {
      OnnxNode one = node(rule.op_type, inputs, {"y"});
      one.domain = rule.domain;
      OnnxModel bad = model(rule.domain.empty() ? rule.since : 21,
                            {.nodes = {one}, .inputs = {f32("x", {"2", "3", "4"})}, .outputs = {output("y")}});
      if (!rule.domain.empty()) bad.opset_imports.emplace(rule.domain, rule.since);
      const Result<Graph> graph = imported(bad);
      EXPECT_TRUE(graph ? static_cast<bool>(verify(*graph)) : graph.error().code != Code::kInternal)
          << rule.op_type << " of " << inputs.size() << " inputs: " << (graph ? "" : graph.error().message);
    }
  }
}

TEST(ImportProblems, InputsThatAnOperatorNeedsAreMissed) {
  const auto of = [](std::string_view op, std::vector<std::string_view> inputs) {
    return problems(model(
        13,
        {.nodes = {node(op, std::move(inputs), {"y"})}, .inputs = {f32("x", {"2", "3"})}, .outputs = {output("y")}}));
  };
  EXPECT_EQ(of("Selu", {}),
            "invalid argument: the model cannot be imported: 1 problem\n"
            "  node 0 'y' (Selu, ai.onnx 13, output 'y'): Selu: 0 inputs, where 1 to 1 are allowed");
  EXPECT_EQ(of("Gemm", {"", "x"}),
            "invalid argument: the model cannot be imported: 1 problem\n"
            "  node 0 'y' (Gemm, ai.onnx 13, output 'y'): inputs A and B are needed");
}

TEST(ImportProblems, AnInputThatIsLeftOutReadsAsAScalarAndIsToldOnce) {
  Graph graph;
  const ExternalData external;
  const OnnxNode one = node("Any", {}, {"y"});
  const OnnxNodeView view(one, "y", 13, {}, {}, graph, external);
  EXPECT_EQ(view.rank(1), 0);
  EXPECT_EQ(view.dtype(1), DataType::kF32);
  ASSERT_EQ(view.errors().size(), 1U);
  EXPECT_EQ(view.errors()[0].message, "input 1 is missing, which the operator needs");
}

TEST(ImportProblems, ArithmeticOfBoolIsRefused) {
  EXPECT_EQ(problems(model(13, {.nodes = {node("Not", {"c"}, {"n"}), node("Sigmoid", {"n"}, {"y"})},
                                .inputs = {value("c", DataType::kBool, {"2"})},
                                .outputs = {{.name = "y"}}})),
            "invalid argument: the model cannot be imported: 1 problem\n"
            "  node 1 'y' (Sigmoid, ai.onnx 13, output 'y'): Sigmoid: input 0 is bool[2], expected numbers");
}

TEST(ImportProblems, BranchesOfDifferentRanksAreRefused) {
  const OnnxGraph same = {.name = "a", .nodes = {node("Relu", {"x"}, {"r"})}, .outputs = {output("r")}};
  const OnnxGraph sum = {
      .name = "b", .nodes = {node("ReduceSum", {"x"}, {"s"}, {attr("keepdims", 0)})}, .outputs = {output("s")}};
  EXPECT_EQ(
      problems(model(13, {.nodes = {node("If", {"c"}, {"y"}, {attr("then_branch", same), attr("else_branch", sum)})},
                          .inputs = {f32("x", {"2", "3"}), value("c", DataType::kBool, {})},
                          .outputs = {output("y")}})),
      "unsupported: the model cannot be imported: 1 problem\n"
      "  node 0 'y' (If, ai.onnx 13, output 'y') of bool[], f32[2,3]: If: result 0 is f32[2,3] in one branch and "
      "f32[] in the other, and a value has one rank here: reshape it to the same rank in both, or fix the condition "
      "before exporting");
}

}  // namespace
}  // namespace bolide::onnx
