/// Small ONNX models for tests, built by hand and written through the wire.
#pragma once

#include <gtest/gtest.h>

#include "import/onnx/importer.h"
#include "import/onnx/tensor_data.h"
#include "import/onnx/writer.h"
#include "ir/text.h"

#include <regex>

namespace bolide::onnx {

inline OnnxAttribute attr(std::string_view name, std::int64_t value) {
  return {.name = name, .kind = OnnxAttribute::Kind::kInt, .i = value};
}
inline OnnxAttribute attr(std::string_view name, int value) { return attr(name, static_cast<std::int64_t>(value)); }
inline OnnxAttribute attr(std::string_view name, float value) {
  return {.name = name, .kind = OnnxAttribute::Kind::kFloat, .f = value};
}
inline OnnxAttribute attr(std::string_view name, const char* value) {
  return {.name = name, .kind = OnnxAttribute::Kind::kString, .s = value};
}
inline OnnxAttribute attr(std::string_view name, Dims value) {
  return {.name = name, .kind = OnnxAttribute::Kind::kInts, .ints = std::move(value)};
}
inline OnnxAttribute attr(std::string_view name, std::vector<float> value) {
  return {.name = name, .kind = OnnxAttribute::Kind::kFloats, .floats = std::move(value)};
}
inline OnnxAttribute attr(std::string_view name, OnnxGraph value) {
  return {.name = name, .kind = OnnxAttribute::Kind::kGraph, .graphs = {std::move(value)}};
}
/// The value of the function's attribute `from`.
inline OnnxAttribute attr_of_call(std::string_view name, std::string_view from, OnnxAttribute::Kind kind) {
  return {.name = name, .ref_attr_name = from, .kind = kind};
}

inline OnnxNode node(std::string_view op_type, std::vector<std::string_view> inputs,
                     std::vector<std::string_view> outputs, std::vector<OnnxAttribute> attributes = {}) {
  return {.name = outputs.empty() ? op_type : outputs[0],
          .op_type = op_type,
          .inputs = std::move(inputs),
          .outputs = std::move(outputs),
          .attributes = std::move(attributes)};
}

/// "f32[batch,3]": numbers are sizes, names are dim_params, `?` is unknown.
inline OnnxValueInfo value(std::string_view name, DataType dtype, std::vector<std::string_view> dims) {
  OnnxValueInfo out{.name = name};
  out.type.kind = OnnxType::Kind::kTensor;
  out.type.elem_type = to_onnx_type(dtype);
  out.type.dims.emplace();
  for (const std::string_view dim : dims) {
    OnnxDim one;
    if (dim != "?" && dim[0] >= '0' && dim[0] <= '9') {
      one.value = std::stoll(std::string(dim));
    } else if (dim != "?") {
      one.param = dim;
    }
    out.type.dims->push_back(one);
  }
  return out;
}
inline OnnxValueInfo f32(std::string_view name, std::vector<std::string_view> dims) {
  return value(name, DataType::kF32, std::move(dims));
}
inline OnnxValueInfo output(std::string_view name) { return {.name = name}; }

inline OnnxTensor floats(std::string_view name, Dims dims, std::vector<float> values) {
  return {.name = name, .dtype = 1, .dims = std::move(dims), .float_data = std::move(values)};
}
inline OnnxTensor ints(std::string_view name, Dims dims, std::vector<std::int64_t> values) {
  return {.name = name, .dtype = 7, .dims = std::move(dims), .int64_data = std::move(values)};
}
/// Codes of dtype u8 (2), i8 (3), i32 (6) or bool (9).
inline OnnxTensor codes(std::string_view name, std::int32_t dtype, Dims dims, std::vector<std::int32_t> values) {
  return {.name = name, .dtype = dtype, .dims = std::move(dims), .int32_data = std::move(values)};
}

inline OnnxModel model(std::int64_t opset, OnnxGraph graph) {
  return {.ir_version = 8, .producer_name = "test", .opset_imports = {{"", opset}}, .graph = std::move(graph)};
}

inline Result<Graph> imported(const OnnxModel& model, const ImportOptions& options = {}) {
  auto bytes = std::make_shared<const std::string>(write_model(model));
  return import_onnx(std::as_bytes(std::span(bytes->data(), bytes->size())), bytes, options);
}

/// The message without the lines of our sources and without what to do.
inline std::string problems_only(std::string message) {
  message = std::regex_replace(message, std::regex(R"( \[src/[a-z0-9_/]+\.(cpp|h):[0-9]+\])"), "");
  return std::regex_replace(message, std::regex("\n  to do: [^\n]*"), "");
}

/// The imported graph as text, or the error's message (problems_only).
inline std::string import_text(const OnnxModel& model, const ImportOptions& options = {}) {
  const Result<Graph> graph = imported(model, options);
  if (!graph) return problems_only(graph.error().message) + "\n";
  const Status status = verify(*graph);
  EXPECT_TRUE(status) << status.error().message;
  return print(*graph);
}

/// The node alone, with f32 inputs [2,3,4] called x, x1, x2, ... and the given initializers.
inline std::string import_node(std::int64_t opset, OnnxNode one, std::vector<OnnxTensor> initializers = {},
                               std::vector<OnnxValueInfo> inputs = {f32("x", {"2", "3", "4"})}) {
  OnnxGraph graph;
  graph.inputs = std::move(inputs);
  graph.initializers = std::move(initializers);
  for (const std::string_view name : one.outputs) {
    if (!name.empty()) graph.outputs.push_back(output(name));
  }
  graph.nodes = {std::move(one)};
  OnnxModel whole = model(opset, std::move(graph));
  whole.opset_imports.emplace("com.microsoft", 1);
  return import_text(whole);
}

}  // namespace bolide::onnx
