/// Tensors in files, as ONNX test folders and NumPy keep them.
#pragma once

#include <bolide/network.h>

#include <filesystem>
#include <string>
#include <vector>

namespace bolide {

struct NamedTensor {
  std::string name;
  HostTensor tensor;
};

/// One ONNX TensorProto (`input_0.pb`). Errors: NotFound, BadFile, Unsupported for dtypes that Bolide does not have.
BOLIDE_API Result<NamedTensor> read_tensor_proto(const std::filesystem::path& path);
/// One value of the kind that `type` says: TensorProto, SequenceProto, OptionalProto or MapProto. A tensor may have
/// another dtype and other sizes. Errors: as above.
BOLIDE_API Result<HostTensor> read_value_proto(const std::filesystem::path& path, const TensorInfo& type);
/// Writes all or nothing: a file that was there stays as it was on any error.
BOLIDE_API Status write_whole_file(const std::filesystem::path& path, std::string_view bytes);
/// All or nothing. Errors: Unsupported for sequences, optionals and maps.
BOLIDE_API Status write_tensor_proto(const std::filesystem::path& path, const NamedTensor& tensor);
/// "input:1x3x224x224,ids:1x128" as names with sizes: split at the last colon of each part; "name:" is a scalar.
BOLIDE_API Result<std::vector<std::pair<std::string, Dims>>> parse_shapes(std::string_view text);
}  // namespace bolide
