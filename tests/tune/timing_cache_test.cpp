#include "tune/timing_cache.h"

#include "base/file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

namespace bolide {
namespace {

class NoTactic final : public Tactic {
 public:
  constexpr NoTactic(std::string_view name, int revision) : Tactic(name, revision) {}
  Verdict accepts(const Problem&, const Target&) const override { return reject("a test"); }
  double estimate_us(const Problem&, const Target&) const override { return 0; }
  Result<std::unique_ptr<Kernel>> bind(const Problem&, const Target&) const override { return unsupported("a test"); }
};
constexpr NoTactic kGemm("gemm", 1);
constexpr NoTactic kGemm2("gemm", 2);

/// A fresh folder that goes when the test ends.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / strings::join("bolide_timing_", ::getpid())) {
    std::filesystem::remove_all(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path file() const { return path_ / "sub" / "timings.txt"; }

 private:
  std::filesystem::path path_;
};

TEST(TimingCache, FindsWhatWasSavedForTheSameDeviceProblemTacticAndRevision) {
  const Folder folder;
  TimingCache cache("a cpu");
  cache.add("MatMul f32[2,2]", kGemm, 12.5);
  ASSERT_TRUE(cache.save(folder.file()));

  TimingCache same("a cpu");
  ASSERT_TRUE(same.load(folder.file()));
  EXPECT_EQ(same.find("MatMul f32[2,2]", kGemm), 12.5);
  EXPECT_EQ(same.find("MatMul f32[2,3]", kGemm), std::nullopt);
  EXPECT_EQ(same.find("MatMul f32[2,2]", kGemm2), std::nullopt);

  TimingCache other("another cpu");
  ASSERT_TRUE(other.load(folder.file()));
  EXPECT_EQ(other.find("MatMul f32[2,2]", kGemm), std::nullopt);
  EXPECT_EQ(other.size(), 1U);
}

TEST(TimingCache, SavingKeepsWhatOtherDevicesAndProcessesWrote) {
  const Folder folder;
  TimingCache first("a cpu");
  TimingCache second("another cpu");
  first.add("a", kGemm, 1);
  second.add("b", kGemm, 2);
  ASSERT_TRUE(first.save(folder.file()));
  ASSERT_TRUE(second.save(folder.file()));
  TimingCache all("a cpu");
  ASSERT_TRUE(all.load(folder.file()));
  EXPECT_EQ(all.size(), 2U);
  EXPECT_EQ(all.find("a", kGemm), 1.0);
}

TEST(TimingCache, TheNewestTimeCounts) {
  const Folder folder;
  for (const double us : {3.0, 7.0, 5.0}) {
    TimingCache cache("a cpu");
    cache.add("a", kGemm, us);
    ASSERT_TRUE(cache.save(folder.file()));
  }
  TimingCache cache("a cpu");
  ASSERT_TRUE(cache.load(folder.file()));
  EXPECT_EQ(cache.find("a", kGemm), 5.0);
  EXPECT_EQ(cache.size(), 1U);
}

TEST(TimingCache, AMissingFileIsEmptyAndAFolderInItsPlaceIsAnError) {
  const Folder folder;
  TimingCache cache("a cpu");
  EXPECT_TRUE(cache.load(folder.file()));
  EXPECT_EQ(cache.size(), 0U);
  std::filesystem::create_directories(folder.file());
  EXPECT_FALSE(cache.load(folder.file()));
}

TEST(TimingCache, DamagedLinesArePassedOver) {
  TimingCache good("a cpu");
  good.add("a", kGemm, 1.25);
  good.add("b", kGemm, 2.5);
  const std::string text = good.text();
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char wrong : {'x', '\n', ' ', '\0', '9'}) {
      if (text[at] == wrong) continue;
      std::string changed = text;
      changed[at] = wrong;
      TimingCache cache("a cpu");
      cache.merge(changed);
      // One character hits one line, or joins both at the line's end.
      ASSERT_LE(cache.size(), 1U) << "character " << at;
      ASSERT_GE(cache.damaged(), 1U);
      for (const auto& [problem, us] : {std::pair{"a", 1.25}, std::pair{"b", 2.5}}) {
        const auto found = cache.find(problem, kGemm);
        ASSERT_TRUE(!found || *found == us);
      }
    }
    TimingCache cut("a cpu");
    cut.merge(std::string_view(text).substr(0, at));
    ASSERT_LE(cut.size(), 2U);
  }
}

TEST(TimingCache, ImpossibleTimesWithRightChecksArePassedOver) {
  const std::string problem(32, '0');
  for (const std::string_view time : {"nan", "inf", "-1", "0", "1e99", "1e-400", "", "1 2", "0x10", "1,5"}) {
    const std::string rest = strings::join(problem, ' ', problem, " gemm@1 ", time);
    TimingCache cache("a cpu");
    cache.merge(text(digest(rest)).substr(0, 16) + " " + rest + "\n");
    EXPECT_EQ(cache.size(), 0U) << time;
    EXPECT_EQ(cache.damaged(), 1U) << time;
  }
}

TEST(TimingCache, KeepsTheNewestWhenItIsFull) {
  const Folder folder;
  TimingCache cache("a cpu");
  for (int i = 0; i < 10; ++i) cache.add(strings::join("problem ", i), kGemm, i + 1);
  ASSERT_TRUE(cache.save(folder.file(), 3));
  TimingCache back("a cpu");
  ASSERT_TRUE(back.load(folder.file()));
  EXPECT_EQ(back.size(), 3U);
  EXPECT_EQ(back.find("problem 6", kGemm), std::nullopt);
  EXPECT_EQ(back.find("problem 7", kGemm), 8.0);
}

TEST(TimingCache, EqualContentsGiveEqualText) {
  TimingCache a("a cpu");
  a.add("a", kGemm, 0.1);
  a.add("b", kGemm, 1e-3);
  TimingCache b("a cpu");
  b.merge(a.text());
  EXPECT_EQ(a.text(), b.text());
}

TEST(TimingCache, ManyThreadsSavingAtOnceLoseNothing) {
  const Folder folder;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&folder, t] {
      for (int i = 0; i < 5; ++i) {
        TimingCache cache("a cpu");
        cache.add(strings::join(t, ' ', i), kGemm, 1 + t);
        EXPECT_TRUE(cache.save(folder.file()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  TimingCache all("a cpu");
  ASSERT_TRUE(all.load(folder.file()));
  EXPECT_EQ(all.size(), 40U);
  EXPECT_EQ(all.damaged(), 0U);
}

TEST(TimingCache, AFolderThatCannotBeWrittenIsAnError) {
  TimingCache cache("a cpu");
  cache.add("a", kGemm, 1);
  EXPECT_FALSE(cache.save("/proc/no/timings.txt"));
}

}  // namespace
}  // namespace bolide
