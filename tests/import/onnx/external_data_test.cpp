#include "bytes.h"

#include <gtest/gtest.h>

#include <unistd.h>

namespace bolide::onnx {
namespace {

namespace fs = std::filesystem;

/// A fresh folder with `model/` (the model's folder; weights.bin: the floats 1, 2, 3, 4) and secret.bin beside it.
class OnnxExternalData : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "bolide-external-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    folder_ = root_ / "model";
    fs::create_directories(folder_ / "inner");
    ASSERT_TRUE(write_file(folder_ / "weights.bin", floats()));
    ASSERT_TRUE(write_file(root_ / "secret.bin", floats()));
  }
  void TearDown() override { fs::remove_all(root_); }

  static std::span<const std::byte> floats() {
    static constexpr std::array<float, 4> kFloats = {1, 2, 3, 4};
    return std::as_bytes(std::span(kFloats));
  }

  static OnnxTensor tensor(Dims dims, OnnxProperties entries) {
    OnnxTensor out;
    out.name = "w";
    out.dtype = 1;
    out.dims = std::move(dims);
    out.is_external = true;
    out.external_data = std::move(entries);
    return out;
  }

  void expect_error(const OnnxTensor& from, Code code, std::string_view part) const {
    const auto got = to_tensor(from, ExternalData(folder_));
    ASSERT_FALSE(got) << "expected an error with: " << part;
    EXPECT_EQ(got.error().code, code) << got.error().message;
    EXPECT_TRUE(got.error().message.starts_with("tensor 'w': ")) << got.error().message;
    EXPECT_NE(got.error().message.find(part), std::string::npos) << got.error().message;
  }

  void expect_refused(std::string_view location) const {
    const auto got = to_tensor(tensor({1}, {{"location", location}}), ExternalData(folder_));
    ASSERT_FALSE(got) << location;
    EXPECT_EQ(got.error().code, Code::kInvalidArgument) << got.error().message;
  }

  fs::path root_;
  fs::path folder_;
};

TEST_F(OnnxExternalData, OffsetAndLengthChooseAPartOfTheFile) {
  const auto part =
      to_tensor(tensor({2}, {{"location", "weights.bin"}, {"offset", "4"}, {"length", "8"}}), ExternalData(folder_));
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_EQ(part->span<float>()[0], 2);
  EXPECT_EQ(part->span<float>()[1], 3);
}

TEST_F(OnnxExternalData, EveryFileIsMappedOnceAndElementsAreBorrowed) {
  const ExternalData external(folder_);
  const auto first = to_tensor(tensor({4}, {{"location", "weights.bin"}}), external);
  const auto second = to_tensor(tensor({1}, {{"location", "weights.bin"}, {"offset", "8"}}), external);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->data() + 8, second->data());
  EXPECT_EQ(first->owner(), second->owner());
}

TEST_F(OnnxExternalData, UnalignedOffsetsAreCopied) {
  const auto got = to_tensor(tensor({1}, {{"location", "weights.bin"}, {"offset", "2"}}), ExternalData(folder_));
  ASSERT_TRUE(got) << got.error().message;
  float want = 0;
  std::memcpy(&want, floats().data() + 2, 4);
  EXPECT_EQ(got->span<float>()[0], want);
}

TEST_F(OnnxExternalData, IsReadThroughTheWholeModelFile) {
  OnnxModel model;
  model.graph.initializers = {tensor({4}, {{"location", "weights.bin"}, {"length", "16"}})};
  const std::string file = write_model(model);
  ASSERT_TRUE(write_file(folder_ / "model.onnx", bytes_of(file)));
  const auto mapped = MappedFile::open(folder_ / "model.onnx");
  ASSERT_TRUE(mapped) << mapped.error().message;
  const auto read = read_model(*mapped);
  ASSERT_TRUE(read) << read.error().message;
  const auto got = to_tensor(read->graph.initializers.at(0), ExternalData(folder_));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->span<float>()[3], 4);
}

TEST_F(OnnxExternalData, IsRefusedWithoutAFolder) {
  const auto got = to_tensor(tensor({4}, {{"location", "weights.bin"}}), ExternalData());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Code::kUnsupported) << got.error().message;
}

TEST_F(OnnxExternalData, PathsOutOfTheFolderAreRefused) {
  fs::create_symlink(root_ / "secret.bin", folder_ / "leaf");
  fs::create_directory_symlink(root_, folder_ / "parent");
  fs::create_hard_link(root_ / "secret.bin", folder_ / "hard");
  expect_refused("../secret.bin");
  expect_refused("inner/../../secret.bin");
  expect_refused((root_ / "secret.bin").string());
  expect_refused("/proc/self/mem");
  expect_refused("leaf");
  expect_refused("parent/secret.bin");
  expect_refused("hard");
  expect_refused("inner");
  expect_refused("");
  expect_refused(std::string_view("weights.bin\0x", 13));
}

TEST_F(OnnxExternalData, FilesThatAreNotThereAreNotFound) {
  expect_error(tensor({4}, {{"location", "other.bin"}}), Code::kNotFound, "other.bin");
}

TEST_F(OnnxExternalData, RangesBeyondTheFileAreRefusedWithoutWrapping) {
  expect_error(tensor({5}, {{"location", "weights.bin"}}), Code::kBadFile,
               "20 bytes at offset 0 of 'weights.bin', which has 16 bytes");
  expect_error(tensor({1}, {{"location", "weights.bin"}, {"offset", "13"}}), Code::kBadFile, "which has 16 bytes");
  expect_error(tensor({1}, {{"location", "weights.bin"}, {"offset", "18446744073709551612"}}), Code::kBadFile,
               "at offset 18446744073709551612");
  expect_error(tensor({INT64_C(1) << 49}, {{"location", "weights.bin"}}), Code::kBadFile, "which has 16 bytes");
}

TEST_F(OnnxExternalData, LengthsMustBeWhatTheSizesSay) {
  expect_error(tensor({2}, {{"location", "weights.bin"}, {"length", "4"}}), Code::kBadFile,
               "external data has 4 bytes, f32[2] needs 8");
  expect_error(tensor({2}, {{"location", "weights.bin"}, {"length", "1125899906842624"}}), Code::kBadFile,
               "f32[2] needs 8");
}

TEST_F(OnnxExternalData, NumbersMustBeNumbers) {
  for (const std::string_view text : {"-4", "", "4x", " 4", "0x4", "18446744073709551616", "4.0"}) {
    expect_error(tensor({1}, {{"location", "weights.bin"}, {"offset", text}}), Code::kBadFile, "is not a size");
  }
  expect_error(tensor({1}, {{"offset", "0"}}), Code::kBadFile, "no location");
}

TEST_F(OnnxExternalData, DataInTheFileAsWellIsRefused) {
  OnnxTensor both = tensor({1}, {{"location", "weights.bin"}});
  both.raw_data = "1234";
  expect_error(both, Code::kBadFile, "given twice");
}

}  // namespace
}  // namespace bolide::onnx
