#include "ops/letter_case.h"

#include <locale.h>
#include <wctype.h>

#include <array>

namespace bolide {
namespace {

constexpr char32_t kDotlessI = 0x131;
constexpr char32_t kDottedI = 0x130;

/// The character at the start of `text`, which is shortened by it. Nothing for bytes that are not UTF-8.
std::optional<char32_t> take_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (length > text.size() || (length > 1 && (first < 0xC2 || first > 0xF4))) return std::nullopt;
  char32_t out = length == 1 ? first : first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return std::nullopt;
    out = (out << 6U) | (byte(i) & 0x3FU);
  }
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (out < kLeast.at(length) || out > 0x10FFFF || (out >= 0xD800 && out < 0xE000)) return std::nullopt;
  text.remove_prefix(length);
  return out;
}

void put_character(char32_t c, std::string& out) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
    return;
  }
  const unsigned further = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  const unsigned mark = 0xFF00U >> (further + 1);  // as many ones as bytes, and a zero
  out.push_back(static_cast<char>((mark & 0xFFU) | (c >> (6 * further))));
  for (unsigned i = further; i-- > 0;) out.push_back(static_cast<char>(0x80U | ((c >> (6 * i)) & 0x3FU)));
}

/// Null where the system lacks it.
locale_t unicode_locale() {
  static const locale_t kLocale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return kLocale;
}

bool has_dotless_i(std::string_view locale) {
  const std::string_view language = locale.substr(0, locale.find_first_of("_-.@"));
  return language == "tr" || language == "az";
}

}  // namespace

Result<std::string> in_case(std::string_view text, LetterCase letter_case, std::string_view locale) {
  const locale_t unicode = unicode_locale();
  if (unicode == nullptr) return unsupported("letters in upper and lower case need the locale C.UTF-8 of the system");
  const bool turkish = has_dotless_i(locale);
  const std::string_view whole = text;
  std::string out;
  while (!text.empty()) {
    const std::optional<char32_t> c = take_character(text);
    if (!c) return invalid_argument("byte ", whole.size() - text.size(), " of a string is not UTF-8");
    if (letter_case == LetterCase::kLower) {
      const bool dotless = turkish && *c == U'I';
      put_character(dotless ? kDotlessI : static_cast<char32_t>(towlower_l(static_cast<wint_t>(*c), unicode)), out);
    } else {
      const bool dotted = turkish && *c == U'i';
      put_character(dotted ? kDottedI : static_cast<char32_t>(towupper_l(static_cast<wint_t>(*c), unicode)), out);
    }
  }
  return out;
}

}  // namespace bolide
