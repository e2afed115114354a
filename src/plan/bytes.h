/// Little-endian bytes: what the engine file's sections are written with, and a reader that trusts nothing.
#pragma once

#include "base/error.h"
#include "base/hash.h"

#include <bit>
#include <cstring>

namespace bolide {

static_assert(std::endian::native == std::endian::little, "files are little-endian and are read in place");

class ByteWriter {
 public:
  void u8(std::uint8_t value) { raw(&value, sizeof value); }
  void u32(std::uint32_t value) { raw(&value, sizeof value); }
  void u64(std::uint64_t value) { raw(&value, sizeof value); }
  void i64(std::int64_t value) { raw(&value, sizeof value); }
  void f64(double value) { raw(&value, sizeof value); }
  void digest(const Digest& value) {
    u64(value.high);
    u64(value.low);
  }
  void count(std::size_t value) { u32(static_cast<std::uint32_t>(value)); }
  /// Length as u32, then the bytes.
  void text(std::string_view value) {
    count(value.size());
    raw(value.data(), value.size());
  }
  void raw(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  std::span<const std::byte> bytes() const { return bytes_; }
  std::vector<std::byte> take() && { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

/// Reads what ByteWriter writes. After the first error every read gives zeros and `error()` says where it was; callers
/// check it before they use what they read.
class ByteReader {
 public:
  /// `what` names the bytes in errors and outlives the reader.
  ByteReader(std::span<const std::byte> bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::int64_t i64() { return number<std::int64_t>(); }
  double f64() { return number<double>(); }
  Digest digest() {
    const std::uint64_t high = u64();
    return {high, u64()};
  }
  /// How many items follow, each of at least `least` bytes; an error when the bytes left cannot hold them.
  std::size_t count(std::size_t least) {
    const std::uint32_t value = u32();
    if (value > (bytes_.size() - at_) / least) {
      fail(strings::join(value, " items do not fit into the ", bytes_.size() - at_, " bytes left"));
      return 0;
    }
    return value;
  }
  std::string_view text() {
    const std::size_t size = count(1);
    const auto* first = reinterpret_cast<const char*>(bytes_.data() + at_);
    at_ += size;
    return {first, size};
  }
  std::size_t left() const { return bytes_.size() - at_; }
  /// Notes the first error; later ones are dropped.
  void fail(std::string_view reason) {
    if (!error_) error_ = bad_file(what_, ", byte ", at_, ": ", reason);
    at_ = bytes_.size();
  }
  /// An error when something failed, or when `all` is set and bytes are left over.
  Status status(bool all) const {
    if (error_) return *error_;
    if (all && left() != 0) return bad_file(what_, ": ", left(), " bytes too many");
    return {};
  }
  bool failed() const { return error_.has_value(); }

 private:
  template <class T>
  T number() {
    T value{};
    if (left() < sizeof value) {
      fail("ends too early");
      return value;
    }
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }

  std::span<const std::byte> bytes_;
  std::string_view what_;
  std::size_t at_ = 0;
  std::optional<Error> error_;
};

}  // namespace bolide
