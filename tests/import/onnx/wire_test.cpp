#include "bytes.h"

#include <gtest/gtest.h>

namespace bolide::onnx {

using Kind = OnnxAttribute::Kind;

OnnxModel small_model() {
  static constexpr std::string_view kRaw("\0\0\x80\x3F\0\0\0\x40", 8);  // 1.0f, 2.0f
  OnnxTensor weights;
  weights.name = "w";
  weights.dtype = 1;
  weights.dims = {2};
  weights.raw_data = kRaw;

  OnnxNode add;
  add.name = "add0";
  add.op_type = "Add";
  add.inputs = {"x", "w"};
  add.outputs = {"sum"};

  OnnxNode all;
  all.name = "relu0";
  all.op_type = "Relu";
  all.domain = "custom";
  all.overload = "v2";
  all.doc = "the last node";
  all.inputs = {"sum", "", "w"};
  all.outputs = {"y"};
  all.metadata_props = {{"origin", "line 3"}};
  const auto put = [&all](std::string_view name, Kind kind) -> OnnxAttribute& {
    return all.attributes.emplace_back(attribute(name, kind));
  };
  put("f", Kind::kFloat).f = 0.5F;
  put("i", Kind::kInt).i = -7;
  put("s", Kind::kString).s = "text";
  put("t", Kind::kTensor).tensors = {weights};
  OnnxGraph body;
  body.name = "body";
  body.nodes = {add};
  put("g", Kind::kGraph).graphs = {body};
  put("floats", Kind::kFloats).floats = {1, 2.5F};
  put("ints", Kind::kInts).ints = {1, -1, INT64_MAX};
  put("strings", Kind::kStrings).strings = {"a", "", "b"};
  put("tensors", Kind::kTensors).tensors = {weights, weights};
  put("graphs", Kind::kGraphs).graphs = {body, body};
  OnnxSparseTensor sparse;
  sparse.values = weights;
  sparse.indices.dtype = 7;
  sparse.indices.dims = {2};
  sparse.indices.int64_data = {3, 5};
  sparse.dims = {10};
  put("sparse", Kind::kSparseTensor).sparse_tensors = {sparse};
  put("sparses", Kind::kSparseTensors).sparse_tensors = {sparse, sparse};
  OnnxType sequence;
  sequence.kind = OnnxType::Kind::kSequence;
  sequence.element = {value_info("", 1, {{2, {}, {}}}).type};
  put("type", Kind::kType).types = {sequence};
  put("types", Kind::kTypes).types = {sequence, sequence};
  put("reference", Kind::kInt).ref_attr_name = "axis";

  OnnxModel model;
  model.ir_version = 10;
  model.producer_name = "bolide-tests";
  model.producer_version = "1";
  model.domain = "example";
  model.model_version = 3;
  model.doc_string = "a small model";
  model.opset_imports = {{"", 21}, {"custom", 1}};
  model.metadata_props = {{"author", "nobody"}};
  model.graph.name = "main";
  model.graph.doc = "adds";
  model.graph.nodes = {add, all};
  model.graph.initializers = {weights};
  model.graph.sparse_initializers = {sparse};
  model.graph.inputs = {value_info("x", 1, {{{}, "batch", "DATA_BATCH"}, {2, {}, {}}, {}})};
  model.graph.outputs = {value_info("y", 1, {{2, {}, {}}})};
  model.graph.value_infos = {value_info("sum", 1, {})};
  model.graph.quant_annotations = {{"w", {{"SCALE_TENSOR", "w_scale"}}}};
  model.graph.metadata_props = {{"k", "v"}};
  OnnxFunction function;
  function.name = "Twice";
  function.domain = "custom";
  function.overload = "o";
  function.doc = "x + x";
  function.inputs = {"a"};
  function.outputs = {"b"};
  function.attributes = {"axis"};
  function.attribute_defaults = {all.attributes[1]};
  function.nodes = {add};
  function.value_infos = {value_info("a", 1, {})};
  function.opset_imports = {{"", 21}};
  function.metadata_props = {{"p", "q"}};
  model.functions = {function};
  return model;
}

namespace {

TEST(OnnxWire, WritingAndReadingGivesTheSameModel) {
  const std::string file = write_model(small_model());
  const auto model = read(file);
  ASSERT_TRUE(model) << model.error().message;

  EXPECT_EQ(model->ir_version, 10);
  EXPECT_EQ(model->producer_name, "bolide-tests");
  EXPECT_EQ(model->producer_version, "1");
  EXPECT_EQ(model->domain, "example");
  EXPECT_EQ(model->model_version, 3);
  EXPECT_EQ(model->doc_string, "a small model");
  EXPECT_EQ(model->opset_imports, (OnnxOpsets{{"", 21}, {"custom", 1}}));
  EXPECT_EQ(model->metadata_props, (OnnxProperties{{"author", "nobody"}}));
  const OnnxGraph& graph = model->graph;
  EXPECT_EQ(graph.name, "main");
  EXPECT_EQ(graph.doc, "adds");
  ASSERT_EQ(graph.nodes.size(), 2U);
  EXPECT_EQ(graph.nodes[0].name, "add0");
  EXPECT_EQ(graph.nodes[0].op_type, "Add");
  EXPECT_EQ(graph.nodes[0].inputs, (std::vector<std::string_view>{"x", "w"}));
  EXPECT_EQ(graph.nodes[0].outputs, (std::vector<std::string_view>{"sum"}));
  EXPECT_EQ(graph.nodes[1].domain, "custom");
  EXPECT_EQ(graph.nodes[1].overload, "v2");
  EXPECT_EQ(graph.nodes[1].doc, "the last node");
  EXPECT_EQ(graph.nodes[1].inputs, (std::vector<std::string_view>{"sum", "", "w"}));
  EXPECT_EQ(graph.nodes[1].metadata_props, (OnnxProperties{{"origin", "line 3"}}));
  ASSERT_EQ(graph.quant_annotations.size(), 1U);
  EXPECT_EQ(graph.quant_annotations[0].parameters, (OnnxProperties{{"SCALE_TENSOR", "w_scale"}}));
  EXPECT_EQ(graph.metadata_props, (OnnxProperties{{"k", "v"}}));
  ASSERT_EQ(graph.initializers.size(), 1U);
  EXPECT_EQ(graph.initializers[0].name, "w");
  ASSERT_EQ(graph.sparse_initializers.size(), 1U);
  EXPECT_EQ(graph.sparse_initializers[0].dims, (Dims{10}));
  EXPECT_EQ(graph.sparse_initializers[0].indices.int64_data, (Dims{3, 5}));
  ASSERT_EQ(model->functions.size(), 1U);
  const OnnxFunction& function = model->functions[0];
  EXPECT_EQ(function.name, "Twice");
  EXPECT_EQ(function.domain, "custom");
  EXPECT_EQ(function.overload, "o");
  EXPECT_EQ(function.attributes, (std::vector<std::string_view>{"axis"}));
  ASSERT_EQ(function.attribute_defaults.size(), 1U);
  EXPECT_EQ(function.attribute_defaults[0].i, -7);
  EXPECT_EQ(function.nodes.size(), 1U);
  EXPECT_EQ(function.value_infos.size(), 1U);
  EXPECT_EQ(function.opset_imports, (OnnxOpsets{{"", 21}}));

  EXPECT_EQ(write_model(*model), file) << "writing again gives the same bytes";
}

TEST(OnnxWire, EveryKindOfAttributeComesBack) {
  const std::string file = write_model(small_model());
  const auto model = read(file);
  ASSERT_TRUE(model) << model.error().message;
  const auto& attributes = model->graph.nodes[1].attributes;
  ASSERT_EQ(attributes.size(), 15U);
  EXPECT_EQ(attributes[0].f, 0.5F);
  EXPECT_EQ(attributes[1].i, -7);
  EXPECT_EQ(attributes[2].s, "text");
  EXPECT_EQ(attributes[3].tensors.at(0).dims, (Dims{2}));
  EXPECT_EQ(attributes[4].graphs.at(0).nodes.at(0).op_type, "Add");
  EXPECT_EQ(attributes[5].floats, (std::vector<float>{1, 2.5F}));
  EXPECT_EQ(attributes[6].ints, (Dims{1, -1, INT64_MAX}));
  EXPECT_EQ(attributes[7].strings, (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(attributes[8].tensors.size(), 2U);
  EXPECT_EQ(attributes[9].graphs.size(), 2U);
  EXPECT_EQ(attributes[10].sparse_tensors.at(0).dims, (Dims{10}));
  EXPECT_EQ(attributes[11].sparse_tensors.size(), 2U);
  EXPECT_EQ(attributes[12].types.at(0).kind, OnnxType::Kind::kSequence);
  EXPECT_EQ(attributes[12].types.at(0).element.at(0).elem_type, 1);
  EXPECT_EQ(attributes[13].types.size(), 2U);
  EXPECT_EQ(attributes[14].ref_attr_name, "axis");
  EXPECT_EQ(attributes[14].kind, Kind::kInt);
}

TEST(OnnxWire, SizesAreConstantNamedOrUnknown) {
  const std::string file = write_model(small_model());
  const auto model = read(file);
  ASSERT_TRUE(model) << model.error().message;
  const auto& dims = *model->graph.inputs[0].type.dims;
  ASSERT_EQ(dims.size(), 3U);
  EXPECT_EQ(dims[0].param, "batch");
  EXPECT_EQ(dims[0].denotation, "DATA_BATCH");
  EXPECT_FALSE(dims[0].value);
  EXPECT_EQ(dims[1].value, 2);
  EXPECT_FALSE(dims[2].value);
  EXPECT_EQ(dims[2].param, "");
}

TEST(OnnxWire, RankZeroAndUnknownRankDiffer) {
  OnnxModel model;
  model.graph.inputs = {value_info("scalar", 1, {}), value_info("anything", 1, {})};
  model.graph.inputs[1].type.dims.reset();
  const std::string file = write_model(model);
  const auto back = read(file);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(back->graph.inputs[0].type.dims.has_value());
  EXPECT_FALSE(back->graph.inputs[1].type.dims.has_value());
}

TEST(OnnxWire, MapsOptionalsAndSparseTensorsKeepTheirElementTypes) {
  OnnxType map;
  map.kind = OnnxType::Kind::kMap;
  map.key_type = 8;
  map.element = {value_info("", 11, {}).type};
  OnnxType optional;
  optional.kind = OnnxType::Kind::kOptional;
  optional.element = {map};
  OnnxModel model;
  model.graph.inputs = {{"a", "", optional}, value_info("b", 6, {{4, {}, {}}})};
  model.graph.inputs[1].type.kind = OnnxType::Kind::kSparseTensor;
  const std::string file = write_model(model);
  const auto back = read(file);
  ASSERT_TRUE(back) << back.error().message;
  const OnnxType& type = back->graph.inputs[0].type;
  EXPECT_EQ(type.kind, OnnxType::Kind::kOptional);
  EXPECT_EQ(type.element.at(0).kind, OnnxType::Kind::kMap);
  EXPECT_EQ(type.element.at(0).key_type, 8);
  EXPECT_EQ(type.element.at(0).element.at(0).elem_type, 11);
  EXPECT_EQ(back->graph.inputs[1].type.kind, OnnxType::Kind::kSparseTensor);
  EXPECT_EQ(back->graph.inputs[1].type.elem_type, 6);
}

TEST(OnnxWire, UnknownFieldsAndWrongWireTypesAreSkipped) {
  // Field 1 (ir_version) as bytes "ab", unknown field 1000 as varint, then ir_version = 9 as it should be.
  const std::string file = bytes({0x0A, 2, 'a', 'b', 0xC0, 0x3E, 5, 0x08, 9});
  const auto model = read(file);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->ir_version, 9);
}

TEST(OnnxWire, OfASingularFieldGivenTwiceTheLastWinsAndMessagesMerge) {
  // ir_version 3 then 9; two graphs, named "a" and "b", with a node each.
  const std::string file = bytes({0x08, 3, 0x08, 9, 0x3A, 5, 0x12, 1, 'a', 0x0A, 0, 0x3A, 5, 0x12, 1, 'b', 0x0A, 0});
  const auto model = read(file);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->ir_version, 9);
  EXPECT_EQ(model->graph.name, "b");
  EXPECT_EQ(model->graph.nodes.size(), 2U);
}

TEST(OnnxWire, AttributesWithoutATypeTakeItFromTheirValue) {
  // NodeProto { attribute { name: "axis" i: 2 } }
  const std::string file = bytes({0x3A, 12, 0x0A, 10, 0x2A, 8, 0x0A, 4, 'a', 'x', 'i', 's', 0x18, 2});
  const auto model = read(file);
  ASSERT_TRUE(model) << model.error().message;
  const OnnxAttribute& axis = model->graph.nodes.at(0).attributes.at(0);
  EXPECT_EQ(axis.kind, Kind::kInt);
  EXPECT_EQ(axis.i, 2);
}

TEST(OnnxWire, EveryDataTypeHasACodeAndBack) {
  for (int i = 0; i < kDataTypeCount; ++i) {
    const auto type = static_cast<DataType>(i);
    EXPECT_EQ(from_onnx_type(to_onnx_type(type)), type) << name(type);
  }
  EXPECT_EQ(to_onnx_type(DataType::kF32), 1);
  EXPECT_EQ(to_onnx_type(DataType::kI64), 7);
  EXPECT_EQ(to_onnx_type(DataType::kF8E4M3FN), 17);
  EXPECT_EQ(to_onnx_type(DataType::kF4E2M1), 23);
  EXPECT_EQ(to_onnx_type(DataType::kI2), 26);
  EXPECT_EQ(to_onnx_type(DataType::kF6E2M3), 27);
  EXPECT_EQ(to_onnx_type(DataType::kF6E3M2), 28);
  EXPECT_FALSE(from_onnx_type(0));
  EXPECT_FALSE(from_onnx_type(29));
  EXPECT_FALSE(from_onnx_type(-1));
}

}  // namespace
}  // namespace bolide::onnx
