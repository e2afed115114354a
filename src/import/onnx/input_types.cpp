#include "import/onnx/input_types.h"

#include <algorithm>
#include <set>

namespace bolide::onnx {
namespace {

/// Sizes that the file does not name are called `<name>_<axis>`.
Result<Shape> shape_of(const std::vector<OnnxDim>& dims, std::string_view name) {
  Shape shape;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const OnnxDim& dim = dims[i];
    if (dim.value && *dim.value >= 0) {
      if (*dim.value >= Dim::kTooLarge) return bad_file("size ", *dim.value, " of axis ", i, " is too large");
      shape.emplace_back(*dim.value);
      continue;
    }
    std::string own = dim_name(dim.param);
    if (own.empty()) own = dim_name(strings::join(name, "_", i));
    shape.emplace_back(Dim(own));
  }
  return shape;
}

/// What a container holds.
Result<TensorType> element_type(const OnnxType& type, const std::string& name) {
  const auto inner = [&](std::string_view what) -> Result<TensorType> {
    if (type.element.empty()) return bad_file("does not say what it holds");
    return element_type(type.element.front(), strings::join(name, "_", what));
  };
  switch (type.kind) {
    case OnnxType::Kind::kTensor:
    case OnnxType::Kind::kSparseTensor: break;
    case OnnxType::Kind::kSequence: {
      TRY(TensorType element, inner("item"));
      return sequence_type(std::move(element), Dim(dim_name(strings::join(name, "_size"))));
    }
    case OnnxType::Kind::kOptional: {
      TRY(TensorType element, inner("value"));
      return optional_type(std::move(element), Dim(dim_name(strings::join(name, "_present"))));
    }
    case OnnxType::Kind::kMap: {
      TRY(TensorType values, inner("value"));
      const auto key = from_onnx_type(type.key_type);
      if (!key || (!is_integer(*key) && *key != DataType::kString)) {
        return bad_file("has keys of dtype code ", type.key_type);
      }
      const Dim size(dim_name(strings::join(name, "_size")));
      if (!is_container(values.dtype)) values = {values.dtype, {size}};
      return map_type({*key, {size}}, std::move(values));
    }
    case OnnxType::Kind::kNone: return bad_file("has no type");
    case OnnxType::Kind::kOpaque: return unsupported("is of an opaque type, which only its maker knows");
  }
  const auto dtype = from_onnx_type(type.elem_type);
  if (!dtype) return bad_file("has no dtype (code ", type.elem_type, ")");
  if (!type.dims) return TensorType{*dtype, {}, nullptr, false};
  TRY(Shape shape, shape_of(*type.dims, name));
  return TensorType{*dtype, std::move(shape)};
}

/// The file's, or without a rank there: `rank` axes of any size.
Result<TensorType> file_type(const OnnxValueInfo& input, const std::function<std::optional<int>()>& rank_of) {
  TRY(TensorType type, element_type(input.type, std::string(input.name)));
  if (type.ranked) return type;
  const std::optional<int> rank = rank_of();
  if (!rank) return unsupported("has no shape, not even a rank; give one (--shapes ", input.name, ":1x3x224x224)");
  type.ranked = true;
  for (int i = 0; i < std::min(*rank, 64); ++i) {
    type.shape.emplace_back(Dim(dim_name(strings::join(input.name, "_", i))));
  }
  return type;
}

/// Checks `wanted` against the type, and collects the sizes that named dims get.
Status bind_sizes(const TensorType& type, const Dims& wanted, std::map<std::string, Dim, std::less<>>& sizes) {
  if (static_cast<int>(wanted.size()) != type.rank()) {
    return invalid_argument("has the shape ", type.shape, ", and the sizes asked for are ", wanted);
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == -1) continue;
    if (wanted[i] < 0) return invalid_argument("size ", wanted[i], " of axis ", i, " is negative");
    if (const auto fixed = type.shape[i].constant()) {
      if (*fixed == wanted[i]) continue;
      return invalid_argument("axis ", i, " has the fixed size ", *fixed, ", and ", wanted[i], " is asked for");
    }
    const std::string name = *type.shape[i].single_name();
    const auto [at, is_new] = sizes.emplace(name, Dim(wanted[i]));
    if (!is_new && !(at->second == Dim(wanted[i]))) {
      return invalid_argument("size '", name, "' of axis ", i, " is asked to be ", wanted[i], " here and ", at->second,
                              " elsewhere");
    }
  }
  return ok();
}

}  // namespace

Result<TensorType> declared_type(const OnnxValueInfo& value) {
  return element_type(value.type, std::string(value.name));
}

std::string dim_name(std::string_view param) {
  std::string out;
  for (const char c : param.substr(0, 64)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    out += plain ? c : '_';
  }
  if (!out.empty() && out[0] >= '0' && out[0] <= '9') return strings::join("d", out);
  return out;
}

std::vector<std::pair<std::string_view, std::optional<TensorType>>> input_types(const OnnxGraph& graph,
                                                                                const ImportOptions& options,
                                                                                Problems& problems) {
  std::set<std::string_view> initialized;
  for (const OnnxTensor& initializer : graph.initializers) initialized.insert(initializer.name);
  for (const OnnxSparseTensor& initializer : graph.sparse_initializers) initialized.insert(initializer.values.name);

  std::vector<std::pair<std::string_view, std::optional<TensorType>>> out;
  std::map<std::string, Dim, std::less<>> sizes;
  std::string names;
  std::set<std::string_view> known;
  for (const OnnxValueInfo& input : graph.inputs) {
    if (initialized.contains(input.name)) continue;
    names += strings::join(names.empty() ? "'" : ", '", input.name, "'");
    known.insert(input.name);
    const auto wanted = options.shapes.find(std::string(input.name));
    const std::size_t index = out.size();
    Result<TensorType> type = file_type(input, [&, name = input.name]() -> std::optional<int> {
      if (wanted != options.shapes.end()) return static_cast<int>(wanted->second.size());
      return options.rank_of ? options.rank_of(index, name) : std::nullopt;
    });
    if (type && wanted != options.shapes.end()) {
      const Status status = bind_sizes(*type, wanted->second, sizes);
      if (!status) type = status.error();
    }
    if (type) {
      out.emplace_back(input.name, *std::move(type));
    } else {
      Error error = std::move(type).error();
      error.message = strings::join("graph input '", input.name, "' ", error.message);
      problems.file(std::move(error));
      out.emplace_back(input.name, std::nullopt);
    }
  }
  for (const auto& [name, dims] : options.shapes) {
    if (!known.contains(name)) {
      problems.file(invalid_argument("there is no graph input '", name, "' to give the sizes ", dims, "; inputs are ",
                                     names.empty() ? std::string("none") : names));
    }
  }
  for (auto& [name, type] : out) {
    if (!type) continue;
    for (Dim& dim : type->shape) dim = dim.substitute(sizes);
  }
  return out;
}

}  // namespace bolide::onnx
