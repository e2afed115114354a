/// Cast by way of a wide type that holds every source exactly: f64 for floats, i64 and u64 for integers and bool.
#include "base/thread_pool.h"
#include "tensor/number.h"
#include "tensor/raw_memory.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <limits>

namespace bolide {
namespace {

constexpr std::int64_t kChunk = 1024;

bool is_complex(DataType type) { return type == DataType::kC64 || type == DataType::kC128; }
bool is_signed(DataType type) {
  return type == DataType::kI64 || type == DataType::kI32 || type == DataType::kI16 || type == DataType::kI8 ||
         type == DataType::kI4 || type == DataType::kI2;
}

/// Elements begin .. begin + out.size() of `from`, whose dtype W holds exactly.
template <class T, class W>
void widen(const Tensor& from, std::int64_t begin, std::span<W> out) {
  const T* in = from.span<T>().data() + begin;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<W>(in[i]);
}

template <class Decode, class W>
void widen_packed(const Tensor& from, std::int64_t begin, std::span<W> out, Decode decode) {
  const int bits = bit_width(from.dtype());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = decode(get_packed(from.data(), bits, begin + static_cast<std::int64_t>(i)));
  }
}

void read(const Tensor& from, std::int64_t begin, std::span<double> out) {
  const DataType type = from.dtype();
  if (type == DataType::kF64) return widen<double>(from, begin, out);
  if (type == DataType::kF32) return widen<float>(from, begin, out);
  const auto start = static_cast<std::size_t>(begin);
  if (type == DataType::kF16) {
    const auto in = from.span<std::uint16_t>().subspan(start);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = f16_to_f32(in[i]);
  } else if (type == DataType::kBF16) {
    const auto in = from.span<std::uint16_t>().subspan(start);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = bf16_to_f32(in[i]);
  } else if (bit_width(type) < 8) {
    widen_packed(from, begin, out, [&](std::uint8_t code) { return double{decode_small_float(type, code)}; });
  } else {
    const auto in = from.span<std::uint8_t>().subspan(start);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = decode_small_float(type, in[i]);
  }
}

void read(const Tensor& from, std::int64_t begin, std::span<std::int64_t> out) {
  switch (from.dtype()) {
    case DataType::kI64: return widen<std::int64_t>(from, begin, out);
    case DataType::kI32: return widen<std::int32_t>(from, begin, out);
    case DataType::kI16: return widen<std::int16_t>(from, begin, out);
    case DataType::kI8: return widen<std::int8_t>(from, begin, out);
    default: break;
  }
  const int sign = 1 << (bit_width(from.dtype()) - 1);
  widen_packed(from, begin, out, [&](std::uint8_t code) { return std::int64_t{(code ^ sign) - sign}; });
}

void read(const Tensor& from, std::int64_t begin, std::span<std::uint64_t> out) {
  switch (from.dtype()) {
    case DataType::kU64: return widen<std::uint64_t>(from, begin, out);
    case DataType::kU32: return widen<std::uint32_t>(from, begin, out);
    case DataType::kU16: return widen<std::uint16_t>(from, begin, out);
    case DataType::kU8: return widen<std::uint8_t>(from, begin, out);
    case DataType::kBool:
      widen<std::uint8_t>(from, begin, out);
      for (std::uint64_t& value : out) value = value != 0 ? 1 : 0;
      return;
    default: break;
  }
  widen_packed(from, begin, out, [](std::uint8_t code) { return std::uint64_t{code}; });
}

/// The integer part modulo 2^64; NaN and infinity give 0.
std::uint64_t to_bits(double value) {
  if (!std::isfinite(value)) return 0;
  const double part = std::fmod(std::trunc(value), 0x1p64);
  return part < 0 ? UINT64_C(0) - static_cast<std::uint64_t>(-part) : static_cast<std::uint64_t>(part);
}
std::uint64_t to_bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }
std::uint64_t to_bits(std::uint64_t value) { return value; }

/// A double that every narrower float type rounds as it would round `value`: the low bits are folded into a sticky one.
double to_double(double value) { return value; }
double to_double(std::uint64_t value) {
  constexpr std::uint64_t kLow = (UINT64_C(1) << 11) - 1;
  if (value >> 53 == 0) return static_cast<double>(value);
  return static_cast<double>((value & ~kLow) | ((value & kLow) != 0 ? kLow + 1 : 0));
}
double to_double(std::int64_t value) {
  return value < 0 ? -to_double(UINT64_C(0) - static_cast<std::uint64_t>(value))
                   : to_double(static_cast<std::uint64_t>(value));
}

template <class T, class W, class Convert>
void narrow(std::span<const W> in, Tensor& to, std::int64_t begin, Convert convert) {
  T* out = to.span<T>().data() + begin;
  for (std::size_t i = 0; i < in.size(); ++i) out[i] = convert(in[i]);
}

template <class T, class W>
void narrow_integer(std::span<const W> in, Tensor& to, std::int64_t begin) {
  narrow<T>(in, to, begin, [](W value) { return static_cast<T>(to_bits(value)); });
}

template <class W, class Convert>
void narrow_packed(std::span<const W> in, Tensor& to, std::int64_t begin, Convert convert) {
  const int bits = bit_width(to.dtype());
  for (std::size_t i = 0; i < in.size(); ++i) {
    set_packed(to.data(), bits, begin + static_cast<std::int64_t>(i), convert(in[i]));
  }
}

template <class W>
std::string to_string(W value, DataType type) {
  std::string out;
  if constexpr (std::is_same_v<W, double>) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-INF" : "INF";
    if (type != DataType::kF64) {
      strings::append(out, static_cast<float>(value));
      return out;
    }
  }
  strings::append(out, value);
  return out;
}

template <class W>
void write(std::span<const W> in, DataType from, Tensor& to, std::int64_t begin, CastOptions options) {
  const DataType type = to.dtype();
  switch (type) {
    case DataType::kF64: return narrow<double>(in, to, begin, [](W v) { return static_cast<double>(v); });
    case DataType::kF32: return narrow<float>(in, to, begin, [](W v) { return static_cast<float>(v); });
    case DataType::kF16: return narrow<std::uint16_t>(in, to, begin, [](W v) { return f64_to_f16(to_double(v)); });
    case DataType::kBF16: return narrow<std::uint16_t>(in, to, begin, [](W v) { return f64_to_bf16(to_double(v)); });
    case DataType::kI64:
    case DataType::kU64: return narrow_integer<std::uint64_t>(in, to, begin);
    case DataType::kI32:
    case DataType::kU32: return narrow_integer<std::uint32_t>(in, to, begin);
    case DataType::kI16:
    case DataType::kU16: return narrow_integer<std::uint16_t>(in, to, begin);
    case DataType::kI8:
    case DataType::kU8: return narrow_integer<std::uint8_t>(in, to, begin);
    case DataType::kI4:
    case DataType::kI2:
    case DataType::kU4:
    case DataType::kU2: return narrow_packed(in, to, begin, [](W v) { return static_cast<std::uint8_t>(to_bits(v)); });
    case DataType::kBool:
      return narrow<std::uint8_t>(in, to, begin, [](W v) { return static_cast<std::uint8_t>(v != 0); });
    case DataType::kF4E2M1:
    case DataType::kF6E2M3:
    case DataType::kF6E3M2:
      return narrow_packed(in, to, begin, [&](W v) { return encode_small_float(type, to_double(v), options); });
    case DataType::kString: return narrow<std::string>(in, to, begin, [&](W v) { return to_string(v, from); });
    case DataType::kC64:
      return narrow<std::complex<float>>(in, to, begin, [](W v) { return std::complex<float>(static_cast<float>(v)); });
    case DataType::kC128:
      return narrow<std::complex<double>>(in, to, begin,
                                          [](W v) { return std::complex<double>(static_cast<double>(v)); });
    case DataType::kF8E4M3FN:
    case DataType::kF8E4M3FNUZ:
    case DataType::kF8E5M2:
    case DataType::kF8E5M2FNUZ:
    case DataType::kF8E8M0:
      return narrow<std::uint8_t>(in, to, begin, [&](W v) { return encode_small_float(type, to_double(v), options); });
    case DataType::kSequence:
    case DataType::kOptional:
    case DataType::kMap: return;  // refused by cast()
  }
}

/// f(begin, end) over parts of [0, count) that start at multiples of kChunk (and so share no byte), at once where there
/// are many elements.
void each_part(std::int64_t count, FunctionRef<void(std::int64_t begin, std::int64_t end)> f) {
  constexpr std::int64_t kPart = 32 * kChunk;
  const std::int64_t parts = (count + kPart - 1) / kPart;
  if (parts < 2) return f(0, count);
  ThreadPool& pool = ThreadPool::shared();
  pool.parallel_for(parts, pool.size(),
                    [&](std::int64_t part, int) { f(part * kPart, std::min(count, (part + 1) * kPart)); });
}

template <class W>
void convert_all(const Tensor& from, Tensor& to, CastOptions options) {
  each_part(from.count(), [&](std::int64_t first, std::int64_t end) {
    std::array<W, kChunk> buffer;
    for (std::int64_t begin = first; begin < end; begin += kChunk) {
      const auto wide = std::span<W>(buffer).first(static_cast<std::size_t>(std::min(kChunk, end - begin)));
      read(from, begin, wide);
      write(std::span<const W>(wide), from.dtype(), to, begin, options);
    }
  });
}

bool equal_ignoring_case(std::string_view text, std::string_view upper) {
  return std::ranges::equal(text, upper,
                            [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 'a' + 'A' : a) == b; });
}

/// A decimal number, "inf" or "nan" in any case, with an optional sign.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  const bool sign = !text.empty() && (text[0] == '+' || text[0] == '-');
  const bool negative = sign && text[0] == '-';
  const std::string_view body = text.substr(sign ? 1 : 0);
  if constexpr (std::is_floating_point_v<T>) {
    if (equal_ignoring_case(body, "NAN")) return std::numeric_limits<T>::quiet_NaN();
    if (equal_ignoring_case(body, "INF")) return std::numeric_limits<T>::infinity() * (negative ? -1 : 1);
  }
  if (body.empty() || !((body[0] >= '0' && body[0] <= '9') || body[0] == '.')) return std::nullopt;
  T value{};
  const std::string_view whole = negative ? text : body;
  const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), value);
  if (end != whole.data() + whole.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<T>) {
    if (error == std::errc::result_out_of_range)
      return static_cast<T>(std::strtod(std::string(whole).c_str(), nullptr));
  }
  if (error != std::errc()) return std::nullopt;
  return value;
}

template <class W>
bool write_parsed(std::string_view text, Tensor& to, std::int64_t index, CastOptions options) {
  const std::optional<W> value = parse_number<W>(text);
  if (value) write(std::span<const W>(&*value, 1), to.dtype(), to, index, options);
  return value.has_value();
}

Status from_strings(const Tensor& from, Tensor& to, CastOptions options) {
  std::int64_t index = 0;
  for (const std::string& text : from.span<std::string>()) {
    bool done = false;
    if (to.dtype() == DataType::kF32) {
      const auto value = parse_number<float>(text);
      if (value) to.span<float>()[static_cast<std::size_t>(index)] = *value;
      done = value.has_value();
    } else if (is_integer(to.dtype()) || to.dtype() == DataType::kBool) {
      done =
          write_parsed<std::int64_t>(text, to, index, options) || write_parsed<std::uint64_t>(text, to, index, options);
    }
    if (!done && !write_parsed<double>(text, to, index, options)) {
      return invalid_argument("'", text.substr(0, 64), "' at element ", index, " is not a number to cast to ",
                              to.dtype());
    }
    ++index;
  }
  return ok();
}

template <class From, class To, class Convert>
void convert_each(const Tensor& from, Tensor& to, Convert convert) {
  each_part(from.count(), [&](std::int64_t first, std::int64_t end) {
    const From* const in = from.span<From>().data();
    std::transform(in + first, in + end, to.span<To>().data() + first, convert);
  });
}

/// The conversions that weights and activations take most, without the wide step. False when it is none of them.
bool convert_directly(const Tensor& from, Tensor& to) {
  const auto is = [&](DataType a, DataType b) { return from.dtype() == a && to.dtype() == b; };
  using enum DataType;
  if (is(kF32, kBF16)) {
    convert_each<float, std::uint16_t>(from, to, f32_to_bf16);
  } else if (is(kBF16, kF32)) {
    convert_each<std::uint16_t, float>(from, to, bf16_to_f32);
  } else if (is(kF16, kF32)) {
    convert_each<std::uint16_t, float>(from, to, f16_to_f32);
  } else if (is(kF32, kF16)) {
    convert_each<float, std::uint16_t>(from, to, f32_to_f16);
  } else if (is(kU8, kF32)) {
    convert_each<std::uint8_t, float>(from, to, [](std::uint8_t v) { return static_cast<float>(v); });
  } else if (is(kI8, kF32)) {
    convert_each<std::int8_t, float>(from, to, [](std::int8_t v) { return static_cast<float>(v); });
  } else {
    return false;
  }
  return true;
}

Status from_complex(const Tensor& from, Tensor& to) {
  using Narrow = std::complex<float>;
  using Wide = std::complex<double>;
  const bool wide = from.dtype() == DataType::kC128;
  if (to.dtype() == DataType::kC64) {
    convert_each<Wide, Narrow>(from, to, [](const Wide& v) { return Narrow(v); });
  } else if (to.dtype() == DataType::kC128) {
    convert_each<Narrow, Wide>(from, to, [](const Narrow& v) { return Wide(v); });
  } else if (to.dtype() == DataType::kBool && wide) {
    convert_each<Wide, std::uint8_t>(from, to, [](const Wide& v) { return v != Wide(); });
  } else if (to.dtype() == DataType::kBool) {
    convert_each<Narrow, std::uint8_t>(from, to, [](const Narrow& v) { return v != Narrow(); });
  } else {
    return unsupported("cast of ", from.dtype(), " to ", to.dtype(), ": only complex types and bool are possible");
  }
  return ok();
}

}  // namespace

Result<Tensor> cast(const Tensor& from, DataType to, CastOptions options) {
  if (from.dtype() == to) return from;
  if (is_container(from.dtype()) || is_container(to)) {
    return unsupported("there is no cast of ", from.dtype(), " to ", to);
  }
  TRY(Tensor out, raw_tensor(to, from.dims()));
  if (is_complex(from.dtype())) {
    TRY_OK(from_complex(from, out));
  } else if (from.dtype() == DataType::kString) {
    TRY_OK(from_strings(from, out, options));
  } else if (!convert_directly(from, out)) {
    if (is_float(from.dtype())) {
      convert_all<double>(from, out, options);
    } else if (is_signed(from.dtype())) {
      convert_all<std::int64_t>(from, out, options);
    } else {
      convert_all<std::uint64_t>(from, out, options);
    }
  }
  return out;
}

}  // namespace bolide
