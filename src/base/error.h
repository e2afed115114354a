/// Making and passing on errors: `return unsupported("Conv: kernel ", k, " is larger than ", size);`
#pragma once

#include <bolide/types.h>

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace bolide {

namespace strings {
inline void append(std::string& out, std::string_view s) { out += s; }
inline void append(std::string& out, const char* s) { out += s; }
inline void append(std::string& out, const std::string& s) { out += s; }
inline void append(std::string& out, char c) { out += c; }
inline void append(std::string& out, bool b) { out += b ? "true" : "false"; }
inline void append(std::string& out, DataType type) { out += name(type); }
void append(std::string& out, double value);  ///< shortest text that reads back to the same value
void append(std::string& out, float value);
void append_integer(std::string& out, long long value);
void append_integer(std::string& out, unsigned long long value);
template <std::integral T>
requires(!std::same_as<T, bool> && !std::same_as<T, char>) void append(std::string& out, T value) {
  if constexpr (std::is_signed_v<T>) {
    append_integer(out, static_cast<long long>(value));
  } else {
    append_integer(out, static_cast<unsigned long long>(value));
  }
}
/// "[1,3,224,224]"
void append(std::string& out, std::span<const std::int64_t> dims);
inline void append(std::string& out, const Dims& dims) { append(out, std::span<const std::int64_t>(dims)); }

/// The arguments written one after the other. Any type with an `append(std::string&, const T&)` found by ADL joins in.
template <class... Args>
std::string join(const Args&... args) {
  std::string out;
  (append(out, args), ...);
  return out;
}
}  // namespace strings

template <class... Args>
Error make_error(Code code, const Args&... args) {
  return Error{code, strings::join(args...)};
}
template <class... Args>
Error invalid_argument(const Args&... args) {
  return make_error(Code::kInvalidArgument, args...);
}
template <class... Args>
Error unsupported(const Args&... args) {
  return make_error(Code::kUnsupported, args...);
}
template <class... Args>
Error not_found(const Args&... args) {
  return make_error(Code::kNotFound, args...);
}
template <class... Args>
Error out_of_memory(const Args&... args) {
  return make_error(Code::kOutOfMemory, args...);
}
template <class... Args>
Error bad_file(const Args&... args) {
  return make_error(Code::kBadFile, args...);
}
template <class... Args>
Error internal_error(const Args&... args) {
  return make_error(Code::kInternal, args...);
}

inline Status ok() { return {}; }

#define BOLIDE_JOIN_(a, b) a##b
#define BOLIDE_JOIN(a, b) BOLIDE_JOIN_(a, b)
#define BOLIDE_TRY_(result, lhs, ...)              \
  auto result = (__VA_ARGS__);                     \
  if (!result) return ::std::move(result).error(); \
  lhs = *::std::move(result)

/// `TRY(Value y, f(x));` unwraps a Result into y, or returns its error from the enclosing function.
#define TRY(lhs, ...) BOLIDE_TRY_(BOLIDE_JOIN(try_result_, __LINE__), lhs, __VA_ARGS__)
/// `TRY_OK(f(x));` returns the error of a Status or Result from the enclosing function, if there is one.
#define TRY_OK(...)                                                                           \
  do {                                                                                        \
    if (auto try_status = (__VA_ARGS__); !try_status) return ::std::move(try_status).error(); \
  } while (false)

}  // namespace bolide
