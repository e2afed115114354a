#include <bolide/io.h>

#include "api/network_state.h"
#include "base/file.h"
#include "import/onnx/reader.h"
#include "import/onnx/tensor_data.h"
#include "import/onnx/value_data.h"
#include "import/onnx/writer.h"
#include "ir/text.h"

#include <algorithm>
#include <charconv>

namespace bolide {

Result<NamedTensor> read_tensor_proto(const std::filesystem::path& path) {
  const std::string shown = path.string();
  TRY(const auto file, MappedFile::open(path));
  TRY(const auto proto, onnx::read_tensor(file).within(shown));
  TRY(const Tensor tensor, onnx::to_tensor(proto, onnx::ExternalData(path.parent_path())).within(shown));
  return NamedTensor{std::string(proto.name), HostTensor::Access::share(tensor)};
}

Result<HostTensor> read_value_proto(const std::filesystem::path& path, const TensorInfo& type) {
  TRY(const auto file, MappedFile::open(path));
  TRY(const TensorType internal, parse_tensor_type(strings::join(name(type.dtype), type.shape)));
  TRY(const Tensor tensor, onnx::read_value(file, internal).within(path.string()));
  return HostTensor::Access::share(tensor);
}

Status write_whole_file(const std::filesystem::path& path, std::string_view bytes) {
  return write_file(path, std::as_bytes(std::span(bytes.data(), bytes.size())));
}

Status write_tensor_proto(const std::filesystem::path& path, const NamedTensor& tensor) {
  if (is_container(tensor.tensor.dtype())) return unsupported("'", tensor.name, "' is no tensor");
  TRY(const Tensor copy, to_internal(tensor.tensor));
  return write_whole_file(path, onnx::write_tensor(copy, tensor.name));
}

namespace {

Result<Dims> parse_dims(std::string_view text, std::string_view whole) {
  Dims dims;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('x'), text.size());
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + end, value);
    if (error != std::errc() || stop != text.data() + end || value < 0) {
      return invalid_argument("'", whole, "' is not NAME:DIMxDIMx...: '", text.substr(0, end), "' is no size");
    }
    dims.push_back(value);
    if (end < text.size() && end + 1 == text.size()) return invalid_argument("'", whole, "' ends with 'x'");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return dims;
}

}  // namespace

Result<std::vector<std::pair<std::string, Dims>>> parse_shapes(std::string_view text) {
  std::vector<std::pair<std::string, Dims>> shapes;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t colon = part.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
      return invalid_argument("'", part, "' is not NAME:DIMxDIMx...");
    }
    TRY(Dims dims, parse_dims(part.substr(colon + 1), part));
    shapes.emplace_back(part.substr(0, colon), std::move(dims));
  }
  return shapes;
}

}  // namespace bolide
