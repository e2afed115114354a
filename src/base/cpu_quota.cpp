#include "base/cpu_quota.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <thread>
#include <vector>

#include "base/file.h"

namespace bolide {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::optional<double> positive_ratio(std::string_view above, std::string_view below) {
  const auto number = [](std::string_view digits) {
    long long value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size() ? value : 0;
  };
  const long long quota = number(trim(above));
  const long long period = number(trim(below));
  if (quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<double>(quota) / static_cast<double>(period);
}

void keep_smaller(std::optional<double>& least, std::optional<double> value) {
  if (value) least = std::min(least.value_or(*value), *value);
}

std::string text_or_empty(const std::filesystem::path& path) {
  auto text = read_text(path);
  return text ? *std::move(text) : std::string();
}

/// The smallest quota from `mount`/`group` up to `mount` itself. A group that is named from outside of our view ("..")
/// or that is not mounted here leaves what can be seen: the groups above it.
std::optional<double> walk_up(const std::filesystem::path& mount, std::string_view group) {
  std::filesystem::path relative = std::filesystem::path(group).relative_path();
  if (std::find(relative.begin(), relative.end(), "..") != relative.end()) relative.clear();
  std::optional<double> least;
  while (true) {
    const auto folder = mount / relative;
    keep_smaller(least, parse_cpu_max(text_or_empty(folder / "cpu.max")));
    keep_smaller(least, parse_cfs_quota(text_or_empty(folder / "cpu.cfs_quota_us"),
                                        text_or_empty(folder / "cpu.cfs_period_us")));
    if (relative.empty()) return least;
    relative = relative.parent_path();
  }
}

bool lists_cpu(std::string_view controllers) {
  while (true) {
    const auto comma = controllers.find(',');
    if (controllers.substr(0, comma) == "cpu") return true;
    if (comma == std::string_view::npos) return false;
    controllers.remove_prefix(comma + 1);
  }
}

}  // namespace

int affinity_cpus() {
  // The kernel refuses masks that are smaller than its own, so try larger ones.
  for (std::size_t cpus = 1024; cpus <= (std::size_t{1} << 20); cpus *= 4) {
    std::vector<cpu_set_t> mask(cpus / (8 * sizeof(cpu_set_t)));
    const std::size_t bytes = mask.size() * sizeof(cpu_set_t);
    if (::sched_getaffinity(0, bytes, mask.data()) == 0) return std::max(1, CPU_COUNT_S(bytes, mask.data()));
  }
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

std::optional<double> parse_cpu_max(std::string_view text) {
  text = trim(text);
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return positive_ratio(text.substr(0, space), text.substr(space + 1));
}

std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period) {
  return positive_ratio(quota, period);
}

std::optional<double> cgroup_cpus(std::string_view proc_self_cgroup, const std::filesystem::path& root) {
  std::optional<double> least;
  while (!proc_self_cgroup.empty()) {
    const auto end = proc_self_cgroup.find('\n');
    const std::string_view line = proc_self_cgroup.substr(0, end);
    proc_self_cgroup.remove_prefix(end == std::string_view::npos ? proc_self_cgroup.size() : end + 1);
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view group = line.substr(second + 1);
    if (controllers.empty()) {  // v2, mounted alone or beside v1
      keep_smaller(least, walk_up(root, group));
      keep_smaller(least, walk_up(root / "unified", group));
    } else if (lists_cpu(controllers)) {
      keep_smaller(least, walk_up(root / controllers, group));
      if (controllers != "cpu") keep_smaller(least, walk_up(root / "cpu", group));
    }
  }
  return least;
}

int combine_cpus(int affinity, std::optional<double> quota) {
  double cpus = std::max(1, affinity);
  if (quota) cpus = std::min(cpus, std::ceil(*quota));
  return std::max(1, static_cast<int>(cpus));
}

}  // namespace bolide
