// Structure of files: inputs, initializers, order, names, bodies, functions, old versions.
#include "model_text.h"

namespace bolide::onnx {
namespace {

TEST(Importer, KeepsNamesOfSizesAndMakesOthers) {
  EXPECT_EQ(import_text(model(13, {.nodes = {node("Relu", {"x"}, {"y"})},
                                   .inputs = {f32("x", {"batch size", "3", "?", "%9"})},
                                   .outputs = {output("y")}})),
            "x = input f32[batch_size,3,x_2,_9]\ny = Relu(x)\nreturn y\n");
}

TEST(Importer, PutsAskedSizesInForNames) {
  const OnnxModel two = model(13, {.nodes = {node("Add", {"x", "z"}, {"y"})},
                                   .inputs = {f32("x", {"n", "3"}), f32("z", {"n", "3"})},
                                   .outputs = {output("y")}});
  EXPECT_EQ(import_text(two, {.shapes = {{"x", {5, -1}}}}),
            "x = input f32[5,3]\nz = input f32[5,3]\ny = Add(x, z)\nreturn y\n");
  EXPECT_EQ(import_text(two, {.shapes = {{"x", {5, 4}}}}),
            "the model cannot be imported: 1 problem\n"
            "  graph input 'x' axis 1 has the fixed size 3, and 4 is asked for\n");
  EXPECT_EQ(import_text(two, {.shapes = {{"w", {5, 4}}}}),
            "the model cannot be imported: 1 problem\n"
            "  there is no graph input 'w' to give the sizes [5,4]; inputs are 'x', 'z'\n");
  EXPECT_EQ(import_text(two, {.shapes = {{"x", {5, -1}}, {"z", {6, -1}}}}),
            "the model cannot be imported: 1 problem\n"
            "  graph input 'z' size 'n' of axis 0 is asked to be 6 here and 5 elsewhere\n");
}

TEST(Importer, TakesInitializersThatAreListedAsInputsForConstants) {
  OnnxModel old = model(8, {.nodes = {node("Add", {"x", "w"}, {"y"})},
                            .initializers = {floats("w", {2}, {1, 2})},
                            .inputs = {f32("x", {"2"}), f32("w", {"2"})},
                            .outputs = {output("y")}});
  old.ir_version = 3;
  EXPECT_EQ(import_text(old), "x = input f32[2]\nw = const f32[2]{1,2}\ny = Add(x, w)\nreturn y\n");
}

TEST(Importer, AsksForRanksThatTheFileDoesNotState) {
  OnnxValueInfo b = f32("b", {});
  b.type.dims.reset();
  const OnnxModel one = model(
      13, {.nodes = {node("Add", {"a", "b"}, {"y"})}, .inputs = {f32("a", {"2", "3"}), b}, .outputs = {output("y")}});
  EXPECT_EQ(import_text(one),
            "the model cannot be imported: 1 problem\n"
            "  graph input 'b' has no shape, not even a rank; give one (--shapes b:1x3x224x224)\n");
  ImportOptions options;
  options.rank_of = [](std::size_t index, std::string_view name) -> std::optional<int> {
    return index == 1 && name == "b" ? std::optional(1) : std::nullopt;
  };
  EXPECT_EQ(import_text(one, options), "a = input f32[2,3]\nb = input f32[b_0]\ny = Add(a, b)\nreturn y\n");
}

TEST(Importer, TakesEqualInitializersOfOneNameOnce) {
  const auto twice = [](float second) {
    return import_text(model(13, {.nodes = {node("Add", {"x", "w"}, {"y"})},
                                  .initializers = {floats("w", {1}, {2}), floats("w", {1}, {second})},
                                  .inputs = {f32("x", {"2"})},
                                  .outputs = {output("y")}}));
  };
  EXPECT_EQ(twice(2), "x = input f32[2]\nw = const f32[1]{2}\ny = Add(x, w)\nreturn y\n");
  EXPECT_EQ(twice(3), "the model cannot be imported: 1 problem\n  value 'w' is defined twice\n");
}

TEST(Importer, TakesOperatorSet1WhereOldFilesNameNone) {
  OnnxModel old = model(
      1, {.nodes = {node("Concat", {"x", "x"}, {"y"})}, .inputs = {f32("x", {"2", "3"})}, .outputs = {output("y")}});
  old.ir_version = 1;
  old.opset_imports.clear();
  EXPECT_EQ(import_text(old), "x = input f32[2,3]\ny = Concat(x, x) axis=1\nreturn y\n");
  old.ir_version = 4;
  EXPECT_EQ(import_text(old),
            "the model cannot be imported: 1 problem\n"
            "  the file imports no operator set, which IR version 4 asks for\n");
}

TEST(Importer, OrdersNodesByWhatTheyRead) {
  EXPECT_EQ(import_text(
                model(13, {.nodes = {node("Relu", {"b"}, {"y"}), node("Abs", {"a"}, {"b"}), node("Neg", {"x"}, {"a"})},
                           .inputs = {f32("x", {"2"})},
                           .outputs = {output("y")}})),
            "x = input f32[2]\na = Neg(x)\nb = Abs(a)\ny = Relu(b)\nreturn y\n");
}

TEST(Importer, NamesNodesWithoutName) {
  OnnxNode one = node("Relu", {"x"}, {"y"});
  one.name = "";
  const auto graph = imported(model(13, {.nodes = {one}, .inputs = {f32("x", {"2"})}, .outputs = {output("y")}}));
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(graph->node(0).name, "Relu_y");
  EXPECT_EQ(graph->node(0).members, (std::vector<std::string>{"Relu_y"}));
}

TEST(Importer, SaysWhatItRead) {
  OnnxModel one =
      model(17, {.nodes = {node("Relu", {"x"}, {"y"})}, .inputs = {f32("x", {"2"})}, .outputs = {output("y")}});
  one.opset_imports.emplace("com.microsoft", 1);
  one.producer_name = "pytorch";
  one.producer_version = "2.1.0";
  const auto graph = imported(one);
  ASSERT_TRUE(graph);
  EXPECT_EQ(graph->info.source, "ONNX IR 8, opset ai.onnx 17 + com.microsoft 1, producer pytorch 2.1.0");
  one.domain = "org.example";
  one.model_version = 3;
  EXPECT_EQ(
      imported(one)->info.source,
      "ONNX IR 8, opset ai.onnx 17 + com.microsoft 1, producer pytorch 2.1.0, domain org.example, model version 3");
}

TEST(Importer, GivesEveryOutputItsOwnName) {
  EXPECT_EQ(import_text(model(13, {.nodes = {node("Relu", {"x"}, {"a"})},
                                   .inputs = {f32("x", {"2"})},
                                   .outputs = {output("a"), output("x")}})),
            "x = input f32[2]\na = Relu(x)\nreturn a, x\n");
  EXPECT_EQ(import_text(model(13, {.nodes = {node("Identity", {"w"}, {"y"})},
                                   .initializers = {floats("w", {1}, {4})},
                                   .outputs = {output("y"), output("w")}})),
            "w = const f32[1]{4}\ny = Identity(w)\nreturn y, w\n");
}

TEST(Importer, ComputesShapesWhereTheyAreKnown) {
  EXPECT_EQ(import_text(model(13, {.nodes = {node("Shape", {"x"}, {"s"}), node("Gather", {"s", "one"}, {"d"}),
                                             node("Concat", {"minus", "d"}, {"t"}), node("Reshape", {"x", "t"}, {"y"})},
                                   .initializers = {ints("one", {1}, {1}), ints("minus", {1}, {-1})},
                                   .inputs = {f32("x", {"n", "6", "5"})},
                                   .outputs = {output("y")}})),
            "the model cannot be imported: 1 problem\n  node 2 't' (Concat, ai.onnx 13, output 't'): attribute 'axis' "
            "is missing\n");
  EXPECT_EQ(import_text(model(13, {.nodes = {node("Shape", {"x"}, {"s"}), node("Gather", {"s", "one"}, {"d"}),
                                             node("Concat", {"minus", "d"}, {"t"}, {attr("axis", 0)}),
                                             node("Reshape", {"x", "t"}, {"y"})},
                                   .initializers = {ints("one", {1}, {1}), ints("minus", {1}, {-1})},
                                   .inputs = {f32("x", {"n", "6", "5"})},
                                   .outputs = {output("y")}})),
            "x = input f32[n,6,5]\ns = Shape(x)\none = const i64[1]{1}\nd = Gather(s, one)\nt = const i64[2]{-1,6}\ny "
            "= Reshape(x, t)\nreturn y\n");
}

OnnxGraph branch(std::string_view op, std::string_view result) {
  return {.name = op, .nodes = {node(op, {"a", "w"}, {result})}, .outputs = {output(result)}};
}

TEST(Importer, TurnsCapturedValuesOfBodiesIntoInputs) {
  EXPECT_EQ(
      import_text(model(13, {.nodes = {node("Neg", {"x"}, {"a"}), node("If", {"c"}, {"y"},
                                                                       {attr("then_branch", branch("Add", "r")),
                                                                        attr("else_branch", branch("Mul", "r"))})},
                             .initializers = {floats("w", {1}, {3})},
                             .inputs = {value("c", DataType::kBool, {}), f32("x", {"2"})},
                             .outputs = {output("y")}})),
      "c = input bool[]\nx = input f32[2]\na = Neg(x)\ny = If(c, a)\n"
      "{\n  a = input f32[2]\n  w = const f32[1]{3}\n  r = Add(a, w)\n  return r\n}\n"
      "{\n  a = input f32[2]\n  w = const f32[1]{3}\n  r = Mul(a, w)\n  return r\n}\n"
      "return y\n");
}

TEST(Importer, TakesTheBranchOfAKnownCondition) {
  EXPECT_EQ(
      import_text(model(
          13, {.nodes = {node("If", {"c"}, {"y"},
                              {attr("then_branch", branch("Add", "r")), attr("else_branch", branch("Mul", "r"))})},
               .initializers = {floats("w", {1}, {3}), codes("c", 9, {}, {0})},
               .inputs = {f32("a", {"2"})},
               .outputs = {output("y")}})),
      "a = input f32[2]\nw = const f32[1]{3}\ny = Mul(a, w) name=\"y/r\"\nreturn y\n");
}

OnnxModel with_function(OnnxFunction function) {
  OnnxNode call = node("Twice", {"x"}, {"y"}, {attr("slope", 0.5F)});
  call.domain = "local";
  OnnxModel out = model(13, {.nodes = {call}, .inputs = {f32("x", {"2"})}, .outputs = {output("y")}});
  out.opset_imports.emplace("local", 1);
  function.name = "Twice";
  function.domain = "local";
  function.opset_imports = {{"", 13}, {"local", 1}};
  out.functions = {std::move(function)};
  return out;
}

TEST(Importer, InlinesFunctionsWithTheirAttributes) {
  EXPECT_EQ(
      import_text(with_function(
          {.inputs = {"a"},
           .outputs = {"b"},
           .attributes = {"slope"},
           .nodes = {node("LeakyRelu", {"a"}, {"t"}, {attr_of_call("alpha", "slope", OnnxAttribute::Kind::kFloat)}),
                     node("Elu", {"t"}, {"b"}, {attr_of_call("alpha", "absent", OnnxAttribute::Kind::kFloat)})}})),
      "x = input f32[2]\ny/t/LeakyRelu = LeakyRelu(x) alpha=0.5 name=\"y/t\"\n"
      "y = Elu(y/t/LeakyRelu) name=\"y/b\"\nreturn y\n");
}

TEST(Importer, RefusesFunctionsThatCallThemselves) {
  OnnxNode call = node("Twice", {"a"}, {"b"});
  call.domain = "local";
  EXPECT_EQ(import_text(with_function({.inputs = {"a"}, .outputs = {"b"}, .nodes = {call}})),
            "the model cannot be imported: 1 problem\n"
            "  node 0/0 'y/b' (Twice, local 1, output 'b'): function local:Twice calls itself\n");
}

TEST(Importer, RefusesFunctionsThatGrowWithoutBound) {
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back(strings::join("F", i));
  OnnxModel bomb = with_function({.inputs = {"a"}, .outputs = {"b"}, .nodes = {node("Relu", {"a"}, {"b"})}});
  bomb.functions.clear();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string_view next = i + 1 < names.size() ? std::string_view(names[i + 1]) : "Relu";
    OnnxFunction function{.name = i == 0 ? std::string_view("Twice") : names[i], .domain = "local"};
    function.inputs = {"a"};
    function.outputs = {"c"};
    function.nodes = {node(next, {"a"}, {"b"}), node(next, {"b"}, {"c"})};
    if (next != "Relu") function.nodes[0].domain = function.nodes[1].domain = "local";
    function.opset_imports = {{"", 13}, {"local", 1}};
    bomb.functions.push_back(std::move(function));
  }
  const std::string text = import_text(bomb);
  EXPECT_NE(text.find("function calls expand to more than 262144 nodes"), std::string::npos) << text.substr(0, 2000);
  EXPECT_TRUE(text.starts_with("the model cannot be imported: 1 problem\n"));
}

/// The dense form of a sparse initializer, as text, or what is wrong with it.
std::string dense(OnnxTensor values, OnnxTensor indices, Dims dims) {
  values.name = "w";
  const std::string text = import_text(
      model(13, {.nodes = {node("Identity", {"w"}, {"y"})},
                 .sparse_initializers = {{.values = std::move(values), .indices = std::move(indices), .dims = dims}},
                 .outputs = {output("y")}}));
  const std::size_t problem = text.find("initializer 'w': ");
  const std::string_view found = problem != std::string::npos ? std::string_view(text).substr(problem + 17)
                                                              : std::string_view(text).substr(text.find("const ") + 6);
  return std::string(found.substr(0, found.find('\n')));
}

TEST(Importer, MakesSparseInitializersDense) {
  EXPECT_EQ(dense(floats("", {2}, {5, 7}), ints("", {2}, {1, 3}), {2, 2}), "f32[2,2]{0,5,0,7}");
  EXPECT_EQ(dense(floats("", {2}, {5, 7}), ints("", {2}, {3, 1}), {2, 2}), "f32[2,2]{0,7,0,5}") << "in any order";
  EXPECT_EQ(dense(floats("", {2}, {5, 7}), ints("", {2, 2}, {0, 1, 1, 0}), {2, 2}), "f32[2,2]{0,5,7,0}")
      << "by coordinates";
  EXPECT_EQ(dense(floats("", {0}, {}), ints("", {0}, {}), {3}), "f32[3]{0,0,0}");
  EXPECT_EQ(dense(codes("", 22, {3}, {0x21, 0x03}), ints("", {3}, {0, 2, 3}), {4}), "i4[4]{1,0,2,3}");
  EXPECT_EQ(dense({.dtype = 8, .dims = {1}, .string_data = {"a"}}, ints("", {1}, {1}), {2}), "string[2]{\"\",\"a\"}");
}

TEST(Importer, SaysWhatIsWrongWithASparseInitializer) {
  const auto two = [] { return floats("", {2}, {5, 7}); };
  EXPECT_EQ(dense(two(), ints("", {2}, {1, 4}), {2, 2}), "index 4 is outside of [0, 4)");
  EXPECT_EQ(dense(two(), ints("", {2, 2}, {0, 1, 0, -1}), {2, 2}), "index -1 is outside of [0, 2)");
  EXPECT_EQ(dense(two(), ints("", {2}, {3, 3}), {2, 2}), "two values have the place 3");
  EXPECT_EQ(dense(two(), ints("", {3}, {1, 2, 3}), {2, 2}), "2 values and indices [3] do not fit a tensor [2,2]");
  EXPECT_EQ(dense(two(), ints("", {2, 3}, {0, 0, 0, 1, 1, 1}), {2, 2}),
            "2 values and indices [2,3] do not fit a tensor [2,2]");
  EXPECT_EQ(dense(two(), codes("", 6, {2}, {0, 1}), {2, 2}), "the indices are i32, where i64 is expected");
  EXPECT_EQ(dense(floats("", {2, 1}, {5, 7}), ints("", {2}, {0, 1}), {2, 2}),
            "the values are f32[2,1], where rank 1 is expected");
  EXPECT_EQ(dense(two(), ints("", {2}, {0, 1}), {1 << 20, 1 << 20}),
            "the dense form f32[1048576,1048576] needs more than 2147483648 bytes");
}

TEST(Importer, ReadsSparseInputsAndConstantsAsDenseOnes) {
  OnnxValueInfo x = f32("x", {"2", "2"});
  x.type.kind = OnnxType::Kind::kSparseTensor;
  OnnxAttribute sparse{.name = "sparse_value", .kind = OnnxAttribute::Kind::kSparseTensor};
  sparse.sparse_tensors = {{.values = floats("", {1}, {5}), .indices = ints("", {1}, {2}), .dims = {2, 2}}};
  EXPECT_EQ(import_text(model(13, {.nodes = {node("Constant", {}, {"c"}, {sparse}), node("Add", {"x", "c"}, {"y"})},
                                   .inputs = {x},
                                   .outputs = {output("y")}})),
            "x = input f32[2,2]\nc = const f32[2,2]{0,0,5,0}\ny = Add(x, c)\nreturn y\n");
}

/// What importing says about a loop whose body gives `again` as its condition.
std::string loop_problem(std::string_view trips, std::string_view cond, std::string_view again) {
  OnnxGraph body;
  body.inputs = {value("i", DataType::kI64, {}), value("go", DataType::kBool, {}), f32("v", {"2"})};
  body.initializers = {codes("true", 9, {}, {1}), floats("zero", {}, {0})};
  body.nodes = {node("Neg", {"v"}, {"n"}), node("ReduceMax", {"v"}, {"most"}, {attr("keepdims", 0)}),
                node("Greater", {"most", "zero"}, {"positive"}), node("Identity", {"go"}, {"same"})};
  body.outputs = {output(again), output("n")};
  const std::string text =
      import_text(model(13, {.nodes = {node("Loop", {trips, cond, "x"}, {"y"}, {attr("body", std::move(body))})},
                             .initializers = {ints("ten", {}, {10}), ints("forever", {}, {INT64_MAX}),
                                              codes("yes", 9, {}, {1}), codes("no", 9, {}, {0})},
                             .inputs = {f32("x", {"2"}), value("given", DataType::kBool, {})},
                             .outputs = {output("y")}}));
  const std::size_t at = text.find("the loop has no end");
  return at == std::string::npos ? "runs" : text.substr(at, text.find(',', at) - at);
}

TEST(Importer, RefusesLoopsThatCannotEnd) {
  EXPECT_EQ(loop_problem("", "", "same"), "the loop has no end: there is no trip count");
  EXPECT_EQ(loop_problem("", "yes", "true"), "the loop has no end: there is no trip count");
  EXPECT_EQ(loop_problem("forever", "yes", "same"), "the loop has no end: the trip count is beyond 2^53");
  EXPECT_EQ(loop_problem("forever", "yes", "positive"), "runs");
  EXPECT_EQ(loop_problem("ten", "", "same"), "runs");
  EXPECT_EQ(loop_problem("", "no", "same"), "runs");
  EXPECT_EQ(loop_problem("", "given", "same"), "runs") << "it may be false at first";
}

TEST(Importer, LeavesLongArithmeticOnIntegersToRuns) {
  OnnxGraph graph;
  graph.initializers = {codes("a", 3, {64}, std::vector<std::int32_t>(64, 1))};
  graph.nodes = {node("Einsum", {"a", "a"}, {"few"}, {attr("equation", "a,b->")}),
                 node("Einsum", {"a", "a", "a", "a", "a", "a"}, {"many"}, {attr("equation", "a,b,c,d,e,f->")})};
  graph.outputs = {output("few"), output("many")};
  const std::string text = import_text(model(13, std::move(graph)));
  EXPECT_NE(text.find("few = const i8[]{0}"), std::string::npos) << text;
  EXPECT_NE(text.find("many = Einsum("), std::string::npos) << text;
}

}  // namespace
}  // namespace bolide::onnx
