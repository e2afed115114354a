#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <vector>

#include "base/descriptor.h"

namespace bolide {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// A fresh folder for each test: inside/ is the folder that may be read, secret lies beside it.
class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "bolide-file-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    inside_ = root_ / "inside";
    fs::create_directories(inside_ / "sub");
    put(root_ / "secret", "secret");
    put(inside_ / "plain", "plain text");
    put(inside_ / "sub" / "deep", "deep");
  }
  void TearDown() override { fs::remove_all(root_); }

  static void put(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }
  static std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }

  fs::path root_;
  fs::path inside_;
};

/// What open_regular_beneath answers, however it resolves: nothing on success.
std::optional<Code> beneath(const fs::path& folder, std::string_view relative) {
  const auto kernel = open_regular_beneath(folder, relative, Resolve::kKernel);
  const auto components = open_regular_beneath(folder, relative, Resolve::kComponents);
  const auto code = [](const Result<Descriptor>& r) { return r ? std::optional<Code>() : r.error().code; };
  EXPECT_EQ(code(kernel), code(components)) << relative;
  const auto mapped = MappedFile::open_beneath(folder, relative);
  EXPECT_EQ(static_cast<bool>(mapped), static_cast<bool>(kernel)) << relative;
  return code(kernel);
}

TEST_F(FileTest, ReadsBackWhatWasWritten) {
  const std::vector<std::span<const std::byte>> pieces = {bytes_of("one "), bytes_of(""), bytes_of("two")};
  const auto written = write_file(root_ / "new", pieces);
  ASSERT_TRUE(written) << written.error().message;
  const auto mapped = MappedFile::open(root_ / "new");
  ASSERT_TRUE(mapped) << mapped.error().message;
  const auto bytes = (*mapped)->bytes();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "one two");
  const auto text = read_text(root_ / "new");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "one two");
  EXPECT_EQ(entries(root_), 3U);  // inside, secret, new
}

TEST_F(FileTest, ReplacesAnOldFileWhole) {
  ASSERT_TRUE(write_file(root_ / "secret", bytes_of("x")));
  EXPECT_EQ(*read_text(root_ / "secret"), "x");
}

TEST_F(FileTest, AMappingKeepsItsBytesWhenTheFileIsReplaced) {
  const auto mapped = MappedFile::open(root_ / "secret");
  ASSERT_TRUE(mapped);
  ASSERT_TRUE(write_file(root_ / "secret", bytes_of("other!")));
  EXPECT_EQ(std::to_integer<char>((*mapped)->bytes()[0]), 's');
}

TEST_F(FileTest, AnEmptyFileHasNoBytes) {
  ASSERT_TRUE(write_file(root_ / "empty", std::span<const std::byte>()));
  const auto mapped = MappedFile::open(root_ / "empty");
  ASSERT_TRUE(mapped);
  EXPECT_TRUE((*mapped)->bytes().empty());
  EXPECT_EQ(*read_text(root_ / "empty"), "");
}

TEST_F(FileTest, ReleasedPagesCanBeReadAgain) {
  const std::string text(100'000, 'r');
  ASSERT_TRUE(write_file(root_ / "large", bytes_of(text)));
  const auto mapped = MappedFile::open(root_ / "large");
  ASSERT_TRUE(mapped);
  const auto bytes = (*mapped)->bytes();
  (*mapped)->release(bytes.subspan(100, 90'000));
  (*mapped)->release(bytes);
  (*mapped)->release({});
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), text);
}

TEST_F(FileTest, AMissingFileIsNotFoundAndNamed) {
  const auto mapped = MappedFile::open(root_ / "missing");
  ASSERT_FALSE(mapped);
  EXPECT_EQ(mapped.error().code, Code::kNotFound);
  EXPECT_EQ(mapped.error().message, (root_ / "missing").string() + ": No such file or directory");
}

TEST_F(FileTest, FoldersAndFifosAreNotRegularFiles) {
  ASSERT_EQ(::mkfifo((root_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(MappedFile::open(root_ / "fifo").error().code, Code::kInvalidArgument);
  EXPECT_EQ(MappedFile::open(inside_).error().code, Code::kInvalidArgument);
  EXPECT_EQ(read_text(root_ / "fifo").error().code, Code::kInvalidArgument);
}

TEST_F(FileTest, WritingIntoAMissingFolderFailsAndNamesThePath) {
  const auto written = write_file(root_ / "missing" / "file", bytes_of("x"));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kNotFound);
  EXPECT_NE(written.error().message.find((root_ / "missing" / "file").string()), std::string::npos);
  EXPECT_NE(written.error().message.find("No such file or directory"), std::string::npos);
  EXPECT_EQ(entries(root_), 2U);
}

TEST_F(FileTest, WritingOntoAFolderFailsAndLeavesNothingBehind) {
  const auto written = write_file(inside_ / "sub", bytes_of("x"));
  ASSERT_FALSE(written);
  EXPECT_EQ(entries(inside_), 2U);  // plain, sub
  EXPECT_EQ(entries(inside_ / "sub"), 1U);
}

TEST_F(FileTest, APathWithoutAFileNameIsRefused) {
  EXPECT_EQ(write_file("", bytes_of("x")).error().code, Code::kInvalidArgument);
  EXPECT_FALSE(write_file(root_ / "inside" / "", bytes_of("x")));
  EXPECT_FALSE(write_file(root_ / "..", bytes_of("x")));
}

TEST_F(FileTest, ADiskThatFillsUpKeepsTheOldFileAndLeavesNothingBehind) {
  // A size limit stands in for the full disk: the process gets EFBIG in the middle of the write.
  const auto write_with_limit = [this] {
    ::signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit {};
    limit.rlim_cur = 4096;
    limit.rlim_max = 4096;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto written = write_file(root_ / "secret", bytes_of(std::string(10'000, 'x')));
    const bool good = !written && *read_text(root_ / "secret") == "secret" && entries(root_) == 2;
    ::_exit(good ? 0 : 1);
  };
  EXPECT_EXIT(write_with_limit(), ::testing::ExitedWithCode(0), "");
}

TEST_F(FileTest, FilesBelowTheFolderOpen) {
  EXPECT_EQ(beneath(inside_, "plain"), std::nullopt);
  EXPECT_EQ(beneath(inside_, "sub/deep"), std::nullopt);
  EXPECT_EQ(beneath(inside_, "./sub/../plain"), std::nullopt);
  const auto mapped = MappedFile::open_beneath(inside_, "sub/deep");
  ASSERT_TRUE(mapped);
  EXPECT_EQ((*mapped)->bytes().size(), 4U);
}

TEST_F(FileTest, NothingOutsideTheFolderOpens) {
  EXPECT_EQ(beneath(inside_, "../secret"), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, "sub/../../secret"), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, ".."), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, "../inside/plain"), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, (root_ / "secret").string()), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, (inside_ / "plain").string()), Code::kInvalidArgument);
}

TEST_F(FileTest, LinksBelowTheFolderAreRefused) {
  fs::create_symlink("../secret", inside_ / "leaf");
  fs::create_symlink("plain", inside_ / "leaf_inside");
  fs::create_directory_symlink("..", inside_ / "parent");
  fs::create_directory_symlink("sub", inside_ / "parent_inside");
  fs::create_hard_link(root_ / "secret", inside_ / "hard");
  EXPECT_EQ(beneath(inside_, "leaf"), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, "leaf_inside"), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, "parent/secret"), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, "parent_inside/deep"), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, "hard"), Code::kInvalidArgument);
}

TEST_F(FileTest, WhatIsNoFileBelowTheFolderIsRefused) {
  ASSERT_EQ(::mkfifo((inside_ / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(beneath(inside_, "fifo"), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, "sub"), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, "."), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, ""), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, "plain/x"), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, std::string_view("plain\0x", 7)), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, std::string(5000, 'a')), Code::kInvalidArgument);
  EXPECT_EQ(beneath(inside_, "missing"), Code::kNotFound);
  EXPECT_EQ(beneath(inside_, "missing/file"), Code::kNotFound);
}

}  // namespace
}  // namespace bolide
