#include "base/error.h"

#include <array>
#include <charconv>

namespace bolide {

std::string_view name(Code code) {
  switch (code) {
    case Code::kInvalidArgument: return "invalid argument";
    case Code::kUnsupported: return "unsupported";
    case Code::kNotFound: return "not found";
    case Code::kOutOfMemory: return "out of memory";
    case Code::kBadFile: return "bad file";
    case Code::kDevice: return "device";
    case Code::kCancelled: return "cancelled";
    case Code::kInternal: return "internal";
  }
  return "unknown";
}

std::string source_of(const Error& error) {
  if (error.file == nullptr) return {};
  const std::string_view path = error.file;
  const std::size_t root = path.rfind("src/");
  return strings::join(root == std::string_view::npos ? path : path.substr(root), ":", error.line);
}

namespace strings {
namespace {
template <class T>
void append_chars(std::string& out, T value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), end);
}
}  // namespace

void append(std::string& out, double value) { append_chars(out, value); }
void append(std::string& out, float value) { append_chars(out, value); }
void append_integer(std::string& out, long long value) { append_chars(out, value); }
void append_integer(std::string& out, unsigned long long value) { append_chars(out, value); }

void append(std::string& out, std::span<const std::int64_t> dims) {
  out += '[';
  for (std::size_t i = 0; i < dims.size(); ++i) {
    if (i > 0) out += ',';
    append_chars(out, dims[i]);
  }
  out += ']';
}
}  // namespace strings

}  // namespace bolide
