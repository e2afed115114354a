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

/// Writes the arguments behind `out`. Any type with an `append(std::string&, const T&)` found by ADL joins in.
template <class... Args>
void extend(std::string& out, const Args&... args) {
  (append(out, args), ...);
}
template <class... Args>
std::string join(const Args&... args) {
  std::string out;
  extend(out, args...);
  return out;
}
}  // namespace strings

/// How a message begins, and the line of our sources that says so: the arguments are filled in where it is converted.
struct Opening {
  template <class T>
  Opening(const T& part, const char* at_file = __builtin_FILE(), int at_line = __builtin_LINE())
      : text(strings::join(part)), file(at_file), line(at_line) {}
  std::string text;
  const char* file;
  int line;
};

template <class... Args>
Error make_error(Code code, Opening opening, const Args&... args) {
  strings::extend(opening.text, args...);
  return Error{code, std::move(opening.text), opening.file, opening.line};
}
template <class... Args>
Error invalid_argument(Opening opening, const Args&... args) {
  return make_error(Code::kInvalidArgument, std::move(opening), args...);
}
template <class... Args>
Error unsupported(Opening opening, const Args&... args) {
  return make_error(Code::kUnsupported, std::move(opening), args...);
}
template <class... Args>
Error not_found(Opening opening, const Args&... args) {
  return make_error(Code::kNotFound, std::move(opening), args...);
}
template <class... Args>
Error out_of_memory(Opening opening, const Args&... args) {
  return make_error(Code::kOutOfMemory, std::move(opening), args...);
}
template <class... Args>
Error bad_file(Opening opening, const Args&... args) {
  return make_error(Code::kBadFile, std::move(opening), args...);
}
template <class... Args>
Error internal_error(Opening opening, const Args&... args) {
  return make_error(Code::kInternal, std::move(opening), args...);
}

/// "src/ops/matmul.cpp:57", where the error was found; empty when that is not known.
std::string source_of(const Error& error);

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
