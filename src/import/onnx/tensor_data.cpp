#include "import/onnx/tensor_data.h"

#include "tensor/number.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <mutex>
#include <utility>

namespace bolide::onnx {
namespace {

/// Beyond this no file holds the elements, and bytes of elements stay far from overflow.
constexpr std::int64_t kMaxElements = INT64_C(1) << 50;

struct Wanted {
  DataType dtype;
  std::int64_t count;
  std::size_t bytes;
};

Result<Wanted> wanted(const OnnxTensor& from) {
  const auto dtype = from_onnx_type(from.dtype);
  if (!dtype) return unsupported("ONNX data type ", from.dtype, " is not known");
  const auto count = element_count(from.dims);
  if (!count) return bad_file(count.error().message);
  if (*count > kMaxElements)
    return bad_file("sizes ", from.dims, " give ", *count, " elements, more than a file holds");
  return Wanted{*dtype, *count, packed_bytes(*dtype, *count)};
}

/// Bools must be 0 or 1 to be read as C++ bool; packed types must end in zero bits to compare by bytes.
bool is_canonical(std::span<const std::byte> bytes, const Wanted& want) {
  if (want.dtype == DataType::kBool) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b <= std::byte{1}; });
  }
  const auto used = static_cast<unsigned>(want.count * bit_width(want.dtype) % 8);
  return used == 0 || (bytes.back() >> used) == std::byte{0};
}

void make_canonical(Tensor& tensor) {
  const std::span<std::byte> bytes(tensor.data(), tensor.bytes());
  if (tensor.dtype() == DataType::kBool) {
    for (std::byte& b : bytes) b = b == std::byte{0} ? b : std::byte{1};
    return;
  }
  const auto used = static_cast<unsigned>(tensor.count() * bit_width(tensor.dtype()) % 8);
  if (used != 0) bytes.back() &= static_cast<std::byte>((1U << used) - 1);
}

/// Elements that lie in `bytes` as Bolide stores them, kept alive by `owner`.
Result<Tensor> from_bytes(std::span<const std::byte> bytes, const Dims& dims, const Wanted& want,
                          std::shared_ptr<const void> owner) {
  const auto alignment = static_cast<std::uintptr_t>(std::clamp(bit_width(want.dtype) / 8, 1, 8));
  const bool aligned = reinterpret_cast<std::uintptr_t>(bytes.data()) % alignment == 0;
  if (aligned && !bytes.empty() && is_canonical(bytes, want)) {
    return Tensor::borrow(want.dtype, dims, bytes.data(), std::move(owner));
  }
  TRY(Tensor out, Tensor::allocate(want.dtype, dims));
  if (!bytes.empty()) {
    std::memcpy(out.data(), bytes.data(), bytes.size());
    make_canonical(out);
  }
  return out;
}

Result<Tensor> from_raw(const OnnxTensor& from, const Wanted& want) {
  if (want.dtype == DataType::kString) return bad_file("strings cannot be raw data");
  if (from.raw_data.size() != want.bytes) {
    return bad_file("raw data has ", from.raw_data.size(), " bytes, ", want.dtype, from.dims, " needs ", want.bytes);
  }
  return from_bytes(std::as_bytes(std::span(from.raw_data.data(), from.raw_data.size())), from.dims, want, from.owner);
}

/// The number under `key`; nothing when it is not there.
Result<std::optional<std::uint64_t>> external_number(const OnnxTensor& from, std::string_view key) {
  for (const auto& entry : from.external_data) {
    if (entry.first != key) continue;
    const std::string_view digits = entry.second;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      return bad_file("external data: ", key, " '", digits, "' is not a size");
    }
    return std::optional(value);
  }
  return std::optional<std::uint64_t>();
}

Result<Tensor> from_external(const OnnxTensor& from, const Wanted& want, const ExternalData& external) {
  if (want.dtype == DataType::kString) return bad_file("strings cannot be external data");
  const auto location = std::find_if(from.external_data.begin(), from.external_data.end(),
                                     [](const auto& entry) { return entry.first == "location"; });
  if (location == from.external_data.end()) return bad_file("external data has no location");
  TRY(const auto given_offset, external_number(from, "offset"));
  TRY(const auto length, external_number(from, "length"));
  const std::uint64_t offset = given_offset.value_or(0);
  if (length && *length != want.bytes) {
    return bad_file("external data has ", *length, " bytes, ", want.dtype, from.dims, " needs ", want.bytes);
  }
  TRY(const auto file, external.open(location->second));
  const auto bytes = file->bytes();
  if (offset > bytes.size() || want.bytes > bytes.size() - offset) {
    return bad_file("external data: ", want.bytes, " bytes at offset ", offset, " of '", location->second,
                    "', which has ", bytes.size(), " bytes");
  }
  return from_bytes(bytes.subspan(offset, want.bytes), from.dims, want, file);
}

/// The typed field that ONNX prescribes for a dtype, and what one entry of it holds.
struct TypedField {
  enum class Name : std::uint8_t { kFloat, kInt32, kInt64, kUint64, kDouble, kString };
  Name name;
  std::int64_t entries;
};

TypedField typed_field(const Wanted& want) {
  using Name = TypedField::Name;
  switch (want.dtype) {
    case DataType::kF32: return {Name::kFloat, want.count};
    case DataType::kC64: return {Name::kFloat, 2 * want.count};
    case DataType::kF64: return {Name::kDouble, want.count};
    case DataType::kC128: return {Name::kDouble, 2 * want.count};
    case DataType::kI64: return {Name::kInt64, want.count};
    case DataType::kU64:
    case DataType::kU32: return {Name::kUint64, want.count};
    case DataType::kString: return {Name::kString, want.count};
    default: break;
  }
  // One packed byte an entry, but for codes that would straddle bytes: those have an entry each.
  const bool packed = 8 % bit_width(want.dtype) == 0;
  return {Name::kInt32, packed ? static_cast<std::int64_t>(want.bytes) : want.count};
}

/// Copies `values` narrowed to Store. Values of Store and, for codes of narrow types, of its unsigned form are allowed.
template <class Store, class T>
Status narrow(const std::vector<T>& values, std::int64_t lowest, std::uint64_t highest, Tensor& out) {
  auto* to = reinterpret_cast<Store*>(out.data());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool negative = std::cmp_less(values[i], 0);
    if (negative ? std::cmp_less(values[i], lowest) : std::cmp_greater(values[i], highest)) {
      return bad_file("element ", i, " is ", values[i], ", which ", out.dtype(), " cannot hold");
    }
    to[i] = static_cast<Store>(values[i]);
  }
  return ok();
}

Status from_int32(const std::vector<std::int32_t>& values, Tensor& out) {
  switch (out.dtype()) {
    case DataType::kI32: return narrow<std::int32_t>(values, INT32_MIN, INT32_MAX, out);
    case DataType::kI16: return narrow<std::int16_t>(values, INT16_MIN, INT16_MAX, out);
    case DataType::kI8: return narrow<std::int8_t>(values, INT8_MIN, INT8_MAX, out);
    case DataType::kU16: return narrow<std::uint16_t>(values, 0, UINT16_MAX, out);
    case DataType::kU8: return narrow<std::uint8_t>(values, 0, UINT8_MAX, out);
    case DataType::kF16:
    case DataType::kBF16: return narrow<std::uint16_t>(values, INT16_MIN, UINT16_MAX, out);
    case DataType::kBool:
      std::transform(values.begin(), values.end(), out.data(), [](std::int32_t v) { return std::byte{v != 0}; });
      return ok();
    default: break;
  }
  if (const int bits = bit_width(out.dtype()); bits == 6) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] < 0 || values[i] >> bits != 0) {
        return bad_file("element ", i, " is ", values[i], ", which is no code of ", bits, " bits");
      }
      set_packed(out.data(), bits, static_cast<std::int64_t>(i), static_cast<std::uint8_t>(values[i]));
    }
    return ok();
  }
  TRY_OK(narrow<std::uint8_t>(values, INT8_MIN, UINT8_MAX, out));
  if (!values.empty()) make_canonical(out);
  return ok();
}

Status fill_typed(const OnnxTensor& from, TypedField::Name field, Tensor& out) {
  using Name = TypedField::Name;
  const auto copy = [&out](const void* data) {
    if (out.bytes() != 0) std::memcpy(out.data(), data, out.bytes());
    return ok();
  };
  switch (field) {
    case Name::kFloat: return copy(from.float_data.data());
    case Name::kDouble: return copy(from.double_data.data());
    case Name::kInt64: return copy(from.int64_data.data());
    case Name::kInt32: return from_int32(from.int32_data, out);
    case Name::kUint64:
      if (out.dtype() == DataType::kU64) return copy(from.uint64_data.data());
      return narrow<std::uint32_t>(from.uint64_data, 0, UINT32_MAX, out);
    case Name::kString: {
      const auto strings = out.span<std::string>();
      for (std::size_t i = 0; i < strings.size(); ++i) strings[i] = from.string_data[i];
      return ok();
    }
  }
  return internal_error("no such typed field");
}

struct Counted {
  TypedField::Name name;
  std::string_view spelling;
  std::size_t entries;
};

Result<Tensor> from_typed(const OnnxTensor& from, const Wanted& want) {
  using Name = TypedField::Name;
  const TypedField field = typed_field(want);
  const std::array<Counted, 6> fields = {{{Name::kFloat, "float_data", from.float_data.size()},
                                          {Name::kInt32, "int32_data", from.int32_data.size()},
                                          {Name::kInt64, "int64_data", from.int64_data.size()},
                                          {Name::kUint64, "uint64_data", from.uint64_data.size()},
                                          {Name::kDouble, "double_data", from.double_data.size()},
                                          {Name::kString, "string_data", from.string_data.size()}}};
  for (const Counted& f : fields) {
    if (f.name != field.name && f.entries != 0) return bad_file(want.dtype, " elements cannot be in ", f.spelling);
    if (f.name == field.name && std::cmp_not_equal(f.entries, field.entries)) {
      return bad_file(f.spelling, " has ", f.entries, " entries, ", want.dtype, from.dims, " needs ", field.entries);
    }
  }
  TRY(Tensor out, Tensor::allocate(want.dtype, from.dims));
  TRY_OK(fill_typed(from, field.name, out));
  return out;
}

bool has_typed_data(const OnnxTensor& from) {
  return !(from.float_data.empty() && from.int32_data.empty() && from.int64_data.empty() && from.uint64_data.empty() &&
           from.double_data.empty() && from.string_data.empty());
}

Result<Tensor> convert(const OnnxTensor& from, const ExternalData& external) {
  if (from.has_segment) return unsupported("tensors in segments are not supported; store the tensor in one piece");
  TRY(const Wanted want, wanted(from));
  const bool typed = has_typed_data(from);
  const bool raw = !from.raw_data.empty();
  if (raw && typed) return bad_file("data is given twice, as raw data and in a typed field");
  if (from.is_external && (raw || typed)) return bad_file("data is given twice, in the file and as external data");
  if (from.is_external) return from_external(from, want, external);
  return raw ? from_raw(from, want) : from_typed(from, want);
}

}  // namespace

struct ExternalData::State {
  std::filesystem::path folder;
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<const MappedFile>, std::less<>> files;
};

ExternalData::ExternalData(std::filesystem::path folder) : state_(std::make_shared<State>()) {
  state_->folder = std::move(folder);
}

Result<std::shared_ptr<const MappedFile>> ExternalData::open(std::string_view location) const {
  if (!state_) {
    return unsupported("external data '", location, "': the model comes from memory, so no folder is known for it");
  }
  const std::lock_guard lock(state_->mutex);
  const auto known = state_->files.find(location);
  if (known != state_->files.end()) return known->second;
  TRY(auto file, MappedFile::open_beneath(state_->folder, location).within("external data"));
  state_->files.emplace(location, file);
  return file;
}

Result<Tensor> to_tensor(const OnnxTensor& from, const ExternalData& external) {
  try {
    return convert(from, external).within(strings::join("tensor '", from.name, "'"));
  } catch (const std::bad_alloc&) {
    return out_of_memory("tensor '", from.name, "': its elements do not fit in memory");
  }
}

OnnxTensor from_tensor(const Tensor& tensor, std::string_view name) {
  OnnxTensor out;
  out.name = name;
  out.dtype = to_onnx_type(tensor.dtype());
  out.dims = tensor.dims();
  out.owner = tensor.owner();
  if (tensor.dtype() == DataType::kString) {
    const auto strings = tensor.span<std::string>();
    out.string_data.assign(strings.begin(), strings.end());
  } else {
    out.raw_data = {reinterpret_cast<const char*>(tensor.data()), tensor.bytes()};
  }
  return out;
}

}  // namespace bolide::onnx
