#include "import/onnx/value_data.h"

#include "import/onnx/fields.h"
#include "import/onnx/reader.h"
#include "import/onnx/sparse.h"
#include "tensor/number.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

constexpr std::uint32_t kTensorField = 3;
constexpr std::uint32_t kSparseTensorField = 4;

/// Fields of SequenceProto and OptionalProto that hold values.
bool holds_value(std::uint64_t key) {
  for (const std::uint32_t tag : {3U, 4U, 5U, 6U, 7U}) {
    if (key == bytes_key(tag)) return true;
  }
  return false;
}

/// A SparseTensorProto has its indices, a message, where a TensorProto has its dtype, a number.
bool is_sparse(std::string_view message) {
  Fields fields(message, message.data());
  while (fields.next()) {
    if (fields.key() == bytes_key(2)) return true;
  }
  return false;
}

/// The field that holds values of a type; sparse tensors have one of their own.
std::uint32_t field_of(const TensorType& type) {
  switch (type.dtype) {
    case DataType::kSequence: return 5;
    case DataType::kMap: return 6;
    case DataType::kOptional: return 7;
    default: return kTensorField;
  }
}

class ValueReader {
 public:
  explicit ValueReader(std::shared_ptr<const void> owner) : owner_(std::move(owner)) {}

  Result<Tensor> read(std::string_view message, const TensorType& type) const {
    switch (type.dtype) {
      case DataType::kSequence:
      case DataType::kOptional: return read_items(message, type);
      case DataType::kMap: return read_map(message, type);
      default: break;
    }
    const auto bytes = std::as_bytes(std::span(message.data(), message.size()));
    if (is_sparse(message)) {
      TRY(const OnnxSparseTensor sparse, read_sparse_tensor(bytes, owner_));
      return to_dense(sparse, {});
    }
    TRY(const OnnxTensor tensor, read_tensor(bytes, owner_));
    TRY(Tensor value, to_tensor(tensor, {}));
    // Test data of ONNX up to 1.12 keep the bits of bf16 as u16.
    if (type.dtype == DataType::kBF16 && value.dtype() == DataType::kU16) return value.reinterpreted(type.dtype);
    return value;
  }

 private:
  Result<Tensor> read_items(std::string_view message, const TensorType& type) const {
    const TensorType& element = type.element();
    std::vector<Tensor> items;
    Fields fields(message, message.data());
    while (fields.next()) {
      if (!holds_value(fields.key())) continue;
      const bool sparse = field_of(element) == kTensorField && fields.key() == bytes_key(kSparseTensorField);
      if (fields.key() != bytes_key(field_of(element)) && !sparse) {
        return bad_file("field ", fields.key() / 8, " of a ", type, " holds another kind of value");
      }
      TRY(Tensor item, read(fields.bytes(), element));
      if (!compatible(item.type(), element)) return bad_file("a ", type, " holds ", item.type());
      items.push_back(std::move(item));
    }
    TRY_OK(fields.status());
    if (type.dtype == DataType::kSequence) return Tensor::sequence(element, items);
    if (items.size() > 1) return bad_file("an optional holds ", items.size(), " values");
    return Tensor::optional(element, items.empty() ? nullptr : items.data());
  }

  Result<Tensor> read_map(std::string_view message, const TensorType& type) const {
    std::vector<std::int64_t> numbers;
    std::vector<std::string> words;
    std::string_view values;
    Fields fields(message, message.data());
    while (fields.next()) {
      switch (fields.key()) {
        case varint_key(3):
        case bytes_key(3): TRY_OK(fields.append_to(numbers)); break;
        case bytes_key(4): words.emplace_back(fields.bytes()); break;
        case bytes_key(5): values = fields.bytes(); break;
        default: break;
      }
    }
    TRY_OK(fields.status());
    const bool named = type.element(0).dtype == DataType::kString;
    Tensor keys = named ? Tensor::of<std::string>(words) : Tensor::of<std::int64_t>(numbers);
    if (!named) {
      TRY(keys, cast(keys, type.element(0).dtype));
    }
    TensorType item = type.element(1);
    item.ranked = false;
    item.shape.clear();
    TRY(const Tensor parts, read_items(values, sequence_type(std::move(item), Dim("n"))));
    TRY(Tensor joined, join(parts.items(), type.element(1).dtype));
    if (joined.count() != keys.count()) {
      return bad_file("a map has ", keys.count(), " keys and ", joined.count(), " values");
    }
    return Tensor::map(std::move(keys), std::move(joined));
  }

  /// All elements one after the other.
  static Result<Tensor> join(std::span<const Tensor> parts, DataType dtype) {
    if (is_container(dtype) || bit_width(dtype) < 8) return unsupported("maps whose values are ", dtype);
    std::int64_t count = 0;
    for (const Tensor& part : parts) count += part.count();
    TRY(Tensor out, Tensor::allocate(dtype, {count}));
    std::int64_t at = 0;
    for (const Tensor& part : parts) {
      if (dtype == DataType::kString) {
        std::ranges::copy(part.span<std::string>(), out.span<std::string>().begin() + at);
        at += part.count();
      } else {
        std::copy_n(part.data(), part.bytes(), out.data() + at);
        at += static_cast<std::int64_t>(part.bytes());
      }
    }
    return out;
  }

  std::shared_ptr<const void> owner_;
};

}  // namespace

Result<Tensor> read_value(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, const TensorType& type) {
  return ValueReader(std::move(owner)).read({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, type);
}

Result<Tensor> read_value(const std::shared_ptr<const MappedFile>& file, const TensorType& type) {
  return read_value(file->bytes(), file, type);
}

}  // namespace bolide::onnx
