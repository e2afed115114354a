// Models, graphs, nodes and functions.
#include "import/onnx/parser.h"

#include "base/log.h"
#include "import/onnx/reader.h"

namespace bolide::onnx {

Status Parser::read(Fields fields, OnnxModel& out) {
  while (fields.next()) {
    switch (fields.key()) {
      case varint_key(1): out.ir_version = fields.i64(); break;
      case bytes_key(2): out.producer_name = fields.bytes(); break;
      case bytes_key(3): out.producer_version = fields.bytes(); break;
      case bytes_key(4): out.domain = fields.bytes(); break;
      case varint_key(5): out.model_version = fields.i64(); break;
      case bytes_key(6): out.doc_string = fields.bytes(); break;
      case bytes_key(7): TRY_OK(read(fields.message(), out.graph)); break;
      case bytes_key(8): TRY_OK(read_opset(fields.message(), out.opset_imports)); break;
      case bytes_key(14): TRY_OK(append(fields, out.metadata_props)); break;
      case bytes_key(25): TRY_OK(append(fields, out.functions)); break;
      default: break;
    }
  }
  return fields.status();
}

Status Parser::read_opset(Fields fields, OnnxOpsets& out) {
  std::string_view domain;
  std::int64_t version = 0;
  while (fields.next()) {
    switch (fields.key()) {
      case bytes_key(1): domain = fields.bytes(); break;
      case varint_key(2): version = fields.i64(); break;
      default: break;
    }
  }
  const auto [place, is_new] = out.emplace(domain, version);
  if (!is_new && place->second != version) {
    log(LogLevel::kWarn, "operator set '", domain.empty() ? "ai.onnx" : domain, "' is imported as ", place->second,
        " and as ", version, "; the last counts, as elsewhere");
    place->second = version;
  }
  return fields.status();
}

Status Parser::read(Fields fields, OnnxGraph& out) {
  if (graph_depth_ == kMaxNesting) return unsupported("graphs are nested more than ", kMaxNesting, " deep");
  ++graph_depth_;
  auto status = read_graph_fields(std::move(fields), out);
  --graph_depth_;
  return status;
}

Status Parser::read_graph_fields(Fields fields, OnnxGraph& out) {
  while (fields.next()) {
    switch (fields.key()) {
      case bytes_key(1):
        if (auto status = append(fields, out.nodes); !status) {
          const OnnxNode& node = out.nodes.back();
          return std::move(status).within(
              strings::join("node ", out.nodes.size() - 1, " '", node.name, "' (", node.op_type, ")"));
        }
        break;
      case bytes_key(2): out.name = fields.bytes(); break;
      case bytes_key(5): TRY_OK(append(fields, out.initializers)); break;
      case bytes_key(10): out.doc = fields.bytes(); break;
      case bytes_key(11): TRY_OK(append(fields, out.inputs)); break;
      case bytes_key(12): TRY_OK(append(fields, out.outputs)); break;
      case bytes_key(13): TRY_OK(append(fields, out.value_infos)); break;
      case bytes_key(14): TRY_OK(append(fields, out.quant_annotations)); break;
      case bytes_key(15): TRY_OK(append(fields, out.sparse_initializers)); break;
      case bytes_key(16): TRY_OK(append(fields, out.metadata_props)); break;
      default: break;
    }
  }
  return fields.status();
}

Status Parser::read(Fields fields, OnnxNode& out) {
  while (fields.next()) {
    switch (fields.key()) {
      case bytes_key(1): out.inputs.push_back(fields.bytes()); break;
      case bytes_key(2): out.outputs.push_back(fields.bytes()); break;
      case bytes_key(3): out.name = fields.bytes(); break;
      case bytes_key(4): out.op_type = fields.bytes(); break;
      case bytes_key(5): TRY_OK(append(fields, out.attributes)); break;
      case bytes_key(6): out.doc = fields.bytes(); break;
      case bytes_key(7): out.domain = fields.bytes(); break;
      case bytes_key(8): out.overload = fields.bytes(); break;
      case bytes_key(9): TRY_OK(append(fields, out.metadata_props)); break;
      default: break;
    }
  }
  return fields.status();
}

Status Parser::read(Fields fields, OnnxFunction& out) {
  while (fields.next()) {
    switch (fields.key()) {
      case bytes_key(1): out.name = fields.bytes(); break;
      case bytes_key(4): out.inputs.push_back(fields.bytes()); break;
      case bytes_key(5): out.outputs.push_back(fields.bytes()); break;
      case bytes_key(6): out.attributes.push_back(fields.bytes()); break;
      case bytes_key(7): TRY_OK(append(fields, out.nodes)); break;
      case bytes_key(8): out.doc = fields.bytes(); break;
      case bytes_key(9): TRY_OK(read_opset(fields.message(), out.opset_imports)); break;
      case bytes_key(10): out.domain = fields.bytes(); break;
      case bytes_key(11): TRY_OK(append(fields, out.attribute_defaults)); break;
      case bytes_key(12): TRY_OK(append(fields, out.value_infos)); break;
      case bytes_key(13): out.overload = fields.bytes(); break;
      case bytes_key(14): TRY_OK(append(fields, out.metadata_props)); break;
      default: break;
    }
  }
  return fields.status();
}

Status Parser::read(Fields fields, OnnxQuantAnnotation& out) {
  while (fields.next()) {
    switch (fields.key()) {
      case bytes_key(1): out.tensor_name = fields.bytes(); break;
      case bytes_key(2): TRY_OK(append(fields, out.parameters)); break;
      default: break;
    }
  }
  return fields.status();
}

Status Parser::read(Fields fields, Property& out) {
  while (fields.next()) {
    switch (fields.key()) {
      case bytes_key(1): out.first = fields.bytes(); break;
      case bytes_key(2): out.second = fields.bytes(); break;
      default: break;
    }
  }
  return fields.status();
}

}  // namespace bolide::onnx
