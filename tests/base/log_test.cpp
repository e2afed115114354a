#include "base/log.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bolide {
namespace {

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::kInfo);
    set_log_sink([this](LogLevel level, std::string_view message) {
      seen_.push_back(strings::join(name(level), "|", message));
    });
  }
  void TearDown() override {
    set_log_sink({});
    set_log_level(LogLevel::kWarn);
  }
  std::vector<std::string> seen_;
};

TEST_F(LogTest, JoinsItsArgumentsAndDropsWhatIsAboveTheLevel) {
  log(LogLevel::kInfo, "packed ", 3, " weights");
  log(LogLevel::kDebug, "dropped");
  log(LogLevel::kError, "bad");
  EXPECT_EQ(seen_, (std::vector<std::string>{"info|packed 3 weights", "error|bad"}));
  EXPECT_TRUE(log_enabled(LogLevel::kInfo));
  EXPECT_FALSE(log_enabled(LogLevel::kDebug));
}

TEST_F(LogTest, CallsTheSinkFromOneThreadAtATime) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int line = 0; line < 100; ++line) log(LogLevel::kInfo, line);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(seen_.size(), 400U);
}

TEST_F(LogTest, ASinkMayThrowLogAndReplaceItself) {
  int calls = 0;
  set_log_sink([&](LogLevel, std::string_view) {
    ++calls;
    log(LogLevel::kError, "from inside");
    set_log_sink([&](LogLevel, std::string_view) { calls += 10; });
    throw std::runtime_error("sink");
  });
  log(LogLevel::kError, "first");
  log(LogLevel::kError, "second");
  EXPECT_EQ(calls, 11);
}

TEST(LogLevel, NamesReadBack) {
  for (const auto level : {LogLevel::kError, LogLevel::kWarn, LogLevel::kInfo, LogLevel::kDebug}) {
    EXPECT_EQ(parse_log_level(name(level)), level);
  }
  EXPECT_EQ(parse_log_level("verbose"), std::nullopt);
  EXPECT_EQ(parse_log_level(""), std::nullopt);
}

/// Runs in a new process, where nothing has read BOLIDE_LOG yet.
[[noreturn]] void log_all_levels(const char* variable) {
  ::setenv("BOLIDE_LOG", variable, 1);
  log(LogLevel::kDebug, "d");
  log(LogLevel::kInfo, "i");
  log(LogLevel::kWarn, "w");
  log(LogLevel::kError, "e");
  std::_Exit(0);
}

TEST(LogDeathTest, TheDefaultSinkWritesToStderrAtTheLevelOfTheEnvironment) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto exits = ::testing::ExitedWithCode(0);
  EXPECT_EXIT(log_all_levels("debug"), exits,
              "^bolide: debug: d\nbolide: info: i\nbolide: warn: w\nbolide: error: e\n$");
  EXPECT_EXIT(log_all_levels("error"), exits, "^bolide: error: e\n$");
  EXPECT_EXIT(log_all_levels(""), exits, "^bolide: warn: w\nbolide: error: e\n$");
  EXPECT_EXIT(log_all_levels("loud"), exits, "^bolide: warn: BOLIDE_LOG is \"loud\", .*using warn\nbolide: warn: w\n");
}

}  // namespace
}  // namespace bolide
