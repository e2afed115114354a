#include "import/onnx/fields.h"

#include <protozero/exception.hpp>
#include <protozero/varint.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace bolide::onnx {

static_assert(std::endian::native == std::endian::little, "fixed-width fields are copied as they are");

bool Fields::fail(std::string reason) {
  error_ = strings::join("malformed protobuf at byte ", next_ - origin_, ": ", reason);
  return false;
}

bool Fields::read_varint(std::uint64_t& out) {
  try {
    out = protozero::decode_varint(&next_, end_);
    return true;
  } catch (const protozero::exception& e) {
    return fail(e.what());
  }
}

bool Fields::read_fixed(std::size_t size) {
  const auto left = static_cast<std::size_t>(end_ - next_);
  if (left < size) return fail(strings::join("a value of ", size, " bytes with ", left, " bytes left in its message"));
  value_ = 0;
  std::memcpy(&value_, next_, size);
  next_ += size;
  return true;
}

bool Fields::next() {
  if (next_ == end_ || !error_.empty()) return false;
  if (!read_varint(key_)) return false;
  if (key_ > std::numeric_limits<std::uint32_t>::max() || key_ < 8) {
    return fail(strings::join("field number ", key_ >> 3U, " does not exist"));
  }
  switch (static_cast<WireType>(key_ & 7U)) {
    case WireType::kVarint: return read_varint(value_);
    case WireType::kFixed64: return read_fixed(8);
    case WireType::kFixed32: return read_fixed(4);
    case WireType::kBytes: {
      std::uint64_t length = 0;
      if (!read_varint(length)) return false;
      const auto left = static_cast<std::uint64_t>(end_ - next_);
      if (length > left)
        return fail(strings::join("a length of ", length, " with ", left, " bytes left in its message"));
      bytes_ = {next_, static_cast<std::size_t>(length)};
      next_ += length;
      return true;
    }
  }
  return fail(strings::join("wire type ", key_ & 7U, " (groups are not part of ONNX)"));
}

Status Fields::status() const { return error_.empty() ? ok() : Status(bad_file(error_)); }

float Fields::f32() const { return std::bit_cast<float>(static_cast<std::uint32_t>(value_)); }
double Fields::f64() const { return std::bit_cast<double>(value_); }

template <class T>
Status Fields::append_varints(std::vector<T>& out) const {
  if (static_cast<WireType>(key_ & 7U) != WireType::kBytes) {
    out.push_back(static_cast<T>(value_));
    return ok();
  }
  const auto ends = std::count_if(bytes_.begin(), bytes_.end(), [](char c) { return (c & 0x80) == 0; });
  const auto needed = out.size() + static_cast<std::size_t>(ends);
  if (needed > out.capacity()) out.reserve(std::max(needed, 2 * out.capacity()));
  Fields packed = message();
  std::uint64_t value = 0;
  while (packed.next_ != packed.end_) {
    if (!packed.read_varint(value)) return packed.status();
    out.push_back(static_cast<T>(value));
  }
  return ok();
}

template <class T>
Status Fields::append_fixed(std::vector<T>& out, T single) const {
  if (static_cast<WireType>(key_ & 7U) != WireType::kBytes) {
    out.push_back(single);
    return ok();
  }
  if (bytes_.size() % sizeof(T) != 0) {
    return bad_file("malformed protobuf at byte ", bytes_.data() - origin_, ": ", bytes_.size(),
                    " packed bytes are no multiple of ", sizeof(T));
  }
  if (bytes_.empty()) return ok();
  const std::size_t old = out.size();
  const std::size_t needed = old + bytes_.size() / sizeof(T);
  if (needed > out.capacity()) out.reserve(std::max(needed, 2 * out.capacity()));
  out.resize(needed);
  std::memcpy(out.data() + old, bytes_.data(), bytes_.size());
  return ok();
}

Status Fields::append_to(std::vector<std::int32_t>& out) const { return append_varints(out); }
Status Fields::append_to(std::vector<std::int64_t>& out) const { return append_varints(out); }
Status Fields::append_to(std::vector<std::uint64_t>& out) const { return append_varints(out); }
Status Fields::append_to(std::vector<float>& out) const { return append_fixed(out, f32()); }
Status Fields::append_to(std::vector<double>& out) const { return append_fixed(out, f64()); }

}  // namespace bolide::onnx
