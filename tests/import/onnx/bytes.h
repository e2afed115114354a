/// Bytes and small models for the tests of the ONNX wire level.
#pragma once

#include "import/onnx/reader.h"
#include "import/onnx/tensor_data.h"
#include "import/onnx/writer.h"

#include <initializer_list>

namespace bolide::onnx {

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

/// The model that `text` holds; `text` must outlive it.
inline Result<OnnxModel> read(std::string_view text) { return read_model(bytes_of(text), nullptr); }

inline OnnxValueInfo value_info(std::string_view name, std::int32_t elem_type, std::vector<OnnxDim> dims) {
  OnnxValueInfo out;
  out.name = name;
  out.type.kind = OnnxType::Kind::kTensor;
  out.type.elem_type = elem_type;
  out.type.dims = std::move(dims);
  return out;
}

inline OnnxAttribute attribute(std::string_view name, OnnxAttribute::Kind kind) {
  OnnxAttribute out;
  out.name = name;
  out.kind = kind;
  return out;
}

/// y = Relu(x + w) with w = [1, 2], and one attribute of every kind on the second node.
OnnxModel small_model();

}  // namespace bolide::onnx
