/// OnnxTensor (views into a file) <-> Tensor (elements in memory).
#pragma once

#include "base/file.h"
#include "import/onnx/model.h"
#include "tensor/tensor.h"

#include <filesystem>

namespace bolide::onnx {

/// The external data files of one model. Copies share the files, and every file is mapped once.
/// Thread safety: all members from any thread.
class ExternalData {
 public:
  /// For a model from memory: there is no folder, external data is refused.
  ExternalData() = default;
  /// For a model from a file: external data lies in or below `folder` (the folder of the model file).
  explicit ExternalData(std::filesystem::path folder);

  /// Errors: Unsupported without a folder; InvalidArgument for a path that leaves the folder, links and special files;
  /// NotFound.
  Result<std::shared_ptr<const MappedFile>> open(std::string_view location) const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// The elements of `from`. Raw and external data that is aligned for its dtype is borrowed from the mapped file, all
/// else is copied. Bytes of bool other than 0 count as true; bits after the last sub-byte element are read as 0.
/// Errors: BadFile, naming the tensor and both numbers, for data shorter or longer than the sizes say, negative or
/// overflowing sizes, data in two places or in the wrong field, values beyond the dtype; Unsupported for unknown
/// dtypes and segments; those of ExternalData::open.
Result<Tensor> to_tensor(const OnnxTensor& from, const ExternalData& external);

/// A view of `tensor` as TensorProto (raw_data, or string_data for strings). Lives as long as the tensor's memory,
/// which it shares; `name` must outlive it.
OnnxTensor from_tensor(const Tensor& tensor, std::string_view name);

}  // namespace bolide::onnx
