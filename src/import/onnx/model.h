/// What an ONNX file says, as plain structs: one struct a protobuf message, nothing checked beyond the wire format.
///
/// Strings and raw tensor bytes are views into the bytes the model was read from; `owner` keeps those alive. Whoever
/// builds these structs by hand keeps the viewed text alive (string literals do). Copies are cheap for weights (views),
/// not for typed fields (vectors).
/// Source: onnx-ml.proto of ONNX 1.23 (IR version 14).
#pragma once

#include <bolide/types.h>

#include <map>
#include <memory>

namespace bolide::onnx {

/// The dtype of TensorProto.DataType `code`; nothing for UNDEFINED and for codes Bolide has no type for.
std::optional<DataType> from_onnx_type(std::int64_t code);
/// TensorProto.DataType of `type`: 1 (FLOAT) to 28 (FLOAT6E3M2).
std::int32_t to_onnx_type(DataType type);

using OnnxProperties = std::vector<std::pair<std::string_view, std::string_view>>;

/// TensorProto. At most one place holds the elements in a correct file; `to_tensor` in tensor_data.h checks that.
struct OnnxTensor {
  std::string_view name;
  std::string_view doc;
  std::int32_t dtype = 0;  ///< TensorProto.DataType code as in the file
  Dims dims;
  std::string_view raw_data;  ///< little-endian elements; empty when absent
  std::vector<float> float_data;
  std::vector<std::int32_t> int32_data;
  std::vector<std::int64_t> int64_data;
  std::vector<std::uint64_t> uint64_data;
  std::vector<double> double_data;
  std::vector<std::string_view> string_data;
  OnnxProperties external_data;  ///< "location", "offset", "length", "checksum" as text
  bool is_external = false;      ///< data_location is EXTERNAL
  bool has_segment = false;
  std::shared_ptr<const void> owner;  ///< keeps the viewed bytes alive; null when the caller guarantees the lifetime
};

/// SparseTensorProto: values [NNZ], indices [NNZ] or [NNZ, rank], sizes of the dense form.
struct OnnxSparseTensor {
  OnnxTensor values;  ///< its name is the name of the whole
  OnnxTensor indices;
  Dims dims;
};

/// A size: `value`, or the name `param`, or unknown when neither is there.
struct OnnxDim {
  std::optional<std::int64_t> value;
  std::string_view param;
  std::string_view denotation;
};

/// TypeProto.
struct OnnxType {
  enum class Kind : std::uint8_t { kNone, kTensor, kSparseTensor, kSequence, kOptional, kMap, kOpaque };
  Kind kind = Kind::kNone;
  std::int32_t elem_type = 0;                ///< tensors: DataType code, 0 when not said
  std::optional<std::vector<OnnxDim>> dims;  ///< tensors: nothing when even the rank is unknown
  std::int32_t key_type = 0;                 ///< maps: DataType code of the keys
  std::vector<OnnxType> element;             ///< sequence, optional: element; map: value type. At most one
  std::string_view denotation;
};

struct OnnxValueInfo {
  std::string_view name;
  std::string_view doc;
  OnnxType type;
};

struct OnnxGraph;

/// AttributeProto. `kind` says which member counts; a correct file fills no other, and reading refuses one that does.
struct OnnxAttribute {
  /// The values are those of AttributeProto.AttributeType.
  enum class Kind : std::uint8_t {
    kUndefined = 0,
    kFloat = 1,
    kInt = 2,
    kString = 3,
    kTensor = 4,
    kGraph = 5,
    kFloats = 6,
    kInts = 7,
    kStrings = 8,
    kTensors = 9,
    kGraphs = 10,
    kSparseTensor = 11,
    kSparseTensors = 12,
    kType = 13,
    kTypes = 14,
  };
  std::string_view name;
  std::string_view ref_attr_name;  ///< in function bodies: takes the value of the function's attribute of that name
  std::string_view doc;
  Kind kind = Kind::kUndefined;
  float f = 0;
  std::int64_t i = 0;
  std::string_view s;
  std::vector<float> floats;
  std::vector<std::int64_t> ints;
  std::vector<std::string_view> strings;
  std::vector<OnnxTensor> tensors;               ///< kTensor: exactly one (none with ref_attr_name)
  std::vector<OnnxGraph> graphs;                 ///< kGraph: exactly one (none with ref_attr_name)
  std::vector<OnnxSparseTensor> sparse_tensors;  ///< kSparseTensor: exactly one (none with ref_attr_name)
  std::vector<OnnxType> types;                   ///< kType: exactly one (none with ref_attr_name)
};

struct OnnxNode {
  std::string_view name;
  std::string_view op_type;
  std::string_view domain;
  std::string_view overload;
  std::vector<std::string_view> inputs;  ///< an empty name is an input left out
  std::vector<std::string_view> outputs;
  std::vector<OnnxAttribute> attributes;
  std::string_view doc;
  OnnxProperties metadata_props;
};

/// TensorAnnotation: names of the tensors that quantise `tensor_name`, by role ("SCALE_TENSOR", "ZERO_POINT_TENSOR").
struct OnnxQuantAnnotation {
  std::string_view tensor_name;
  OnnxProperties parameters;
};

struct OnnxGraph {
  std::string_view name;
  std::string_view doc;
  std::vector<OnnxNode> nodes;
  std::vector<OnnxTensor> initializers;
  std::vector<OnnxSparseTensor> sparse_initializers;
  std::vector<OnnxValueInfo> inputs;  ///< before IR version 4 these list the initializers too
  std::vector<OnnxValueInfo> outputs;
  std::vector<OnnxValueInfo> value_infos;
  std::vector<OnnxQuantAnnotation> quant_annotations;
  OnnxProperties metadata_props;
};

using OnnxOpsets = std::map<std::string_view, std::int64_t, std::less<>>;  ///< domain ("" is ai.onnx) -> version

struct OnnxFunction {
  std::string_view name;
  std::string_view domain;
  std::string_view overload;
  std::string_view doc;
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<std::string_view> attributes;       ///< names of attributes without a default
  std::vector<OnnxAttribute> attribute_defaults;  ///< attributes with a default
  std::vector<OnnxNode> nodes;
  std::vector<OnnxValueInfo> value_infos;
  OnnxOpsets opset_imports;
  OnnxProperties metadata_props;
};

struct OnnxModel {
  std::int64_t ir_version = 0;
  std::string_view producer_name;
  std::string_view producer_version;
  std::string_view domain;
  std::int64_t model_version = 0;
  std::string_view doc_string;
  OnnxOpsets opset_imports;
  OnnxProperties metadata_props;
  OnnxGraph graph;
  std::vector<OnnxFunction> functions;
  std::shared_ptr<const void> owner;  ///< keeps the viewed bytes alive; null when the caller guarantees the lifetime
};

}  // namespace bolide::onnx
