/// The pictures of the demo: drawing a row of digits, cutting it into network inputs, showing what was read.
///
///     auto row = draw_digits("2026 31415");                 // each result checked
///     auto cuts = cut_digits(*row);                         // nine cuts; (*cuts)[i].pixels go to the network
///     auto shown = result_picture(*row, *cuts, answers);
///     auto written = write_png(*shown, "result.png");
///
/// Every function is pure (write_png apart) and may be called from several threads.
#pragma once

#include <bolide/types.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace bolide::demo {

/// A grey picture: rows from the top, `width` pixels each, 0 black to 255 white.
struct Image {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

inline constexpr int kDigitSide = 28;     ///< pixels of one side of a network input
inline constexpr int kMaxDigits = 256;    ///< longest row that is drawn
inline constexpr int kMaxSide = 1 << 16;  ///< longest side of a picture that is cut or written

/// How a row is drawn, in pixels.
struct Pen {
  int cell = kDigitSide;    ///< side of the square cell of one digit, 8..1024; the digit fills 5/7 of it
  float thickness = 2.25F;  ///< width of the round pen, above 0 and at most cell / 4
};

/// White digits on black, one cell each from the left, edges anti-aliased; a space leaves a cell empty.
/// Errors: InvalidArgument for a character other than 0-9 and space, an empty or longer text than kMaxDigits, a pen out
/// of range.
Result<Image> draw_digits(std::string_view text, const Pen& pen = {});

/// One digit of a picture.
struct DigitCut {
  int left = 0;  ///< bounding box of the ink in the picture, pixels
  int top = 0;
  int width = 0;
  int height = 0;
  /// The network's input: row-major [28,28], 0 paper to 1 ink. The box is scaled, keeping its proportions, so that its
  /// longer side is 20 pixels, and placed with its centre of mass at the centre, as MNIST's digits are.
  std::array<float, kDigitSide * kDigitSide> pixels{};
};

/// The digits of a white-on-black row, from the left. A digit is a run of columns with ink between columns without, so
/// digits must not overlap sideways; pixels below 32 count as paper, specks of fewer than 4 ink pixels are passed over.
/// A picture without ink has no digits. Errors: InvalidArgument when sides and pixel count disagree or are too large.
Result<std::vector<DigitCut>> cut_digits(const Image& row);

/// The row enlarged `scale` times (1..16) with a frame around each cut, and under each cut the digit that was read.
/// Errors: InvalidArgument when `answers` and `cuts` differ in number, an answer is outside 0..9, a cut lies outside
/// the row, or the picture is malformed or would be too large.
Result<Image> result_picture(const Image& row, std::span<const DigitCut> cuts, std::span<const int> answers,
                             int scale = 4);

/// The picture as the bytes of an 8-bit grey PNG file. Errors: InvalidArgument for a malformed or empty picture.
Result<std::vector<std::byte>> encode_png(const Image& image);

/// Writes encode_png(image) to `path`, through a file `<path>.partial` beside it: an old file is replaced only when
/// everything is written, and nothing is left on an error. Errors: InvalidArgument with the path when it cannot be
/// written; those of encode_png.
Status write_png(const Image& image, const std::filesystem::path& path);

/// InvalidArgument unless both sides are 1..kMaxSide and there is one pixel for each place.
Status check_image(const Image& image);

}  // namespace bolide::demo
