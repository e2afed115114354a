#include "base/cpu_quota.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace bolide {
namespace {

namespace fs = std::filesystem;

TEST(CpuQuota, ReadsTheTextOfCpuMax) {
  EXPECT_EQ(parse_cpu_max("150000 100000\n"), 1.5);
  EXPECT_EQ(parse_cpu_max("max 100000\n"), std::nullopt);
  for (const char* text : {"", "\n", "100000", "0 100000", "100000 0", "-5 100000", "1e5 100000", "5 100000 7",
                           "99999999999999999999 1"}) {
    EXPECT_EQ(parse_cpu_max(text), std::nullopt) << text;
  }
}

TEST(CpuQuota, ReadsTheTextsOfVersionOne) {
  EXPECT_EQ(parse_cfs_quota("250000\n", "100000\n"), 2.5);
  EXPECT_EQ(parse_cfs_quota("-1\n", "100000\n"), std::nullopt);
  EXPECT_EQ(parse_cfs_quota("", ""), std::nullopt);
}

TEST(CpuQuota, RoundsUpAndNeverBelowOne) {
  EXPECT_EQ(combine_cpus(8, std::nullopt), 8);
  EXPECT_EQ(combine_cpus(8, 1.5), 2);
  EXPECT_EQ(combine_cpus(8, 3.0), 3);
  EXPECT_EQ(combine_cpus(2, 16.0), 2);
  EXPECT_EQ(combine_cpus(8, 0.1), 1);
  EXPECT_EQ(combine_cpus(0, std::nullopt), 1);
  EXPECT_EQ(combine_cpus(4, 1e30), 4);
}

TEST(CpuQuota, TheAffinityMaskHasAtLeastOneCpu) { EXPECT_GE(affinity_cpus(), 1); }

class CgroupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "bolide-cgroup-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }
  void put(const fs::path& relative, std::string_view text) const {
    fs::create_directories((root_ / relative).parent_path());
    std::ofstream(root_ / relative) << text;
  }
  fs::path root_;
};

TEST_F(CgroupTest, TheTightestGroupAboveCounts) {
  put("a/cpu.max", "200000 100000");
  put("a/b/cpu.max", "max 100000");
  put("a/b/c/cpu.max", "300000 100000");
  EXPECT_EQ(cgroup_cpus("0::/a/b/c\n", root_), 2.0);
  EXPECT_EQ(cgroup_cpus("0::/a/b/c", root_), 2.0);
  EXPECT_EQ(cgroup_cpus("0::/other\n", root_), std::nullopt);
}

TEST_F(CgroupTest, AGroupThatIsNotVisibleFallsBackToTheMount) {
  put("cpu.max", "400000 100000");
  EXPECT_EQ(cgroup_cpus("0::/docker/0123456789\n", root_), 4.0);
  EXPECT_EQ(cgroup_cpus("0::/../../elsewhere\n", root_), 4.0);
}

TEST_F(CgroupTest, VersionOneIsReadBelowItsController) {
  put("cpu,cpuacct/job/cpu.cfs_quota_us", "150000\n");
  put("cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  put("memory/job/cpu.cfs_quota_us", "1\n");
  put("memory/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(cgroup_cpus("5:memory:/job\n4:cpu,cpuacct:/job\n", root_), 1.5);
  EXPECT_EQ(cgroup_cpus("3:cpuset:/job\n", root_), std::nullopt);
}

TEST_F(CgroupTest, VersionOneMountedAsCpuIsFoundToo) {
  put("cpu/cpu.cfs_quota_us", "100000\n");
  put("cpu/cpu.cfs_period_us", "50000\n");
  EXPECT_EQ(cgroup_cpus("4:cpuacct,cpu:/host/path\n", root_), 2.0);
  EXPECT_EQ(cgroup_cpus("1:cpu:/\n0::/\n", root_), 2.0);
}

TEST_F(CgroupTest, MalformedTextLimitsNothing) {
  EXPECT_EQ(cgroup_cpus("", root_), std::nullopt);
  EXPECT_EQ(cgroup_cpus("nonsense\n:\n::\n0:cpu\n\n", root_), std::nullopt);
}

}  // namespace
}  // namespace bolide
