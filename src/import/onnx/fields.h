/// Walking over the fields of one protobuf message that may be hostile.
///
///     while (fields.next()) {
///       switch (fields.key()) {
///         case varint_key(1): out.ir_version = fields.i64(); break;
///         case bytes_key(2): out.producer_name = fields.bytes(); break;
///       }                              // anything else, wrong wire types included, is skipped
///     }
///     return fields.status();
///
/// Lengths are read as 64 bits and compared with what is left of the enclosing message (protozero's own reader narrows
/// them to 32 bits first, so that 2^32 + 5 would read as 5). Groups, tag 0 and cut values are errors.
#pragma once

#include "base/error.h"

namespace bolide::onnx {

enum class WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
constexpr std::uint64_t field_key(std::uint32_t tag, WireType type) {
  return (std::uint64_t{tag} << 3U) | static_cast<std::uint32_t>(type);
}
constexpr std::uint64_t varint_key(std::uint32_t tag) { return field_key(tag, WireType::kVarint); }
constexpr std::uint64_t fixed64_key(std::uint32_t tag) { return field_key(tag, WireType::kFixed64); }
constexpr std::uint64_t bytes_key(std::uint32_t tag) { return field_key(tag, WireType::kBytes); }
constexpr std::uint64_t fixed32_key(std::uint32_t tag) { return field_key(tag, WireType::kFixed32); }

class Fields {
 public:
  /// The fields of `message`, which lives as long as what is read from it. `origin`: where byte 0 of the file is.
  Fields(std::string_view message, const char* origin)
      : next_(message.data()), end_(message.data() + message.size()), origin_(origin) {}

  /// Reads the next field, value included. False at the end and after an error; status() tells which.
  bool next();
  /// BadFile with the byte where the message stopped making sense.
  Status status() const;

  std::uint64_t key() const { return key_; }
  std::uint64_t u64() const { return value_; }
  std::int64_t i64() const { return static_cast<std::int64_t>(value_); }
  std::int32_t i32() const { return static_cast<std::int32_t>(static_cast<std::uint32_t>(value_)); }
  float f32() const;
  double f64() const;
  std::string_view bytes() const { return bytes_; }
  Fields message() const { return {bytes_, origin_}; }

  /// Appends the values of a repeated field, packed (`kBytes`) or one by one. BadFile when the packed bytes are cut.
  Status append_to(std::vector<std::int32_t>& out) const;
  Status append_to(std::vector<std::int64_t>& out) const;
  Status append_to(std::vector<std::uint64_t>& out) const;
  Status append_to(std::vector<float>& out) const;
  Status append_to(std::vector<double>& out) const;

 private:
  bool read_varint(std::uint64_t& out);
  bool read_fixed(std::size_t size);
  bool fail(std::string reason);
  template <class T>
  Status append_varints(std::vector<T>& out) const;
  template <class T>
  Status append_fixed(std::vector<T>& out, T single) const;

  const char* next_;
  const char* end_;
  const char* origin_;
  std::uint64_t key_ = 0;
  std::uint64_t value_ = 0;
  std::string_view bytes_;
  std::string error_;
};

}  // namespace bolide::onnx
