/// The types of graph inputs: what the file says, and what the caller asks for.
#pragma once

#include "import/onnx/importer.h"
#include "import/onnx/model.h"
#include "import/onnx/problems.h"

namespace bolide::onnx {

/// The type of every graph input that is not an initializer; nothing where a problem was noted.
std::vector<std::pair<std::string_view, std::optional<TensorType>>> input_types(const OnnxGraph& graph,
                                                                                const ImportOptions& options,
                                                                                Problems& problems);

/// The type that the file states for a value. Errors: BadFile, Unsupported for what states none.
Result<TensorType> declared_type(const OnnxValueInfo& value);

/// A name that Dim takes, from a `dim_param`; empty when nothing is left of it.
std::string dim_name(std::string_view param);

}  // namespace bolide::onnx
