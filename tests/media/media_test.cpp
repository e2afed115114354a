#include "ops/image_decoder.h"
#include "ops/strings.h"

#include <bolide/media.h>

#include "pictures.h"

#include <gtest/gtest.h>

namespace bolide::media {
namespace {

Result<Tensor> decoded(const std::vector<std::uint8_t>& file, ImagePixels pixels = ImagePixels::kRgb) {
  use_media();
  const Tensor bytes = Tensor::of<std::uint8_t>(file);
  const Tensor* inputs[] = {&bytes};
  EvalContext context;
  TRY(Tensors out, ImageDecoder{.pixel_format = pixels}.evaluate(inputs, context));
  return out[0];
}

/// "[2,2,3]255 0 0 ..."
std::string show(const Result<Tensor>& picture) {
  if (!picture) return picture.error().message;
  std::string out = strings::join(picture->dims());
  for (const std::uint8_t value : picture->span<std::uint8_t>()) strings::append(out, strings::join(value, ' '));
  return out;
}

std::vector<std::uint8_t> bytes(std::string_view text) { return {text.begin(), text.end()}; }

TEST(ImageDecoder, ReadsFormatsWithoutLoss) {
  for (const auto* file : {&kPng, &kBmp, &kWebp, &kTiff, &kJpeg2000}) {
    EXPECT_EQ(show(decoded(*file)), "[2,2,3]255 0 0 0 255 0 0 0 255 250 120 10 ");
  }
}

TEST(ImageDecoder, OrdersChannelsAndMixesGray) {
  EXPECT_EQ(show(decoded(kBmp, ImagePixels::kBgr)), "[2,2,3]0 0 255 0 255 0 255 0 0 10 120 250 ");
  EXPECT_EQ(show(decoded(kBmp, ImagePixels::kGrayscale)), "[2,2,1]76 150 29 146 ");
}

TEST(ImageDecoder, ReadsJpeg) {
  EXPECT_EQ(show(decoded(kJpeg)), "[2,2,3]200 200 200 200 200 200 200 200 200 200 200 200 ");
}

TEST(ImageDecoder, ReadsAllKindsOfPnm) {
  EXPECT_EQ(show(decoded(bytes("P1\n# a comment\n2 1\n10"))), "[1,2,3]0 0 0 255 255 255 ");
  EXPECT_EQ(show(decoded(bytes("P2 2 1 3 1 3"), ImagePixels::kGrayscale)), "[1,2,1]85 255 ");
  EXPECT_EQ(show(decoded(bytes("P3 1 1 255\n1 2 3"))), "[1,1,3]1 2 3 ");
  EXPECT_EQ(show(decoded(bytes("P4 2 1\n\x40"), ImagePixels::kGrayscale)), "[1,2,1]255 0 ");
  EXPECT_EQ(show(decoded(bytes("P5 1 1 255\nA"), ImagePixels::kGrayscale)), "[1,1,1]65 ");
  EXPECT_EQ(show(decoded(bytes("P6 1 1 255\nABC"))), "[1,1,3]65 66 67 ");
}

TEST(ImageDecoder, ReadsRunsAndPalettesOfBmp) {
  // 3 x 1 pixels of 8 bits: two of colour 1 (red), one of colour 0 (blue).
  std::vector<std::uint8_t> file = {'B', 'M', 0, 0, 0, 0, 0, 0, 0, 0, 62, 0, 0, 0, 40, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0};
  file.insert(file.end(), {1, 0, 8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0});
  file.insert(file.end(), {255, 0, 0, 0, 0, 0, 255, 0, 2, 1, 1, 0, 0, 1});
  EXPECT_EQ(show(decoded(file)), "[1,3,3]255 0 0 255 0 0 0 0 255 ");
}

TEST(ImageDecoder, GivesAnEmptyPictureForWhatItCannotDecode) {
  EXPECT_EQ(show(decoded({})), "[0,0,3]");
  EXPECT_EQ(show(decoded(bytes("no picture"), ImagePixels::kGrayscale)), "[0,0,1]");
  EXPECT_EQ(show(decoded(bytes("P6 2 2 255\nABC"))), "[0,0,3]");
  for (const auto* file : {&kPng, &kBmp, &kWebp, &kTiff, &kJpeg2000}) {
    EXPECT_EQ(show(decoded({file->begin(), file->begin() + 40})), "[0,0,3]");
  }
}

TEST(ImageDecoder, SurvivesEveryChangedByte) {
  for (const auto* file : {&kPng, &kBmp, &kWebp, &kTiff, &kJpeg2000, &kJpeg}) {
    for (std::size_t at = 0; at < file->size(); ++at) {
      for (const int value : {0x00, 0x7F, 0x80, 0xFF}) {
        std::vector<std::uint8_t> changed = *file;
        changed[at] = static_cast<std::uint8_t>(value);
        const auto picture = decoded(changed);
        if (!picture) {
          EXPECT_EQ(picture.error().code, Code::kOutOfMemory) << picture.error().message;
        }
      }
    }
  }
}

TEST(ImageDecoder, RefusesPicturesThatAreTooLarge) {
  std::vector<std::uint8_t> file = kBmp;
  file[20] = file[24] = 1;  // 65538 x 65538
  EXPECT_EQ(show(decoded(file)), "ImageDecoder: a picture of 65538 x 65538 pixels, more than 64 million");
}

Result<Tensors> matches(const std::string& pattern, std::vector<std::string> texts) {
  use_media();
  const Tensor x = Tensor::of<std::string>(texts);
  const Tensor* inputs[] = {&x};
  EvalContext context;
  return RegexFullMatch{.pattern = pattern}.evaluate(inputs, context);
}

TEST(RegexFullMatch, MatchesTheWholeText) {
  const auto found = matches("(\\W|^)[\\w.\\-]{0,25}@(yahoo|gmail)\\.com(\\W|$)", {"a@gmail.com", "a@hotmail.com", ""});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ((*found)[0].span<std::uint8_t>()[0], 1);
  EXPECT_EQ((*found)[0].span<std::uint8_t>()[1], 0);
  EXPECT_EQ((*found)[0].span<std::uint8_t>()[2], 0);
}

TEST(RegexFullMatch, TakesLinearTimeAndRefusesWrongPatterns) {
  const auto found = matches("(a*)*b", {std::string(100000, 'a')});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ((*found)[0].span<std::uint8_t>()[0], 0);
  const auto wrong = matches("(", {"a"});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "RegexFullMatch: the pattern '(' is wrong: missing ): (");
  EXPECT_FALSE(matches("((a{1000}){1000}){1000}", {"a"}));
}

}  // namespace
}  // namespace bolide::media
