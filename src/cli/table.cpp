#include "cli/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ostream>

namespace bolide::cli {

Table::Table(std::vector<std::string> header) : rows_{std::move(header)} {}

void Table::row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

void Table::print(std::ostream& out) const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < rows_[r].size(); ++i) {
      const std::string& cell = rows_[r][i];
      const bool numeric = r > 0 && !cell.empty() && std::isdigit(static_cast<unsigned char>(cell[0])) != 0;
      const bool last = i + 1 == rows_[r].size();
      line += numeric ? fmt::format("{:>{}}", cell, widths[i]) : last ? cell : fmt::format("{:<{}}", cell, widths[i]);
      if (!last) line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
    if (r == 0) out << std::string(line.size(), '-') << '\n';
  }
}

std::string human_bytes(double bytes) {
  static constexpr std::array kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits.at(unit));
}

std::string number(double value, int decimals) { return fmt::format("{:.{}f}", value, decimals); }

}  // namespace bolide::cli
