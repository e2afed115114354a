// Bytes that lie. Whatever they say, reading ends in a model or in a typed error.
#include "bytes.h"

#include <gtest/gtest.h>

#include <sys/mman.h>

#include <random>

namespace bolide::onnx {
namespace {

/// Reads a copy in its own exactly sized allocation, so that a sanitizer sees reads past the end, and decodes what
/// came out of it.
void read_and_decode(std::string_view file) {
  const std::vector<char> copy(file.begin(), file.end());
  const auto model = read(std::string_view(copy.data(), copy.size()));
  if (!model) {
    EXPECT_TRUE(model.error().code == Code::kBadFile || model.error().code == Code::kUnsupported)
        << name(model.error().code) << ": " << model.error().message;
    EXPECT_FALSE(model.error().message.empty());
    return;
  }
  for (const OnnxTensor& tensor : model->graph.initializers) {
    const auto got = to_tensor(tensor, {});
    EXPECT_TRUE(got || !got.error().message.empty());
  }
}

void expect_error(std::string_view file, Code code, std::string_view part) {
  const auto model = read(file);
  ASSERT_FALSE(model) << "expected an error with: " << part;
  EXPECT_EQ(model.error().code, code) << model.error().message;
  EXPECT_NE(model.error().message.find(part), std::string::npos) << model.error().message;
}

/// `inner` as the message in field `tag` of an outer message.
std::string wrap(int tag, const std::string& inner) {
  std::string out = bytes({(tag << 3) | 2});
  for (auto length = inner.size(); true; length >>= 7U) {
    const bool last = length < 0x80;
    out += static_cast<char>((length & 0x7F) | (last ? 0 : 0x80));
    if (last) break;
  }
  return out + inner;
}

TEST(OnnxHostile, EveryTruncationEndsInAModelOrATypedError) {
  const std::string file = write_model(small_model());
  int errors = 0;
  for (std::size_t size = 1; size < file.size(); ++size) {
    read_and_decode(std::string_view(file).substr(0, size));
    errors += read(std::string_view(file).substr(0, size)) ? 0 : 1;
  }
  EXPECT_GT(errors, static_cast<int>(file.size() * 9 / 10)) << "cuts inside a message are errors";
}

TEST(OnnxHostile, EveryBitFlipEndsInAModelOrATypedError) {
  std::string file = write_model(small_model());
  for (std::size_t i = 0; i < file.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      const char old = file[i];
      file[i] = static_cast<char>(old ^ (1 << bit));
      read_and_decode(file);
      file[i] = old;
    }
  }
}

TEST(OnnxHostile, NoiseEndsInAModelOrATypedError) {
  std::mt19937 random(1);
  std::string file(64, '\0');
  for (int round = 0; round < 20000; ++round) {
    for (char& c : file) c = static_cast<char>(random() & (round % 2 == 0 ? 0xFFU : 0x1FU));
    read_and_decode(file);
  }
}

TEST(OnnxHostile, EmptyFilesAreBadFiles) { expect_error("", Code::kBadFile, "empty"); }

TEST(OnnxHostile, LengthsPastTheEndAreBadFilesWithThePlaceAndBothNumbers) {
  expect_error(bytes({0x12, 5, 'a'}), Code::kBadFile, "malformed protobuf at byte 2: a length of 5 with 1 bytes left");
  // 2^32 + 1 must not be read as 1.
  expect_error(bytes({0x12, 0x81, 0x80, 0x80, 0x80, 0x10, 'a'}), Code::kBadFile, "a length of 4294967297 with 1 bytes");
  // A message inside may not reach past its enclosing message.
  expect_error(bytes({0x3A, 2, 0x12, 3, 'a', 'b', 'c'}), Code::kBadFile, "a length of 3 with 0 bytes left");
}

TEST(OnnxHostile, VarintsThatAreCutOrTooLongAreBadFiles) {
  expect_error(bytes({0x08, 0x80}), Code::kBadFile, "malformed protobuf at byte 1");
  expect_error(bytes({0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}), Code::kBadFile, "varint too long");
  // Packed dims of an initializer that end inside a varint.
  expect_error(wrap(7, wrap(5, bytes({0x0A, 1, 0x80}))), Code::kBadFile, "malformed protobuf");
  // Packed floats of 3 bytes.
  expect_error(wrap(7, wrap(5, bytes({0x22, 3, 0, 0, 0}))), Code::kBadFile, "no multiple of 4");
}

TEST(OnnxHostile, GroupsAndFieldZeroAreBadFiles) {
  for (const int wire_type : {3, 4, 6, 7}) {
    expect_error(bytes({(10 << 3) | wire_type}), Code::kBadFile, "wire type");
  }
  expect_error(bytes({0x00, 0}), Code::kBadFile, "field number 0");
  expect_error(bytes({0x80, 0x80, 0x80, 0x80, 0x10, 1}), Code::kBadFile, "field number 536870912");
}

TEST(OnnxHostile, DeeplyNestedGraphsAreUnsupportedNotACrash) {
  std::string graph;
  for (int depth = 1; depth < kMaxNesting; ++depth) graph = wrap(1, wrap(5, bytes({0xA0, 1, 5}) + wrap(6, graph)));
  EXPECT_TRUE(read(wrap(7, graph)));
  for (int depth = 0; depth < 2000; ++depth) graph = wrap(1, wrap(5, wrap(6, graph)));
  expect_error(wrap(7, graph), Code::kUnsupported, "graphs are nested more than 64 deep");
}

TEST(OnnxHostile, DeeplyNestedTypesAreUnsupportedNotACrash) {
  std::string type;
  for (int depth = 0; depth < 2000; ++depth) type = wrap(4, wrap(1, type));
  expect_error(wrap(7, wrap(11, wrap(2, type))), Code::kUnsupported, "types are nested more than 64 deep");
}

TEST(OnnxHostile, AttributesThatHoldAnotherTypeThanTheySayAreBadFiles) {
  const auto model = [](const std::string& attribute) { return wrap(7, wrap(1, wrap(5, wrap(1, "k") + attribute))); };
  expect_error(model(bytes({0xA0, 1, 2, 0x15, 0, 0, 0, 0})), Code::kBadFile, "attribute 'k' of type 2 holds a value");
  expect_error(model(bytes({0x18, 1, 0x15, 0, 0, 0, 0})), Code::kBadFile, "attribute 'k' of type 0 holds a value");
  expect_error(model(bytes({0xA0, 1, 5})), Code::kBadFile, "attribute 'k' of type 5 holds no value");
  expect_error(model(bytes({0xA0, 1, 15})), Code::kBadFile, "attribute 'k' has type 15");
}

TEST(OnnxHostile, OfOpsetsThatDisagreeTheLastCounts) {
  const std::string file = wrap(8, bytes({0x10, 14})) + wrap(8, bytes({0x10, 13}));
  const Result<OnnxModel> model = read_model(std::as_bytes(std::span(file)), nullptr);
  ASSERT_TRUE(model);
  EXPECT_EQ(model->opset_imports.at(""), 13);
}

TEST(OnnxHostile, ManyUnknownFieldsCostNoMemory) {
  std::string file;
  for (int i = 0; i < 1000000; ++i) file += bytes({0xC0, 0x3E, 5});
  const auto model = read(file);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_TRUE(model->graph.nodes.empty());
}

TEST(OnnxHostile, FilesOverFourGibibytesPointToExternalData) {
  const std::size_t size = (std::size_t{1} << 32U) + 1;
  void* pages = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED) GTEST_SKIP() << "no address space for 4 GiB of untouched pages";
  const auto model = read_model(std::span(static_cast<const std::byte*>(pages), size), nullptr);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, Code::kUnsupported);
  EXPECT_NE(model.error().message.find("external data"), std::string::npos) << model.error().message;
  munmap(pages, size);
}

TEST(OnnxHostile, RawDataOverTwoGibibytesIsReadInPlace) {
  // Model { graph { initializer { raw_data: 2^31 + 4 bytes } } }: 24 bytes of heads before untouched pages.
  const std::size_t raw = (std::size_t{1} << 31U) + 4;
  void* pages = mmap(nullptr, raw + 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED) GTEST_SKIP() << "no address space for 2 GiB of untouched pages";
  const auto head = [](int tag, std::size_t length) {
    std::string out = bytes({(tag << 3) | 2});
    for (int i = 0; i < 4; ++i, length >>= 7U) out += static_cast<char>((length & 0x7F) | 0x80);
    return out + static_cast<char>(length);
  };
  const std::string file = head(7, raw + 12) + head(5, raw + 6) + head(9, raw);
  std::memcpy(pages, file.data(), file.size());
  const auto model = read_model(std::span(static_cast<const std::byte*>(pages), file.size() + raw), nullptr);
  ASSERT_TRUE(model) << model.error().message;
  const std::string_view got = model->graph.initializers.at(0).raw_data;
  EXPECT_EQ(got.size(), raw);
  EXPECT_EQ(static_cast<const void*>(got.data()), static_cast<const char*>(pages) + file.size());
  munmap(pages, raw + 64);
}

}  // namespace
}  // namespace bolide::onnx
