/// Reading ONNX files into the structs of model.h, without copying weights.
///
/// Takes any bytes: what is malformed is BadFile with the byte where it stopped making sense, never a crash, and memory
/// is at most linear in the size of the file. Unknown fields are skipped; of a singular field given twice the last one
/// wins, and messages given twice are merged, as protobuf says. Graphs and types nested deeper than `kMaxNesting`, and
/// files over 4 GiB (protobuf's end; such models keep their weights in external data) are Unsupported.
#pragma once

#include "base/file.h"
#include "import/onnx/model.h"

namespace bolide::onnx {

inline constexpr int kMaxNesting = 64;

/// A ModelProto.
Result<OnnxModel> read_model(std::shared_ptr<const MappedFile> file);
/// The same from memory that `owner` keeps alive (null: the caller guarantees the lifetime).
Result<OnnxModel> read_model(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);

/// A TensorProto, as in the `input_0.pb` of a test folder.
Result<OnnxTensor> read_tensor(std::shared_ptr<const MappedFile> file);
Result<OnnxTensor> read_tensor(std::span<const std::byte> bytes, std::shared_ptr<const void> owner);
/// A SparseTensorProto.
Result<OnnxSparseTensor> read_sparse_tensor(std::span<const std::byte> bytes, const std::shared_ptr<const void>& owner);

}  // namespace bolide::onnx
