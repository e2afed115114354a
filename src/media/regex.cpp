#include "media/decoders.h"

#include <re2/re2.h>

namespace bolide::media {

/// Linear in the length of the text; programs of more than 8 MiB are refused by RE2.
Result<std::vector<bool>> match_texts(std::string_view pattern, std::span<const std::string> texts) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  const re2::RE2 regex(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!regex.ok()) {
    const std::string what = "the pattern '" + std::string(pattern.substr(0, 100)) + "' is wrong: ";
    return Error{Code::kInvalidArgument, what + regex.error()};
  }
  std::vector<bool> out;
  for (const std::string& text : texts) out.push_back(re2::RE2::FullMatch(text, regex));
  return out;
}

}  // namespace bolide::media
