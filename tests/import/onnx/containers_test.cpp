// Sequences, optionals and maps in files; models for any batch.
#include "import/onnx/dynamic_batch.h"
#include "import/onnx/value_data.h"
#include "interpret.h"
#include "model_text.h"

namespace bolide::onnx {
namespace {

OnnxValueInfo sequence(std::string_view name, OnnxValueInfo element) {
  OnnxValueInfo out{.name = name};
  out.type.kind = OnnxType::Kind::kSequence;
  out.type.element = {std::move(element.type)};
  return out;
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// A protobuf field of bytes.
std::string field(int tag, const std::string& bytes) {
  std::string out(1, static_cast<char>(tag * 8 + 2));
  out += static_cast<char>(bytes.size());
  return out + bytes;
}

Tensor f32s(Dims dims, std::vector<float> values) { return Tensor::of<float>(values, std::move(dims)); }

TEST(OnnxContainers, InputsSayWhatTheyHold) {
  OnnxGraph graph;
  graph.inputs = {sequence("s", f32("", {"?", "3"})), f32("x", {"2", "3"})};
  graph.nodes = {node("SequenceInsert", {"s", "x"}, {"y"})};
  graph.outputs = {output("y")};
  const Result<Graph> read = imported(model(18, std::move(graph)));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(text(read->value(read->inputs()[0]).type), "sequence[s_size]<f32[s_item_0,3]>");
  EXPECT_EQ(text(read->value(read->outputs()[0]).type), "sequence[s_size+1]<f32[size_1,3]>");
}

TEST(OnnxContainers, ALoopMayGrowASequenceThatStartsEmpty) {
  OnnxGraph body;
  body.inputs = {value("i", DataType::kI64, {}), value("go", DataType::kBool, {}), sequence("s", f32("", {"2"}))};
  body.nodes = {node("Identity", {"go"}, {"again"}), node("SequenceInsert", {"s", "x"}, {"more"})};
  body.outputs = {output("again"), output("more")};
  OnnxGraph graph;
  graph.inputs = {f32("x", {"2"})};
  graph.initializers = {ints("trips", {}, {3})};
  graph.nodes = {node("SequenceEmpty", {}, {"none"}),
                 node("Loop", {"trips", "", "none"}, {"all"}, {attr("body", std::move(body))}),
                 node("ConcatFromSequence", {"all"}, {"y"}, {attr("axis", 0), attr("new_axis", 1)})};
  graph.outputs = {output("y")};
  const Result<Graph> read = imported(model(18, std::move(graph)));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(verify(*read));
  const Result<Tensors> y = testing::interpret(*read, Tensors{f32s({2}, {5, 6})});
  ASSERT_TRUE(y) << y.error().message;
  EXPECT_EQ((*y)[0], f32s({3, 2}, {5, 6, 5, 6, 5, 6}));
}

TEST(OnnxContainers, ALoopsValuesMayGrow) {
  OnnxGraph body;
  body.inputs = {value("i", DataType::kI64, {}), value("go", DataType::kBool, {}), f32("v", {"?"})};
  body.nodes = {node("Identity", {"go"}, {"again"}), node("Concat", {"v", "v"}, {"twice"}, {attr("axis", 0)})};
  body.outputs = {output("again"), output("twice")};
  OnnxGraph graph;
  graph.inputs = {f32("x", {"1"})};
  graph.initializers = {ints("trips", {}, {2})};
  graph.nodes = {node("Loop", {"trips", "", "x"}, {"y"}, {attr("body", std::move(body))})};
  graph.outputs = {output("y")};
  const Result<Graph> read = imported(model(18, std::move(graph)));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(verify(*read));
  const Result<Tensors> y = testing::interpret(*read, Tensors{f32s({1}, {7})});
  ASSERT_TRUE(y) << y.error().message;
  EXPECT_EQ((*y)[0], f32s({4}, {7, 7, 7, 7}));
}

TEST(OnnxValues, SequencesOptionalsAndMapsAreRead) {
  const std::string one = write_tensor(f32s({1}, {1.5F}), "a");
  const std::string two = write_tensor(f32s({2}, {2, 3}), "b");
  const TensorType any{DataType::kF32, {}, nullptr, false};
  const auto sequence = read_value(bytes_of(field(3, one) + field(3, two)), nullptr, sequence_type(any, Dim("n")));
  ASSERT_TRUE(sequence) << sequence.error().message;
  ASSERT_EQ(sequence->count(), 2);
  EXPECT_EQ(sequence->items()[1], f32s({2}, {2, 3}));
  const auto some = read_value(bytes_of(field(3, one)), nullptr, optional_type(any, Dim("p")));
  ASSERT_TRUE(some) << some.error().message;
  EXPECT_EQ(some->items()[0], f32s({1}, {1.5F}));
  EXPECT_EQ(read_value({}, nullptr, optional_type(any, Dim("p")))->count(), 0);
  const TensorType strings{DataType::kString, {Dim("n")}};
  const std::string map = field(4, "x") + field(4, "y") + field(5, field(3, one) + field(3, one));
  const auto pairs = read_value(bytes_of(map), nullptr, map_type(strings, {DataType::kF32, {Dim("n")}}));
  ASSERT_TRUE(pairs) << pairs.error().message;
  EXPECT_EQ(pairs->items()[0].span<std::string>()[1], "y");
  EXPECT_EQ(pairs->items()[1], f32s({2}, {1.5F, 1.5F}));
}

TEST(OnnxValues, SparseTensorsAreReadAsDenseOnes) {
  const std::string sparse = field(1, write_tensor(f32s({2}, {5, 7}), "v")) +
                             field(2, write_tensor(Tensor::of<std::int64_t>(Dims{1, 2}), "i")) +
                             std::string("\x18\x03");
  const TensorType any{DataType::kF32, {}, nullptr, false};
  const auto alone = read_value(bytes_of(sparse), nullptr, any);
  ASSERT_TRUE(alone) << alone.error().message;
  EXPECT_EQ(*alone, f32s({3}, {0, 5, 7}));
  const auto listed = read_value(bytes_of(field(4, sparse)), nullptr, sequence_type(any, Dim("n")));
  ASSERT_TRUE(listed) << listed.error().message;
  EXPECT_EQ(listed->items()[0], f32s({3}, {0, 5, 7}));
}

TEST(OnnxValues, WhatDoesNotFitItsTypeIsRefused) {
  const std::string one = write_tensor(f32s({1}, {1.5F}), "a");
  const TensorType wide{DataType::kF64, {}, nullptr, false};
  const TensorType any{DataType::kF32, {}, nullptr, false};
  EXPECT_FALSE(read_value(bytes_of(field(3, one)), nullptr, sequence_type(wide, Dim("n"))));
  EXPECT_FALSE(read_value(bytes_of(field(5, one)), nullptr, sequence_type(any, Dim("n"))));
  EXPECT_FALSE(read_value(bytes_of(field(3, one) + field(3, one)), nullptr, optional_type(any, Dim("p"))));
  const TensorType strings{DataType::kString, {Dim("n")}};
  EXPECT_FALSE(read_value(bytes_of(field(4, "x")), nullptr, map_type(strings, {DataType::kF32, {Dim("n")}})));
}

TEST(DynamicBatch, ConstantTargetsOfReshapeFollow) {
  const Shape input = {Dim(kBatchName), 8, 4, 4};
  EXPECT_EQ(reshape_for_any_batch(input, {2, 128}, 2), (Dims{0, 128}));
  EXPECT_EQ(reshape_for_any_batch(input, {2, -1}, 2), (Dims{0, -1}));
  EXPECT_EQ(reshape_for_any_batch(input, {16, 16}, 2), (Dims{-1, 16}));  // batch times channels
  EXPECT_EQ(reshape_for_any_batch(input, {-1, 16}, 2), (Dims{-1, 16}));
  EXPECT_EQ(reshape_for_any_batch({5, Dim(kBatchName), 6}, {5, 2, 2, 3}, 2), (Dims{5, 0, 2, 3}));
  EXPECT_EQ(reshape_for_any_batch({2, 8}, {16}, 2), (Dims{16}));  // a constant's
}

TEST(DynamicBatch, ABatchOfOneIsFoundByTheOrderOfElements) {
  const Dim batch(kBatchName);
  EXPECT_EQ(reshape_for_any_batch({17, batch, 16}, {17, 16}, 1), (Dims{-1, 16}));
  EXPECT_EQ(reshape_for_any_batch({Dim(17) * batch, 16}, {17, 1, 16}, 1), (Dims{17, -1, 16}));
  EXPECT_EQ(reshape_for_any_batch({batch, 4, 7, 8}, {4, 7, 8}, 1), (Dims{-1, 7, 8}));
  EXPECT_EQ(reshape_for_any_batch({Dim(4) * batch, 7, 8}, {1, 4, 7, 8}, 1), (Dims{-1, 4, 7, 8}));
  EXPECT_EQ(reshape_for_any_batch({3, batch, 8}, {3, 1, 2, 4}, 1), (Dims{3, 0, 2, 4}));
  EXPECT_EQ(reshape_for_any_batch({17, batch, 16}, {17, 4, 4}, 1), (Dims{17, -1, 4}));  // heads
  EXPECT_EQ(reshape_for_any_batch({17, batch, 4, 4}, {17, 16}, 1), (Dims{-1, 16}));
  EXPECT_TRUE(may_hold_batch_elsewhere({17, batch, 16}, {17, 4, 4}, 1));
  EXPECT_FALSE(may_hold_batch_elsewhere({17, batch, 16}, {17, 8, 4}, 2));
  EXPECT_FALSE(may_hold_batch_elsewhere({batch, 4, 7, 8}, {4, 7, 8}, 1));
}

TEST(DynamicBatch, AModelOfOneBatchSizeTakesAny) {
  OnnxGraph graph;
  graph.inputs = {f32("x", {"2", "3", "4"}), f32("y", {"2", "12"}), f32("z", {"1", "12"})};
  graph.initializers = {ints("to", {2}, {2, 12})};
  graph.nodes = {node("Reshape", {"x", "to"}, {"flat"}), node("Add", {"flat", "y"}, {"sum"}),
                 node("Add", {"sum", "z"}, {"out"})};
  graph.outputs = {output("out")};
  const std::string bytes = write_model(model(18, std::move(graph)));
  const Result<Graph> read = import_onnx(bytes_of(bytes), nullptr, {.shapes = {}, .dynamic_batch = true});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(text(read->value(read->inputs()[0]).type), "f32[batch,3,4]");
  EXPECT_EQ(text(read->value(read->inputs()[1]).type), "f32[batch,12]");
  EXPECT_EQ(text(read->value(read->inputs()[2]).type), "f32[1,12]");
  EXPECT_EQ(text(read->value(read->outputs()[0]).type), "f32[batch,12]");
}

/// The model `graph` with a batch of any size.
Result<Graph> with_any_batch(OnnxGraph graph) {
  const std::string bytes = write_model(model(18, std::move(graph)));
  return import_onnx(bytes_of(bytes), nullptr, {.shapes = {}, .dynamic_batch = true});
}

TEST(DynamicBatch, SizesThatNameItFollow) {
  OnnxGraph graph;
  graph.inputs = {f32("x", {"2", "3", "4", "1"})};
  graph.initializers = {ints("large", {4}, {2, 3, 8, 2}), ints("wide", {5}, {7, 2, 3, 4, 6})};
  graph.nodes = {node("Resize", {"x", "", "", "large"}, {"y"}), node("Expand", {"x", "wide"}, {"z"})};
  graph.outputs = {output("y"), output("z")};
  const Result<Graph> read = with_any_batch(std::move(graph));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(text(read->value(read->outputs()[0]).type), "f32[batch,3,8,2]");
  EXPECT_EQ(text(read->value(read->outputs()[1]).type), "f32[7,batch,3,4,6]");
}

TEST(DynamicBatch, ValuesMadeForItFollowWhereTheirEntriesAreEqual) {
  OnnxGraph graph;
  graph.inputs = {f32("x", {"2", "3"})};
  graph.initializers = {floats("token", {2, 1}, {5, 5}), floats("scale", {2, 1}, {3, 3})};
  graph.nodes = {node("Concat", {"token", "x"}, {"joined"}, {attr("axis", 1)}),
                 node("Mul", {"joined", "scale"}, {"y"})};
  graph.outputs = {output("y")};
  const Result<Graph> read = with_any_batch(graph);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(text(read->value(read->outputs()[0]).type), "f32[batch,4]");
  // Entries that differ belong to the places of the batch: they cannot be more or fewer.
  graph.initializers = {floats("token", {2, 1}, {5, 6}), floats("scale", {2, 1}, {3, 3})};
  const Result<Graph> fixed = with_any_batch(graph);
  EXPECT_TRUE(!fixed || text(fixed->value(fixed->outputs()[0]).type) != "f32[batch,4]");
}

TEST(DynamicBatch, AnExportersAllowzeroDoesNotStandInTheWay) {
  OnnxGraph graph;
  graph.inputs = {f32("x", {"2", "3", "4"})};
  graph.initializers = {ints("to", {2}, {2, -1})};
  graph.nodes = {node("Reshape", {"x", "to"}, {"out"}, {attr("allowzero", 1)})};
  graph.outputs = {output("out")};
  const std::string bytes = write_model(model(18, std::move(graph)));
  const Result<Graph> read = import_onnx(bytes_of(bytes), nullptr, {.shapes = {}, .dynamic_batch = true});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(text(read->value(read->outputs()[0]).type), "f32[batch,12]");
}

}  // namespace
}  // namespace bolide::onnx
