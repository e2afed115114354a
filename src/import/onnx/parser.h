/// Protobuf messages of ONNX into the structs of model.h; only reader.cpp uses it.
///
/// Every `read` merges one message into `out` (as protobuf does with messages given twice). Errors: BadFile,
/// Unsupported.
#pragma once

#include "import/onnx/fields.h"
#include "import/onnx/model.h"

namespace bolide::onnx {

class Parser {
 public:
  /// `owner` is handed to every tensor whose bytes are views.
  explicit Parser(std::shared_ptr<const void> owner) : owner_(std::move(owner)) {}

  Status read(Fields fields, OnnxModel& out);
  Status read(Fields fields, OnnxTensor& out);
  Status read(Fields fields, OnnxSparseTensor& out);

 private:
  using Property = std::pair<std::string_view, std::string_view>;

  Status read(Fields fields, OnnxGraph& out);
  Status read(Fields fields, OnnxNode& out);
  Status read(Fields fields, OnnxFunction& out);
  Status read(Fields fields, OnnxAttribute& out);
  Status read(Fields fields, OnnxValueInfo& out);
  Status read(Fields fields, OnnxType& out);
  Status read(Fields fields, OnnxDim& out);
  Status read(Fields fields, OnnxQuantAnnotation& out);
  Status read(Fields fields, Property& out);
  Status read_graph_fields(Fields fields, OnnxGraph& out);
  Status read_type_fields(Fields fields, OnnxType& out);
  Status read_tensor_type(Fields fields, OnnxType& out);
  Status read_element_type(Fields fields, OnnxType& out);
  Status read_shape(Fields fields, OnnxType& out);
  Status read_opset(Fields fields, OnnxOpsets& out);

  /// A repeated message: one more element.
  template <class T>
  Status append(const Fields& fields, std::vector<T>& out) {
    return read(fields.message(), out.emplace_back());
  }
  /// A singular message kept as a list of at most one.
  template <class T>
  Status merge(const Fields& fields, std::vector<T>& out) {
    return read(fields.message(), out.empty() ? out.emplace_back() : out.front());
  }

  std::shared_ptr<const void> owner_;
  int graph_depth_ = 0;
  int type_depth_ = 0;
};

}  // namespace bolide::onnx
