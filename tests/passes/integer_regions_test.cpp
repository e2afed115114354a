/// Q/DQ graphs through the whole pipeline: integer operators, with the codes that the float graph gives.
#include "interpret.h"
#include "ir/text.h"

namespace bolide {
namespace {

/// Nodes of the final graph that compute in floats only: neither an input nor the result is an 8-bit integer.
int float_nodes(const Graph& graph) {
  int count = 0;
  const auto is_byte = [&graph](ValueId id) {
    const DataType type = id == kNoValue ? DataType::kF32 : graph.value(id).type.dtype;
    return type == DataType::kU8 || type == DataType::kI8;
  };
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    bool bytes = is_byte(node.outputs[0]);
    for (const ValueId input : node.inputs) bytes = bytes || is_byte(input);
    count += bytes ? 0 : 1;
  }
  return count;
}

Graph optimized(const Graph& graph, bool integers = true) {
  Graph out = graph;
  PassOptions options;
  options.verify = true;
  options.integers = integers;
  const auto report = run_pipeline(out, options);
  EXPECT_TRUE(report) << report.error().message;
  return out;
}

// conv -> relu -> conv -> add(residual) -> relu, as writers of Q/DQ files put it.
constexpr std::string_view kBlock = R"g(
x = input f32[1,2,5,5]
sx = const f32[]{0.02}
zx = const u8[]{100}
w1 = const i8[3,2,1,1]{-100,50,127,1,-7,90}
sw1 = const f32[3]{0.01,0.02,0.005}
b1 = const i32[3]{300,-200,77}
sb1 = const f32[3]{0.0002,0.0004,0.0001}
s1 = const f32[]{0.03}
z1 = const u8[]{0}
w2 = const i8[2,3,3,3]{1,-2,3,-4,5,-6,7,-8,9,10,-11,12,-13,14,-15,16,-17,18,19,-20,21,-22,23,-24,25,-26,27,28,-29,30,-31,32,-33,34,-35,36,37,-38,39,-40,41,-42,43,-44,45,46,-47,48,-49,50,-51,52,-53,54}
sw2 = const f32[]{0.011}
s2 = const f32[]{0.07}
z2 = const u8[]{131}
s3 = const f32[]{0.05}
z3 = const u8[]{3}
q0 = QuantizeLinear(x, sx, zx)
d0 = DequantizeLinear(q0, sx, zx)
dw1 = DequantizeLinear(w1, sw1) axis=0
db1 = DequantizeLinear(b1, sb1) axis=0
c1 = Conv(d0, dw1, db1)
r1 = Relu(c1)
q1 = QuantizeLinear(r1, s1, z1)
d1 = DequantizeLinear(q1, s1, z1)
dw2 = DequantizeLinear(w2, sw2)
c2 = Conv(d1, dw2) pads=[1,1,1,1]
q2 = QuantizeLinear(c2, s2, z2)
d2 = DequantizeLinear(q2, s2, z2)
a = Add(d2, d0)
r2 = Relu(a)
q3 = QuantizeLinear(r2, s3, z3)
y = DequantizeLinear(q3, s3, z3)
return y
)g";

TEST(IntegerRegions, AResidualBlockIsOneNodeAConvolution) {
  const Graph graph = optimized(*parse_graph(kBlock));
  EXPECT_EQ(graph.node_count(), 3U) << print(graph);  // one node quantizes the input
  EXPECT_EQ(float_nodes(graph), 0) << print(graph);
}

TEST(IntegerRegions, AResidualBlockGivesTheCodesOfTheFloatGraph) {
  const Graph original = *parse_graph(kBlock);
  for (const bool integers : {true, false}) {
    const Graph graph = optimized(original, integers);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      const auto inputs = *testing::random_inputs(original, {}, seed);
      const auto want = testing::interpret(original, inputs);
      const auto got = testing::interpret(graph, inputs);
      ASSERT_TRUE(want && got);
      EXPECT_EQ((*got)[0], (*want)[0]) << "seed " << seed << "\n" << print(graph);
    }
  }
}

TEST(IntegerRegions, WithoutIntegersContractionsStayInFloat) {
  const Graph graph = optimized(*parse_graph(kBlock), false);
  for (const NodeId id : graph.order()) {
    if (graph.node(id).op.name() != "Conv") continue;
    EXPECT_EQ(graph.value(graph.node(id).inputs[0]).type.dtype, DataType::kF32) << print(graph);
  }
}

/// All 256 codes of x, all 256 of w, a requantization: y = Q(DQ(x) * DQ(w)) as a 1x1 convolution.
TEST(IntegerRegions, EveryProductOfTwoCodesIsRoundedAsInFloat) {
  std::string text = "x = input u8[256,1,1,1]\nw = const i8[256,1,1,1]{";
  for (int i = -128; i < 128; ++i) text += strings::join(i > -128 ? "," : "", i);
  text += R"g(}
sx = const f32[]{0.0173}
zx = const u8[]{117}
sw = const f32[]{0.0091}
sy = const f32[]{0.021}
zy = const u8[]{13}
dx = DequantizeLinear(x, sx, zx)
dw = DequantizeLinear(w, sw)
c = Conv(dx, dw)
y = QuantizeLinear(c, sy, zy)
return y
)g";
  const Graph original = *parse_graph(text);
  const Graph graph = optimized(original);
  EXPECT_EQ(graph.node_count(), 1U) << print(graph);
  Tensor x = *Tensor::allocate(DataType::kU8, {256, 1, 1, 1});
  for (int i = 0; i < 256; ++i) x.span<std::uint8_t>()[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i);
  const auto want = *testing::interpret(original, {&x, 1});
  const auto got = *testing::interpret(graph, {&x, 1});
  EXPECT_EQ(got[0], want[0]);
}

/// Two codes added after dequantizing, in steps that make ties: 0.5 and 0.25 onto 1.
TEST(IntegerRegions, EverySumOfTwoCodesIsRoundedAsInFloat) {
  const Graph original = *parse_graph(R"g(
a = input u8[256,1]
b = input i8[1,256]
sa = const f32[]{0.5}
za = const u8[]{3}
sb = const f32[]{0.25}
sy = const f32[]{1}
zy = const u8[]{101}
da = DequantizeLinear(a, sa, za)
db = DequantizeLinear(b, sb)
s = Add(da, db)
y = QuantizeLinear(s, sy, zy)
return y
)g");
  const Graph graph = optimized(original);
  EXPECT_EQ(graph.node_count(), 1U) << print(graph);
  Tensors inputs = {*Tensor::allocate(DataType::kU8, {256, 1}), *Tensor::allocate(DataType::kI8, {1, 256})};
  for (int i = 0; i < 256; ++i) {
    inputs[0].span<std::uint8_t>()[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(i);
    inputs[1].span<std::int8_t>()[static_cast<std::size_t>(i)] = static_cast<std::int8_t>(i - 128);
  }
  EXPECT_EQ((*testing::interpret(graph, inputs))[0], (*testing::interpret(original, inputs))[0]);
}

}  // namespace
}  // namespace bolide
