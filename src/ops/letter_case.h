/// Upper and lower case of UTF-8 text.
#pragma once

#include "base/error.h"

namespace bolide {

enum class LetterCase : std::uint8_t { kLower, kUpper };

/// Every letter in that case, by Unicode's simple mappings (one letter for one letter: the sharp s stays), the same on
/// every machine. Of `locale` ("en_US", "tr-TR.UTF-8", ...) only the language counts, and only Turkish and Azeri, which
/// have a dotless and a dotted i, differ from all others.
/// Errors: InvalidArgument for bytes that are not UTF-8; Unsupported on a system without the locale C.UTF-8.
Result<std::string> in_case(std::string_view text, LetterCase letter_case, std::string_view locale);

}  // namespace bolide
