/// How many CPUs this process may use: the affinity mask and the limits of its control groups.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace bolide {

/// CPUs in the affinity mask of the calling thread, at least 1.
int affinity_cpus();

/// CPUs from the text of a cgroup v2 `cpu.max` ("150000 100000" is 1.5); nothing for "max" and for malformed text.
std::optional<double> parse_cpu_max(std::string_view text);
/// CPUs from the texts of cgroup v1 `cpu.cfs_quota_us` and `cpu.cfs_period_us`; nothing for -1 and malformed text.
std::optional<double> parse_cfs_quota(std::string_view quota, std::string_view period);

/// The smallest CPU quota of the groups that `proc_self_cgroup` (the text of /proc/self/cgroup) names and of all
/// groups above them, v1 and v2, read below `root` (/sys/fs/cgroup). Nothing when none is limited.
std::optional<double> cgroup_cpus(std::string_view proc_self_cgroup, const std::filesystem::path& root);

/// The smaller of the affinity count and the quota rounded up, at least 1.
int combine_cpus(int affinity, std::optional<double> quota);

}  // namespace bolide
