// Merges the input into a timing cache; what is kept must be written and read back the same. Every line's check is
// made right first, so that what stands behind it is reached.
#include "tune/timing_cache.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view lines(reinterpret_cast<const char*>(data), size);
  std::string checked;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view rest = lines.substr(0, end);
    checked += text(bolide::digest(rest)).substr(0, 16);
    checked += ' ';
    checked += rest;
    checked += '\n';
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  bolide::TimingCache cache("fuzz");
  cache.merge(checked);
  bolide::TimingCache again("fuzz");
  again.merge(cache.text());
  if (again.damaged() != 0 || again.text() != cache.text()) std::abort();
  return 0;
}
