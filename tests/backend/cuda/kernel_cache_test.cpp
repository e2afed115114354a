#include "backend/cuda/driver/program.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace bolide::cuda {
namespace {

namespace fs = std::filesystem;

class KernelCaches : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / strings::join("bolide_kernel_cache_", getpid());
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::vector<std::byte> code(std::size_t bytes, int seed) {
    std::vector<std::byte> out(bytes);
    for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::byte>(i * 31 + static_cast<std::size_t>(seed));
    return out;
  }
  static Digest key(int number) { return digest(strings::join("key ", number)); }
  std::vector<fs::path> entries() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(folder_)) out.push_back(entry.path());
    return out;
  }

  fs::path folder_;
};

TEST_F(KernelCaches, GiveBackWhatWasStored) {
  const KernelCache cache(folder_);
  EXPECT_EQ(cache.find(key(1)), nullptr);
  ASSERT_TRUE(cache.store(key(1), code(1000, 1)));
  ASSERT_NE(cache.find(key(1)), nullptr);
  EXPECT_EQ(*cache.find(key(1)), code(1000, 1));
  EXPECT_EQ(cache.find(key(2)), nullptr);
}

TEST_F(KernelCaches, TakeAnEntryWithAnyBitFlippedOrAnyLengthAsAbsent) {
  const KernelCache cache(folder_);
  ASSERT_TRUE(cache.store(key(1), code(40, 1)));
  const fs::path path = entries().at(0);
  std::ifstream in(path, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  const auto write = [&](const std::string& content) {
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(content.data(), static_cast<std::streamsize>(content.size()));
  };
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    write(damaged);
    EXPECT_EQ(cache.find(key(1)), nullptr) << "bit " << bit;
  }
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write(whole.substr(0, length));
    EXPECT_EQ(cache.find(key(1)), nullptr) << length << " bytes";
  }
  write(whole + "more");
  EXPECT_EQ(cache.find(key(1)), nullptr);
  ASSERT_TRUE(cache.store(key(1), code(40, 1)));  // mended
  EXPECT_NE(cache.find(key(1)), nullptr);
}

TEST_F(KernelCaches, SayWhatKeepsThemFromBeingWritten) {
  std::ofstream(folder_) << "not a folder";
  const KernelCache cache(folder_);
  EXPECT_EQ(cache.find(key(1)), nullptr);
  const Status stored = cache.store(key(1), code(10, 1));
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, Code::kBadFile);
  EXPECT_NE(stored.error().message.find(folder_.string()), std::string::npos);
}

TEST_F(KernelCaches, MayBeWrittenAndReadByManyAtOnce) {
  const KernelCache cache(folder_);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const int number = i % 5;
        if (const CodePtr found = cache.find(key(number)); found != nullptr && *found != code(5000, number)) ++wrong;
        if (!cache.store(key(number), code(5000, number))) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(entries().size(), 5U);
}

TEST_F(KernelCaches, StayBelowTheirSizeAndDropWhatWasUsedLongestAgo) {
  const KernelCache cache(folder_, 40 << 10);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(cache.store(key(i), code(8 << 10, i)));
  const auto used = [&](int number, std::chrono::hours ago) {
    fs::last_write_time(folder_ / (text(key(number)) + ".bin"), fs::file_time_type::clock::now() - ago);
  };
  for (int i = 0; i < 4; ++i) used(i, std::chrono::hours(100 - i));
  ASSERT_NE(cache.find(key(0)), nullptr);  // is now the one used last
  for (int i = 4; i < 200; ++i) {
    ASSERT_TRUE(cache.store(key(i), code(8 << 10, i)));
    used(i, std::chrono::hours(200));
  }
  std::uintmax_t total = 0;
  for (const fs::path& entry : entries()) total += fs::file_size(entry);
  EXPECT_LT(total, (40U << 10) + 64U * (9U << 10));  // trimmed at every 64th
  EXPECT_NE(cache.find(key(0)), nullptr);
}

TEST_F(KernelCaches, ClearAwayWhatKilledProcessesLeft) {
  const KernelCache cache(folder_);
  ASSERT_TRUE(cache.store(key(0), code(10, 0)));
  const fs::path old = folder_ / "dead.1234.0.tmp";
  const fs::path fresh = folder_ / "busy.1235.0.tmp";
  std::ofstream(old) << "half";
  std::ofstream(fresh) << "half";
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(2));
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(cache.store(key(i), code(10, i)));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(fresh));
}

}  // namespace
}  // namespace bolide::cuda
