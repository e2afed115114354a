#include "import/onnx/writer.h"

#include "import/onnx/tensor_data.h"

#include <protozero/pbf_writer.hpp>

namespace bolide::onnx {
namespace {

using Tag = protozero::pbf_tag_type;
using Kind = OnnxAttribute::Kind;

using Property = OnnxProperties::value_type;

class Writer : public protozero::pbf_writer {
 public:
  explicit Writer(std::string& bytes) : protozero::pbf_writer(bytes), bytes_(bytes) {}

  /// Field `tag`: the message that fill(writer) writes. An empty one is written too (protozero alone would drop it).
  template <class Fill>
  void nest(Tag tag, Fill fill) {
    const std::size_t before = bytes_.size();
    {
      Writer inner(*this, tag);
      fill(inner);
    }
    if (bytes_.size() == before) add_message(tag, "", 0);
  }

 private:
  Writer(Writer& outer, Tag tag) : protozero::pbf_writer(outer, tag), bytes_(outer.bytes_) {}
  std::string& bytes_;
};

void write(Writer& to, const Property& from);
void write(Writer& to, const OnnxTensor& from);
void write(Writer& to, const OnnxSparseTensor& from);
void write(Writer& to, const OnnxDim& from);
void write(Writer& to, const OnnxType& from);
void write(Writer& to, const OnnxValueInfo& from);
void write(Writer& to, const OnnxAttribute& from);
void write(Writer& to, const OnnxNode& from);
void write(Writer& to, const OnnxQuantAnnotation& from);
void write(Writer& to, const OnnxGraph& from);
void write(Writer& to, const OnnxFunction& from);

void add_text(Writer& to, Tag tag, std::string_view text) { to.add_bytes(tag, text.data(), text.size()); }
/// Empty text is what an absent field reads as.
void add_set_text(Writer& to, Tag tag, std::string_view text) {
  if (!text.empty()) add_text(to, tag, text);
}

void add_texts(Writer& to, Tag tag, const std::vector<std::string_view>& texts) {
  for (const auto text : texts) add_text(to, tag, text);
}

template <class T>
void add_message(Writer& to, Tag tag, const T& from) {
  to.nest(tag, [&from](Writer& message) { write(message, from); });
}

template <class T>
void add_messages(Writer& to, Tag tag, const std::vector<T>& from) {
  for (const T& element : from) add_message(to, tag, element);
}

void write(Writer& to, const Property& from) {
  add_text(to, 1, from.first);
  add_text(to, 2, from.second);
}

void add_opsets(Writer& to, Tag tag, const OnnxOpsets& opsets) {
  for (const auto& opset : opsets) {
    to.nest(tag, [&opset](Writer& message) {
      add_text(message, 1, opset.first);
      message.add_int64(2, opset.second);
    });
  }
}

void write(Writer& to, const OnnxTensor& from) {
  // Not packed: the field has no [packed] in onnx.proto, and every reader takes this form.
  for (const std::int64_t dim : from.dims) to.add_int64(1, dim);
  to.add_int32(2, from.dtype);
  to.add_packed_float(4, from.float_data.begin(), from.float_data.end());
  to.add_packed_int32(5, from.int32_data.begin(), from.int32_data.end());
  add_texts(to, 6, from.string_data);
  to.add_packed_int64(7, from.int64_data.begin(), from.int64_data.end());
  add_set_text(to, 8, from.name);
  add_set_text(to, 9, from.raw_data);
  to.add_packed_double(10, from.double_data.begin(), from.double_data.end());
  to.add_packed_uint64(11, from.uint64_data.begin(), from.uint64_data.end());
  add_set_text(to, 12, from.doc);
  add_messages(to, 13, from.external_data);
  if (from.is_external) to.add_enum(14, 1);
}

void write(Writer& to, const OnnxSparseTensor& from) {
  add_message(to, 1, from.values);
  add_message(to, 2, from.indices);
  for (const std::int64_t dim : from.dims) to.add_int64(3, dim);
}

void write(Writer& to, const OnnxDim& from) {
  if (from.value) {
    to.add_int64(1, *from.value);
  } else {
    add_set_text(to, 2, from.param);
  }
  add_set_text(to, 3, from.denotation);
}

void write_tensor_type(Writer& to, const OnnxType& from) {
  if (from.elem_type != 0) to.add_int32(1, from.elem_type);
  if (!from.dims) return;
  to.nest(2, [&from](Writer& shape) { add_messages(shape, 1, *from.dims); });
}

void write(Writer& to, const OnnxType& from) {
  const auto element = [&from](Writer& message) { add_messages(message, 1, from.element); };
  const auto tensor = [&from](Writer& message) { write_tensor_type(message, from); };
  switch (from.kind) {
    case OnnxType::Kind::kNone: break;
    case OnnxType::Kind::kTensor: to.nest(1, tensor); break;
    case OnnxType::Kind::kSparseTensor: to.nest(8, tensor); break;
    case OnnxType::Kind::kSequence: to.nest(4, element); break;
    case OnnxType::Kind::kOptional: to.nest(9, element); break;
    case OnnxType::Kind::kMap:
      to.nest(5, [&from](Writer& message) {
        message.add_int32(1, from.key_type);
        add_messages(message, 2, from.element);
      });
      break;
    case OnnxType::Kind::kOpaque: to.nest(7, [](Writer&) {}); break;
  }
  add_set_text(to, 6, from.denotation);
}

void write(Writer& to, const OnnxValueInfo& from) {
  add_text(to, 1, from.name);
  if (from.type.kind != OnnxType::Kind::kNone) add_message(to, 2, from.type);
  add_set_text(to, 3, from.doc);
}

void write_value(Writer& to, const OnnxAttribute& from) {
  switch (from.kind) {
    case Kind::kUndefined: break;
    case Kind::kFloat: to.add_float(2, from.f); break;
    case Kind::kInt: to.add_int64(3, from.i); break;
    case Kind::kString: add_text(to, 4, from.s); break;
    case Kind::kTensor: add_messages(to, 5, from.tensors); break;
    case Kind::kGraph: add_messages(to, 6, from.graphs); break;
    case Kind::kFloats:
      for (const float value : from.floats) to.add_float(7, value);
      break;
    case Kind::kInts:
      for (const std::int64_t value : from.ints) to.add_int64(8, value);
      break;
    case Kind::kStrings: add_texts(to, 9, from.strings); break;
    case Kind::kTensors: add_messages(to, 10, from.tensors); break;
    case Kind::kGraphs: add_messages(to, 11, from.graphs); break;
    case Kind::kSparseTensor: add_messages(to, 22, from.sparse_tensors); break;
    case Kind::kSparseTensors: add_messages(to, 23, from.sparse_tensors); break;
    case Kind::kType: add_messages(to, 14, from.types); break;
    case Kind::kTypes: add_messages(to, 15, from.types); break;
  }
}

void write(Writer& to, const OnnxAttribute& from) {
  add_text(to, 1, from.name);
  if (from.ref_attr_name.empty()) write_value(to, from);
  add_set_text(to, 13, from.doc);
  to.add_enum(20, static_cast<std::int32_t>(from.kind));
  add_set_text(to, 21, from.ref_attr_name);
}

void write(Writer& to, const OnnxNode& from) {
  add_texts(to, 1, from.inputs);
  add_texts(to, 2, from.outputs);
  add_set_text(to, 3, from.name);
  add_text(to, 4, from.op_type);
  add_messages(to, 5, from.attributes);
  add_set_text(to, 6, from.doc);
  add_set_text(to, 7, from.domain);
  add_set_text(to, 8, from.overload);
  add_messages(to, 9, from.metadata_props);
}

void write(Writer& to, const OnnxQuantAnnotation& from) {
  add_text(to, 1, from.tensor_name);
  add_messages(to, 2, from.parameters);
}

void write(Writer& to, const OnnxGraph& from) {
  add_messages(to, 1, from.nodes);
  add_set_text(to, 2, from.name);
  add_messages(to, 5, from.initializers);
  add_set_text(to, 10, from.doc);
  add_messages(to, 11, from.inputs);
  add_messages(to, 12, from.outputs);
  add_messages(to, 13, from.value_infos);
  add_messages(to, 14, from.quant_annotations);
  add_messages(to, 15, from.sparse_initializers);
  add_messages(to, 16, from.metadata_props);
}

void write(Writer& to, const OnnxFunction& from) {
  add_text(to, 1, from.name);
  add_texts(to, 4, from.inputs);
  add_texts(to, 5, from.outputs);
  add_texts(to, 6, from.attributes);
  add_messages(to, 7, from.nodes);
  add_set_text(to, 8, from.doc);
  add_opsets(to, 9, from.opset_imports);
  add_set_text(to, 10, from.domain);
  add_messages(to, 11, from.attribute_defaults);
  add_messages(to, 12, from.value_infos);
  add_set_text(to, 13, from.overload);
  add_messages(to, 14, from.metadata_props);
}

}  // namespace

std::string write_model(const OnnxModel& model) {
  std::string bytes;
  Writer to(bytes);
  to.add_int64(1, model.ir_version);
  add_set_text(to, 2, model.producer_name);
  add_set_text(to, 3, model.producer_version);
  add_set_text(to, 4, model.domain);
  if (model.model_version != 0) to.add_int64(5, model.model_version);
  add_set_text(to, 6, model.doc_string);
  add_message(to, 7, model.graph);
  add_opsets(to, 8, model.opset_imports);
  add_messages(to, 14, model.metadata_props);
  add_messages(to, 25, model.functions);
  return bytes;
}

std::string write_tensor(const OnnxTensor& tensor) {
  std::string bytes;
  Writer to(bytes);
  write(to, tensor);
  return bytes;
}

std::string write_tensor(const Tensor& tensor, std::string_view name) {
  return write_tensor(from_tensor(tensor, name));
}

}  // namespace bolide::onnx
