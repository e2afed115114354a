/// Value types that the whole of Bolide and its users share: dtypes, sizes, errors and results.
///
///     bolide::Result<bolide::Dims> dims = parse(text);
///     if (!dims) return dims.error();      // code and message
///     use(*dims);
#pragma once

#include <bolide/export.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bolide {

/// Element types. Sub-byte types are packed, first element in the low bits. Text spelling: `name(DataType)`.
enum class DataType : std::uint8_t {
  kF64,
  kF32,
  kF16,
  kBF16,
  kF8E4M3FN,
  kF8E4M3FNUZ,
  kF8E5M2,
  kF8E5M2FNUZ,
  kF8E8M0,
  kF4E2M1,
  kI64,
  kI32,
  kI16,
  kI8,
  kI4,
  kI2,
  kU64,
  kU32,
  kU16,
  kU8,
  kU4,
  kU2,
  kBool,
  kString,
  kC64,
  kC128,
  kF6E2M3,
  kF6E3M2,
  kSequence,  ///< any number of values of one type
  kOptional,  ///< one value or none
  kMap,       ///< keys, each with a value
};
/// Element types of tensors; sequences, optionals and maps come behind them.
inline constexpr int kDataTypeCount = 28;

/// "f32", "i8", "f8e4m3fn", "bool", "string", "c64" ...
BOLIDE_API std::string_view name(DataType type);
/// The dtype spelled `text`; nothing when there is none of that name.
BOLIDE_API std::optional<DataType> parse_data_type(std::string_view text);
/// Bits of one element: 2, 4, 6, 8, 16, 32, 64 or 128. Strings count as the size of std::string, and what sequences,
/// optionals and maps hold as the size of the library's own tensor object.
BOLIDE_API int bit_width(DataType type);
/// True for the real floating-point types of every width.
BOLIDE_API bool is_float(DataType type);
/// True for signed and unsigned integers of every width; bool is not one.
BOLIDE_API bool is_integer(DataType type);
/// True for sequences, optionals and maps: values whose elements are values themselves.
BOLIDE_API bool is_container(DataType type);

/// Concrete sizes, outermost first.
using Dims = std::vector<std::int64_t>;

/// The closed list of error kinds.
enum class Code : std::uint8_t {
  kInvalidArgument,  ///< the caller asked for something that cannot be: wrong name, shape, dtype, option
  kUnsupported,      ///< well-formed, but Bolide cannot do it; the message says what would work
  kNotFound,         ///< a file, tensor, device or operator of that name does not exist
  kOutOfMemory,      ///< memory or a configured limit is exhausted
  kBadFile,          ///< bytes from outside are malformed
  kDevice,           ///< the device or its driver failed
  kCancelled,        ///< the user interrupted the work
  kInternal,         ///< a bug in Bolide
};
/// "invalid argument", "unsupported", ...
BOLIDE_API std::string_view name(Code code);

/// What went wrong, in user words; each layer that passes it on adds where it was working.
struct Error {
  Code code = Code::kInternal;
  std::string message;
  const char* file = nullptr;  ///< the source of Bolide whose condition failed, where it is known
  int line = 0;
};

/// A T or an Error. Ignoring one is a compiler warning; asking for the wrong half is a bug.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

  /// Prefixes the message of an error with "<what>: "; leaves a value alone.
  Result within(std::string_view what) && {
    if (auto* error = std::get_if<1>(&state_)) error->message.insert(0, std::string(what) + ": ");
    return std::move(*this);
  }

 private:
  std::variant<T, Error> state_;
};

/// Success or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_.has_value(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

  Status within(std::string_view what) && {
    if (error_) error_->message.insert(0, std::string(what) + ": ");
    return std::move(*this);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace bolide
