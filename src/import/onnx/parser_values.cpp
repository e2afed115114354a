// Attributes, tensors and types.
#include "import/onnx/parser.h"
#include "import/onnx/reader.h"

namespace bolide::onnx {
namespace {

using Kind = OnnxAttribute::Kind;

/// The kinds of attribute whose field was seen, as a set.
class SeenKinds {
 public:
  void add(Kind kind) { bits_ |= bit(kind); }
  bool only(Kind kind) const { return (bits_ & ~bit(kind)) == 0; }
  bool has(Kind kind) const { return (bits_ & bit(kind)) != 0; }
  bool empty() const { return bits_ == 0; }
  /// The one kind in the set; kUndefined when there are none or several.
  Kind single() const {
    for (int i = 1; i <= static_cast<int>(Kind::kTypes); ++i) {
      if (bits_ == bit(static_cast<Kind>(i))) return static_cast<Kind>(i);
    }
    return Kind::kUndefined;
  }

 private:
  static std::uint32_t bit(Kind kind) { return std::uint32_t{1} << static_cast<std::uint32_t>(kind); }
  std::uint32_t bits_ = 0;
};

bool holds_one_message(Kind kind) {
  return kind == Kind::kTensor || kind == Kind::kGraph || kind == Kind::kSparseTensor || kind == Kind::kType;
}

/// `type` is the field of that name, 0 when absent (allowed before IR version 2: the filled field tells).
Status settle_kind(std::int32_t type, const SeenKinds& seen, OnnxAttribute& out) {
  if (type < 0 || type > static_cast<std::int32_t>(Kind::kTypes)) {
    return bad_file("attribute '", out.name, "' has type ", type, ", which does not exist");
  }
  out.kind = type == 0 ? seen.single() : static_cast<Kind>(type);
  if (!seen.only(out.kind)) {
    return bad_file("attribute '", out.name, "' of type ", type, " holds a value of another type");
  }
  if (holds_one_message(out.kind) && out.ref_attr_name.empty() && !seen.has(out.kind)) {
    return bad_file("attribute '", out.name, "' of type ", type, " holds no value");
  }
  return ok();
}

}  // namespace

Status Parser::read(Fields fields, OnnxAttribute& out) {
  SeenKinds seen;
  std::int32_t type = 0;
  while (fields.next()) {
    Kind kind = Kind::kUndefined;
    switch (fields.key()) {
      case bytes_key(1): out.name = fields.bytes(); continue;
      case bytes_key(13): out.doc = fields.bytes(); continue;
      case varint_key(20): type = fields.i32(); continue;
      case bytes_key(21): out.ref_attr_name = fields.bytes(); continue;
      case fixed32_key(2):
        out.f = fields.f32();
        kind = Kind::kFloat;
        break;
      case varint_key(3):
        out.i = fields.i64();
        kind = Kind::kInt;
        break;
      case bytes_key(4):
        out.s = fields.bytes();
        kind = Kind::kString;
        break;
      case bytes_key(5):
        TRY_OK(merge(fields, out.tensors));
        kind = Kind::kTensor;
        break;
      case bytes_key(6):
        TRY_OK(merge(fields, out.graphs));
        kind = Kind::kGraph;
        break;
      case bytes_key(7):
      case fixed32_key(7):
        TRY_OK(fields.append_to(out.floats));
        kind = Kind::kFloats;
        break;
      case bytes_key(8):
      case varint_key(8):
        TRY_OK(fields.append_to(out.ints));
        kind = Kind::kInts;
        break;
      case bytes_key(9):
        out.strings.push_back(fields.bytes());
        kind = Kind::kStrings;
        break;
      case bytes_key(10):
        TRY_OK(append(fields, out.tensors));
        kind = Kind::kTensors;
        break;
      case bytes_key(11):
        TRY_OK(append(fields, out.graphs));
        kind = Kind::kGraphs;
        break;
      case bytes_key(14):
        TRY_OK(merge(fields, out.types));
        kind = Kind::kType;
        break;
      case bytes_key(15):
        TRY_OK(append(fields, out.types));
        kind = Kind::kTypes;
        break;
      case bytes_key(22):
        TRY_OK(merge(fields, out.sparse_tensors));
        kind = Kind::kSparseTensor;
        break;
      case bytes_key(23):
        TRY_OK(append(fields, out.sparse_tensors));
        kind = Kind::kSparseTensors;
        break;
      default: continue;
    }
    seen.add(kind);
  }
  TRY_OK(fields.status());
  return settle_kind(type, seen, out);
}

Status Parser::read(Fields fields, OnnxTensor& out) {
  out.owner = owner_;
  while (fields.next()) {
    switch (fields.key()) {
      case bytes_key(1):
      case varint_key(1): TRY_OK(fields.append_to(out.dims)); break;
      case varint_key(2): out.dtype = fields.i32(); break;
      case bytes_key(3): out.has_segment = true; break;
      case bytes_key(4):
      case fixed32_key(4): TRY_OK(fields.append_to(out.float_data)); break;
      case bytes_key(5):
      case varint_key(5): TRY_OK(fields.append_to(out.int32_data)); break;
      case bytes_key(6): out.string_data.push_back(fields.bytes()); break;
      case bytes_key(7):
      case varint_key(7): TRY_OK(fields.append_to(out.int64_data)); break;
      case bytes_key(8): out.name = fields.bytes(); break;
      case bytes_key(9): out.raw_data = fields.bytes(); break;
      case bytes_key(10):
      case fixed64_key(10): TRY_OK(fields.append_to(out.double_data)); break;
      case bytes_key(11):
      case varint_key(11): TRY_OK(fields.append_to(out.uint64_data)); break;
      case bytes_key(12): out.doc = fields.bytes(); break;
      case bytes_key(13): TRY_OK(append(fields, out.external_data)); break;
      case varint_key(14): out.is_external = fields.i32() == 1; break;
      default: break;
    }
  }
  return fields.status();
}

Status Parser::read(Fields fields, OnnxSparseTensor& out) {
  while (fields.next()) {
    switch (fields.key()) {
      case bytes_key(1): TRY_OK(read(fields.message(), out.values)); break;
      case bytes_key(2): TRY_OK(read(fields.message(), out.indices)); break;
      case bytes_key(3):
      case varint_key(3): TRY_OK(fields.append_to(out.dims)); break;
      default: break;
    }
  }
  return fields.status();
}

Status Parser::read(Fields fields, OnnxValueInfo& out) {
  while (fields.next()) {
    switch (fields.key()) {
      case bytes_key(1): out.name = fields.bytes(); break;
      case bytes_key(2): TRY_OK(read(fields.message(), out.type)); break;
      case bytes_key(3): out.doc = fields.bytes(); break;
      default: break;
    }
  }
  return fields.status();
}

Status Parser::read(Fields fields, OnnxType& out) {
  if (type_depth_ == kMaxNesting) return unsupported("types are nested more than ", kMaxNesting, " deep");
  ++type_depth_;
  auto status = read_type_fields(std::move(fields), out);
  --type_depth_;
  return status;
}

Status Parser::read_type_fields(Fields fields, OnnxType& out) {
  // The kinds are one `oneof`: another kind than before starts afresh.
  const auto become = [&out](OnnxType::Kind kind) {
    if (out.kind == kind) return;
    const auto denotation = out.denotation;
    out = OnnxType{};
    out.kind = kind;
    out.denotation = denotation;
  };
  while (fields.next()) {
    switch (fields.key()) {
      case bytes_key(1):
        become(OnnxType::Kind::kTensor);
        TRY_OK(read_tensor_type(fields.message(), out));
        break;
      case bytes_key(8):
        become(OnnxType::Kind::kSparseTensor);
        TRY_OK(read_tensor_type(fields.message(), out));
        break;
      case bytes_key(4):
        become(OnnxType::Kind::kSequence);
        TRY_OK(read_element_type(fields.message(), out));
        break;
      case bytes_key(9):
        become(OnnxType::Kind::kOptional);
        TRY_OK(read_element_type(fields.message(), out));
        break;
      case bytes_key(5):
        become(OnnxType::Kind::kMap);
        TRY_OK(read_element_type(fields.message(), out));
        break;
      case bytes_key(7): become(OnnxType::Kind::kOpaque); break;
      case bytes_key(6): out.denotation = fields.bytes(); break;
      default: break;
    }
  }
  return fields.status();
}

Status Parser::read_tensor_type(Fields fields, OnnxType& out) {
  while (fields.next()) {
    switch (fields.key()) {
      case varint_key(1): out.elem_type = fields.i32(); break;
      case bytes_key(2): TRY_OK(read_shape(fields.message(), out)); break;
      default: break;
    }
  }
  return fields.status();
}

/// Sequence and Optional: element type in field 1. Map: key code in field 1, value type in field 2.
Status Parser::read_element_type(Fields fields, OnnxType& out) {
  const bool is_map = out.kind == OnnxType::Kind::kMap;
  while (fields.next()) {
    if (is_map && fields.key() == varint_key(1)) out.key_type = fields.i32();
    if (fields.key() == bytes_key(is_map ? 2 : 1)) TRY_OK(merge(fields, out.element));
  }
  return fields.status();
}

Status Parser::read_shape(Fields fields, OnnxType& out) {
  if (!out.dims) out.dims.emplace();
  while (fields.next()) {
    if (fields.key() == bytes_key(1)) TRY_OK(append(fields, *out.dims));
  }
  return fields.status();
}

Status Parser::read(Fields fields, OnnxDim& out) {
  while (fields.next()) {
    switch (fields.key()) {
      case varint_key(1):
        out.value = fields.i64();
        out.param = {};
        break;
      case bytes_key(2):
        out.param = fields.bytes();
        out.value.reset();
        break;
      case bytes_key(3): out.denotation = fields.bytes(); break;
      default: break;
    }
  }
  return fields.status();
}

}  // namespace bolide::onnx
