/// What a run says of each operator, as a section of docs/onnx.md.
#pragma once

#include "run_case.h"

#include <map>
#include <set>

namespace bolide::conformance {

/// Failures that are agreed: name of the case -> why the test, or its text, is not met.
Result<std::map<std::string, std::string>> read_known_failures(const std::filesystem::path& path);

class Coverage {
 public:
  /// Counts the case for every operator that its model uses.
  void add(const Case& test, bool passed);

  /// Tables of operators by operator set version and dtype, and the failures with their reasons.
  std::string text(const std::map<std::string, std::string>& known_failures) const;

 private:
  struct Count {
    int passed = 0;
    int all = 0;
  };
  using Key = std::pair<std::string, std::int64_t>;  // operator with its domain, version
  std::map<Key, std::map<std::string, Count>> counts_;
  std::map<std::string, Count> suites_;
};

/// Replaces the section of the page between its marks when `write`, else checks that it says `text`.
/// Errors: InvalidArgument when it does not; BadFile without marks.
Status update_page(const std::filesystem::path& page, const std::string& text, bool write);

}  // namespace bolide::conformance
