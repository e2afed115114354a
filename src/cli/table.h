/// Plain-text tables for people.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace bolide::cli {

/// Columns are as wide as their widest cell; cells that start with a digit are aligned to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> header);
  void row(std::vector<std::string> cells);
  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// "12.3 MiB", "640 B"
std::string human_bytes(double bytes);
/// Fixed number of decimals.
std::string number(double value, int decimals = 2);

}  // namespace bolide::cli
