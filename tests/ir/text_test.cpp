#include "ir/text.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

std::string again(std::string_view text) {
  const auto graph = parse_graph(text);
  return graph ? print(*graph) : graph.error().message;
}

std::string error_of(std::string_view text) {
  const auto graph = parse_graph(text);
  return graph ? "none" : strings::join(name(graph.error().code), ": ", graph.error().message);
}

TEST(GraphText, ReadsBackWhatItPrints) {
  constexpr std::string_view kText =
      "x = input f32[batch,3,8,2*w]\n"
      "w = const f32[2,2]{0.5,-1,nan,inf}\n"
      "a = Identity(w)\n"
      "b = Identity(x) name=\"copy of x\"\n"
      "return b, a, b\n";
  EXPECT_EQ(again(kText), kText);
}

TEST(GraphText, QuotesNamesOfOddCharacters) {
  constexpr std::string_view kText =
      "\"a b\" = input f32[]\n"
      "\"return\" = Identity(\"a b\")\n"
      "\"_\" = Identity(\"return\")\n"
      "\"x=\\\"1\\\",(#\" = Identity(\"_\")\n"
      "return \"x=\\\"1\\\",(#\"\n";
  EXPECT_EQ(again(kText), kText);
}

TEST(GraphText, WritesConstantsOfEveryKindInFull) {
  constexpr std::string_view kText =
      "i = const i4[3]{-8,0,7}\n"
      "u = const u64[1]{18446744073709551615}\n"
      "h = const f16[2]{0.5,65504}\n"
      "b = const bool[2]{0,1}\n"
      "s = const string[2]{\"a,b\",\"}#\"}\n"
      "c = const c64[1]{1,2}\n"
      "e = const f32[0,4]{}\n"
      "return i, u, h, b, s, c, e\n";
  EXPECT_EQ(again(kText), kText);
}

TEST(GraphText, LeavesOutOutputsNobodyNamed) {
  constexpr std::string_view kText = "x = input f32[]\n_ = Identity(x) name=\"unread\"\nreturn x\n";
  EXPECT_EQ(again(kText), kText);
}

TEST(GraphText, ReadsBackAttributesMissingInputsAndSeveralOutputs) {
  constexpr std::string_view kText =
      "x = input f32[1,4,n]\n"
      "w = const f32[2,4,1]{1,2,3,4,5,6,7,8}\n"
      "a = Conv(x, w) strides=[2] epilogue=\"max(x0,0)\"\n"
      "s = const f32[3]{1,1,2}\n"
      "b = Resize(x, _, s) mode=linear\n"
      "_, c = Split(b) axis=1 sizes=[1,3] name=\"cut\"\n"
      "return a, c\n";
  EXPECT_EQ(again(kText), kText);
}

TEST(GraphText, ReadsBackBodiesInsideOfBodies) {
  constexpr std::string_view kText =
      "c = input bool[]\n"
      "x = input f32[2]\n"
      "y = If(c, x, c) name=\"outer\"\n"
      "{\n"
      "  x = input f32[2]\n"
      "  c = input bool[]\n"
      "  r = If(c)\n"
      "  {\n"
      "    w = const f32[2]{1,2}\n"
      "    return w\n"
      "  }\n"
      "  {\n"
      "    w = const f32[2]{3,4}\n"
      "    return w\n"
      "  }\n"
      "  return r\n"
      "}\n"
      "{\n"
      "  x = input f32[2]\n"
      "  c = input bool[]\n"
      "  r = Neg(x)\n"
      "  return r\n"
      "}\n"
      "z = Relu(y)\n"
      "return z\n";
  EXPECT_EQ(again(kText), kText);
}

TEST(GraphText, PrintsLargeConstantsByTheirDigestOnly) {
  const auto graph = parse_graph("w = const i32[3]{1,2,3}\nreturn w\n");
  ASSERT_TRUE(graph);
  const std::string text = print(*graph, {.max_constant_elements = 2});
  EXPECT_TRUE(text.starts_with("w = const i32[3] #")) << text;
  EXPECT_EQ(error_of(text), "bad file: line 1, column 17: the elements of the constant are not in the text");
}

TEST(GraphText, AppendsTypesThatTheParserSkips) {
  const auto graph = parse_graph("x = input f32[n]\ny = Identity(x)\nreturn y\n");
  ASSERT_TRUE(graph);
  const std::string text = print(*graph, {.types = true});
  EXPECT_EQ(text, "x = input f32[n]\ny = Identity(x)  # f32[n]\nreturn y\n");
  EXPECT_EQ(again(text), print(*graph));
}

TEST(GraphText, SkipsEmptyLinesCommentsAndSpaces) {
  EXPECT_EQ(again("# a graph\n\n  x =  input f32[ n , 2 ] # here\r\n\treturn x"), "x = input f32[n,2]\nreturn x\n");
}

TEST(GraphText, NamesTheLineAndColumnOfAMistake) {
  EXPECT_EQ(error_of("x = input f32[n]\ny = Nothing(x)\nreturn y\n"),
            "bad file: line 2, column 5: there is no operator 'Nothing'");
  EXPECT_EQ(error_of("x = input f32[n]\ny = Identity(z)\nreturn y\n"),
            "bad file: line 2, column 16: nothing is named 'z' above");
  EXPECT_EQ(error_of("x = input f33[n]\nreturn x"), "bad file: line 1, column 11: 'f33' is not a dtype");
  EXPECT_EQ(error_of("x = input f32[n]\n"), "bad file: line 1, column 17: return is missing");
  EXPECT_EQ(error_of("x = const f32[2]{1}\nreturn x"), "bad file: line 1, column 11: a tensor [2] lists 1 elements");
  EXPECT_EQ(error_of("x = input f32[n]\nreturn x\ny"), "bad file: line 3, column 1: nothing may follow return");
  EXPECT_EQ(error_of("x = input f32[]\nx = input f32[]\nreturn x"),
            "bad file: line 2, column 5: input 'x': the name is taken");
  EXPECT_EQ(error_of("x = input f32[]\ny = Identity(x) color=3\nreturn y"),
            "bad file: line 2, column 5: Identity: there is no attribute 'color'");
}

TEST(GraphText, RefusesHugeConstantsWithoutAllocating) {
  EXPECT_EQ(error_of("x = const f32[1000000000000]{1}\nreturn x"),
            "bad file: line 1, column 11: a tensor [1000000000000] lists 1 elements");
}

TEST(GraphText, RefusesDeepNesting) {
  std::string text = "x = input f32[]\n";
  for (int i = 0; i < 100000; ++i) text += "y = Identity(x)\n{\nx = input f32[]\n";
  EXPECT_EQ(error_of(text), "bad file: line 196, column 1: graphs are nested deeper than 64");
}

TEST(GraphText, SurvivesTruncationAndChangedBytes) {
  const std::string text =
      "x = input f32[batch,3]\n\"q \\x41\" = const f32[2]{1,2}\ny, _ = Identity(x, \"q A\") a=[1] name=\"n\"\n{\n"
      "return\n}\nreturn y\n";
  for (std::size_t i = 0; i < text.size(); ++i) {
    (void)parse_graph(text.substr(0, i));
    for (const char c : std::string_view("\0\"\\([{}])_,=#\n \xFF", 16)) {
      std::string changed = text;
      changed[i] = c;
      (void)parse_graph(changed);
    }
  }
}

TEST(ShapeText, ReadsSizesAndExpressions) {
  EXPECT_EQ(text(*parse_shape("[]")), "[]");
  EXPECT_EQ(text(*parse_shape("[batch,3,2*h+1,min(a,b)]")), "[batch,3,2*h+1,min(a,b)]");
  EXPECT_FALSE(parse_shape("[1,]"));
  EXPECT_FALSE(parse_shape("1,2"));
  EXPECT_FALSE(parse_shape("["));
  EXPECT_EQ(text(*parse_tensor_type("bf16[n]")), "bf16[n]");
}

TEST(TypeText, SaysWhatContainersHold) {
  for (const std::string_view type : {"sequence[n]<f32[2,k]>", "optional[0]<sequence[size]<string[*]>>",
                                      "map[2]<i64[n],f32[n]>", "sequence[0]<map[2]<string[n],f64[n]>>"}) {
    const auto parsed = parse_tensor_type(type);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(text(*parsed), type);
  }
  EXPECT_FALSE(parse_tensor_type("sequence[n]"));
  EXPECT_FALSE(parse_tensor_type("sequence[n]<f32[2]"));
  EXPECT_FALSE(parse_tensor_type("sequence[n]<f32[2]>>"));
  EXPECT_FALSE(parse_tensor_type("sequence[n,m]<f32[2]>"));
  EXPECT_FALSE(parse_tensor_type("map[2]<f32[2]>"));
  EXPECT_FALSE(parse_tensor_type("f32[*]"));
}

TEST(TypeText, GraphsHoldSequences) {
  const std::string text = "s = input sequence[n]<f32[2]>\nx = input f32[2]\ny = SequenceInsert(s, x)\nreturn y\n";
  const auto graph = parse_graph(text);
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(print(*graph), text);
  EXPECT_TRUE(verify(*graph));
  EXPECT_EQ(bolide::text(graph->value(graph->outputs()[0]).type), "sequence[n+1]<f32[2]>");
}

}  // namespace
}  // namespace bolide
