#include <bolide/io.h>

#include "api/network_state.h"
#include "base/file.h"
#include "import/onnx/reader.h"
#include "import/onnx/tensor_data.h"
#include "import/onnx/writer.h"

#include "ir/text.h"

#include <algorithm>
#include <charconv>

namespace bolide {

Result<HostTensor> to_host(const Tensor& tensor) {
  if (tensor.dtype() == DataType::kString)
    return unsupported("string tensors cannot be handed out through this interface");
  TRY(HostTensor result, HostTensor::make(tensor.dtype(), tensor.dims()));
  if (tensor.bytes() > 0) std::memcpy(result.data(), tensor.data(), tensor.bytes());
  return result;
}

Result<NamedTensor> read_tensor_proto(const std::filesystem::path& path) {
  const std::string shown = path.string();
  TRY(const auto file, MappedFile::open(path));
  TRY(const auto proto, onnx::read_tensor(file).within(shown));
  TRY(const Tensor tensor, onnx::to_tensor(proto, onnx::ExternalData(path.parent_path())).within(shown));
  TRY(HostTensor host, to_host(tensor).within(shown));
  return NamedTensor{std::string(proto.name), std::move(host)};
}

Status write_whole_file(const std::filesystem::path& path, std::string_view bytes) {
  return write_file(path, std::as_bytes(std::span(bytes.data(), bytes.size())));
}

Status write_tensor_proto(const std::filesystem::path& path, const NamedTensor& tensor) {
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

namespace {

/// Names of the declared sizes take the values of the given ones, plain names first.
Status bind_names(const Shape& shape, const Dims& given, DimBindings& names) {
  for (std::size_t i = 0; i < shape.size(); ++i) {
    TRY(const auto solved, shape[i].solve(given[i], names));
    if (solved) names[solved->first] = solved->second;
  }
  return {};
}

}  // namespace

Result<std::vector<std::pair<std::string, Dims>>> complete_shapes(
    const std::vector<TensorInfo>& inputs, const std::vector<std::pair<std::string, Dims>>& given) {
  DimBindings names;
  for (const auto& [name, dims] : given) {
    const auto info = std::find_if(inputs.begin(), inputs.end(), [&](const TensorInfo& i) { return i.name == name; });
    if (info == inputs.end()) {
      std::string known;
      for (const TensorInfo& input : inputs) known += strings::join(known.empty() ? "" : ", ", "'", input.name, "'");
      return not_found("'", name, "' is no input; the inputs are ", known);
    }
    TRY(const Shape shape, parse_shape(info->shape));
    if (shape.size() != dims.size()) {
      return invalid_argument("input '", name, "' is ", info->shape, ", ", dims, " has another rank");
    }
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (info->dims[i] >= 0 && info->dims[i] != dims[i]) {
        return invalid_argument("input '", name, "' is ", info->shape, " with a fixed size ", info->dims[i], " where ",
                                dims, " has ", dims[i]);
      }
    }
    TRY_OK(bind_names(shape, dims, names).within(strings::join("input '", name, "'")));
  }
  std::vector<std::pair<std::string, Dims>> complete;
  for (const TensorInfo& input : inputs) {
    const auto own = std::find_if(given.begin(), given.end(), [&](const auto& g) { return g.first == input.name; });
    if (own != given.end()) {
      complete.push_back(*own);
      continue;
    }
    TRY(const Shape shape, parse_shape(input.shape));
    for (const Dim& dim : shape) {
      for (const std::string& name : dim.names()) names.emplace(name, 1);
    }
    TRY(Dims dims, evaluate(shape, names));
    complete.emplace_back(input.name, std::move(dims));
  }
  return complete;
}

}  // namespace bolide
