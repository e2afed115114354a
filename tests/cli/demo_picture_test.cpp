#include "cli/demo/picture.h"
#include "cli/demo/strokes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>

namespace bolide::demo {
namespace {

Image paper(int width, int height) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width * height))};
}

void fill(Image& image, int left, int top, int width, int height) {
  for (int y = top; y < top + height; ++y) {
    for (int x = left; x < left + width; ++x) image.pixels[static_cast<std::size_t>(y * image.width + x)] = 255;
  }
}

std::uint8_t pixel(const Image& image, int x, int y) {
  return image.pixels[static_cast<std::size_t>(y * image.width + x)];
}

float input(const DigitCut& cut, int x, int y) { return cut.pixels[static_cast<std::size_t>(y * kDigitSide + x)]; }

TEST(DemoStrokes, EveryPointLiesInTheUnitSquareAndEveryStrokeHasALine) {
  for (const auto& strokes : kDigitStrokes) {
    ASSERT_FALSE(strokes.empty());
    for (const Stroke stroke : strokes) {
      EXPECT_GE(stroke.size(), 2U);
      for (const Point p : stroke) EXPECT_TRUE(p.x >= 0 && p.x <= 1 && p.y >= 0 && p.y <= 1) << p.x << ", " << p.y;
    }
  }
}

TEST(DemoPicture, ARowHasOneCellForEachCharacterAndSpacesStayEmpty) {
  const auto row = draw_digits("2026 31415");
  ASSERT_TRUE(row) << row.error().message;
  EXPECT_EQ(row->width, 280);
  EXPECT_EQ(row->height, 28);
  ASSERT_EQ(row->pixels.size(), 280U * 28U);
  for (int cell = 0; cell < 10; ++cell) {
    int ink = 0;
    for (int y = 0; y < 28; ++y) {
      for (int x = cell * 28; x < cell * 28 + 28; ++x) ink += pixel(*row, x, y) > 0 ? 1 : 0;
    }
    EXPECT_EQ(ink > 30, cell != 4) << "cell " << cell << " (4 is the space) has " << ink << " ink pixels";
    if (cell == 4) {
      EXPECT_EQ(ink, 0);
    }
  }
}

TEST(DemoPicture, StrokesAreFullInTheMiddleAndGreyAtTheEdges) {
  const auto row = draw_digits("7");
  ASSERT_TRUE(row) << row.error().message;
  EXPECT_EQ(*std::max_element(row->pixels.begin(), row->pixels.end()), 255);
  EXPECT_GT(std::count_if(row->pixels.begin(), row->pixels.end(), [](int v) { return v > 0 && v < 255; }), 20);
}

TEST(DemoPicture, AThickerPenLeavesMoreInk) {
  const auto total = [](float thickness) {
    const auto row = draw_digits("8", {28, thickness});
    return row ? std::accumulate(row->pixels.begin(), row->pixels.end(), 0) : -1;
  };
  EXPECT_GT(total(1.5F), 0);
  EXPECT_GT(total(3.0F), total(1.5F));
}

TEST(DemoPicture, WhatCannotBeDrawnIsAnError) {
  const auto refused = [](const Result<Image>& r) { return !r && r.error().code == Code::kInvalidArgument; };
  EXPECT_TRUE(refused(draw_digits("12a")));
  EXPECT_TRUE(refused(draw_digits("")));
  EXPECT_TRUE(refused(draw_digits(std::string(kMaxDigits + 1, '1'))));
  EXPECT_TRUE(refused(draw_digits("1", {7, 1.0F})));
  EXPECT_TRUE(refused(draw_digits("1", {28, 0.0F})));
  EXPECT_TRUE(refused(draw_digits("1", {28, std::nanf("")})));
  EXPECT_TRUE(refused(draw_digits("1", {28, 7.5F})));
}

TEST(DemoCut, FindsEveryDrawnDigitFromTheLeft) {
  for (const int cell : {20, 28, 56}) {
    const auto row = draw_digits(" 0123456789 2026", {cell, 0.08F * static_cast<float>(cell)});
    ASSERT_TRUE(row) << row.error().message;
    const auto cuts = cut_digits(*row);
    ASSERT_TRUE(cuts) << cuts.error().message;
    ASSERT_EQ(cuts->size(), 14U) << "cells of " << cell;
    for (std::size_t i = 0; i < 14; ++i) {
      const int expected_cell = static_cast<int>(i) + (i < 10 ? 1 : 2);
      EXPECT_EQ((*cuts)[i].left / cell, expected_cell);
      EXPECT_EQ(((*cuts)[i].left + (*cuts)[i].width - 1) / cell, expected_cell);
    }
  }
}

TEST(DemoCut, ABarOfTheRightSizeIsCopiedToTheMiddle) {
  Image image = paper(40, 30);
  fill(image, 3, 5, 4, 20);
  const auto cuts = cut_digits(image);
  ASSERT_TRUE(cuts) << cuts.error().message;
  ASSERT_EQ(cuts->size(), 1U);
  const DigitCut& cut = cuts->front();
  EXPECT_EQ(cut.left, 3);
  EXPECT_EQ(cut.top, 5);
  EXPECT_EQ(cut.width, 4);
  EXPECT_EQ(cut.height, 20);
  for (int y = 0; y < 28; ++y) {
    for (int x = 0; x < 28; ++x) {
      const bool inside = x >= 12 && x < 16 && y >= 4 && y < 24;
      EXPECT_EQ(input(cut, x, y), inside ? 1.0F : 0.0F) << x << ", " << y;
    }
  }
}

TEST(DemoCut, LargeAndSmallDigitsAreScaledToALongerSideOf20) {
  for (const int size : {5, 100}) {
    Image image = paper(2 * size, 2 * size);
    fill(image, 2, 2, size, size);
    const auto cuts = cut_digits(image);
    ASSERT_TRUE(cuts) << cuts.error().message;
    ASSERT_EQ(cuts->size(), 1U);
    const float total = std::accumulate(cuts->front().pixels.begin(), cuts->front().pixels.end(), 0.0F);
    EXPECT_NEAR(total, 20 * 20, 1e-2);
    EXPECT_NEAR(input(cuts->front(), 4, 4), 1, 1e-5);
    EXPECT_NEAR(input(cuts->front(), 23, 23), 1, 1e-5);
    EXPECT_EQ(input(cuts->front(), 3, 14), 0);
    EXPECT_EQ(input(cuts->front(), 24, 14), 0);
  }
}

TEST(DemoCut, TheMassAndNotTheBoxIsCentred) {
  Image image = paper(30, 30);
  fill(image, 0, 0, 20, 4);  // the bar of a T whose stem is one pixel wide: mass near the top
  fill(image, 10, 4, 1, 16);
  const auto cuts = cut_digits(image);
  ASSERT_TRUE(cuts) << cuts.error().message;
  ASSERT_EQ(cuts->size(), 1U);
  // Mass centre, 4 rows of 20 and 16 rows of 1: (80*2 + 16*12)/96 = 3.67 rows below the box's top, so the box would
  // begin in row 10; it stays inside the 28 rows and begins in row 8.
  EXPECT_EQ(input(cuts->front(), 5, 7), 0.0F);
  EXPECT_EQ(input(cuts->front(), 5, 8), 1.0F);
  EXPECT_EQ(input(cuts->front(), 14, 27), 1.0F);
}

TEST(DemoCut, EmptyPaperAndSpecksHaveNoDigits) {
  Image image = paper(30, 30);
  fill(image, 4, 4, 1, 3);
  image.pixels[700] = 31;
  const auto cuts = cut_digits(image);
  ASSERT_TRUE(cuts) << cuts.error().message;
  EXPECT_TRUE(cuts->empty());
}

TEST(DemoCut, MalformedPicturesAreErrors) {
  EXPECT_FALSE(cut_digits(Image{}));
  EXPECT_FALSE(cut_digits(Image{28, 28, std::vector<std::uint8_t>(783)}));
  EXPECT_FALSE(cut_digits(Image{-28, -28, std::vector<std::uint8_t>(784)}));
  EXPECT_FALSE(cut_digits(Image{kMaxSide + 1, 1, std::vector<std::uint8_t>(kMaxSide + 1)}));
}

TEST(DemoResult, ShowsTheRowEnlargedAndTheAnswerUnderEachDigit) {
  const auto row = draw_digits("1 7");
  ASSERT_TRUE(row) << row.error().message;
  const auto cuts = cut_digits(*row);
  ASSERT_TRUE(cuts) << cuts.error().message;
  const int as_drawn[] = {1, 7};
  const int misread[] = {8, 7};
  const auto shown = result_picture(*row, *cuts, as_drawn, 3);
  ASSERT_TRUE(shown) << shown.error().message;
  EXPECT_EQ(shown->width, 3 * 84);
  EXPECT_EQ(shown->height, 3 * 28 + 3 * 28);
  EXPECT_GE(pixel(*shown, 3 * 14 + 1, 3 * 14 + 1), pixel(*row, 14, 14));
  const auto other = result_picture(*row, *cuts, misread, 3);
  ASSERT_TRUE(other) << other.error().message;
  int changed_left = 0;
  int changed_elsewhere = 0;
  for (int y = 0; y < shown->height; ++y) {
    for (int x = 0; x < shown->width; ++x) {
      if (pixel(*shown, x, y) == pixel(*other, x, y)) continue;
      ++(x < 84 && y > 84 ? changed_left : changed_elsewhere);
    }
  }
  EXPECT_GT(changed_left, 50) << "the first answer is printed below the first digit";
  EXPECT_EQ(changed_elsewhere, 0);
}

TEST(DemoResult, AnswersThatDoNotFitTheCutsAreErrors) {
  const auto row = draw_digits("17");
  ASSERT_TRUE(row) << row.error().message;
  auto cuts = cut_digits(*row);
  ASSERT_TRUE(cuts) << cuts.error().message;
  const int one[] = {1};
  const int ten[] = {1, 10};
  const int fine[] = {1, 7};
  EXPECT_FALSE(result_picture(*row, *cuts, one));
  EXPECT_FALSE(result_picture(*row, *cuts, ten));
  EXPECT_FALSE(result_picture(*row, *cuts, fine, 0));
  cuts->back().width = 1000;
  EXPECT_FALSE(result_picture(*row, *cuts, fine));
}

TEST(DemoPng, TheFileStartsWithThePngSignatureAndStatesTheSize) {
  const auto row = draw_digits("42");
  ASSERT_TRUE(row) << row.error().message;
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "bolide_demo_picture_test.png";
  const Status written = write_png(*row, path);
  ASSERT_TRUE(written) << written.error().message;
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::filesystem::remove(path);
  const std::string start("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x38\0\0\0\x1c\x08\0", 26);  // 56 x 28, 8 bit, grey
  EXPECT_EQ(bytes.substr(0, 26), start);
  EXPECT_EQ(bytes.substr(bytes.size() - 8, 4), "IEND");
}

TEST(DemoPng, AFolderThatDoesNotExistIsAnErrorThatNamesThePath) {
  const auto row = draw_digits("4");
  ASSERT_TRUE(row) << row.error().message;
  const Status written = write_png(*row, std::filesystem::path(testing::TempDir()) / "no such folder" / "a.png");
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("no such folder/a.png"), std::string::npos) << written.error().message;
}

TEST(DemoPng, APathThatIsAFolderIsAnErrorAndLeavesNothingBeside) {
  const auto row = draw_digits("4");
  ASSERT_TRUE(row) << row.error().message;
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "bolide_demo_picture_folder";
  std::filesystem::create_directory(folder);
  EXPECT_FALSE(write_png(*row, folder));
  EXPECT_FALSE(std::filesystem::exists(folder.string() + ".partial"));
  std::filesystem::remove(folder);
}

TEST(DemoPng, AnEmptyPictureIsAnError) { EXPECT_FALSE(encode_png(Image{})); }

}  // namespace
}  // namespace bolide::demo
