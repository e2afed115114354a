#include "cli/demo/picture.h"

#include "cli/demo/strokes.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace bolide::demo {
namespace {

constexpr float kDigitShare = 20.0F / kDigitSide;  // of a cell's side, as in MNIST
constexpr int kMaxScale = 16;
constexpr std::uint8_t kFrameGrey = 96;
constexpr std::uint8_t kInk = 255;

Error invalid(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

std::string number(std::size_t value) { return std::to_string(value); }
std::string number(int value) { return std::to_string(value); }

std::string size_of(const Image& image) {
  return "picture of " + number(image.width) + " x " + number(image.height) + " pixels";
}

std::size_t place(const Image& image, int x, int y) {
  return static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(x);
}

Image blank(int width, int height) {
  return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * static_cast<std::size_t>(height))};
}

float distance_to_line(Point p, Point a, Point b) {
  const float dx = b.x - a.x;
  const float dy = b.y - a.y;
  const float length2 = dx * dx + dy * dy;
  const float t = length2 > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length2, 0.0F, 1.0F) : 0.0F;
  return std::hypot(p.x - (a.x + t * dx), p.y - (a.y + t * dy));
}

// Draws a line of a round pen; a pixel's ink is how far its centre lies inside the pen's edge, over one pixel.
void draw_line(Image& image, Point a, Point b, float thickness) {
  const float reach = thickness / 2 + 1;
  const int left = std::max(0, static_cast<int>(std::floor(std::min(a.x, b.x) - reach)));
  const int right = std::min(image.width - 1, static_cast<int>(std::ceil(std::max(a.x, b.x) + reach)));
  const int top = std::max(0, static_cast<int>(std::floor(std::min(a.y, b.y) - reach)));
  const int bottom = std::min(image.height - 1, static_cast<int>(std::ceil(std::max(a.y, b.y) + reach)));
  for (int y = top; y <= bottom; ++y) {
    for (int x = left; x <= right; ++x) {
      const Point centre{static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F};
      const float ink = std::clamp(thickness / 2 + 0.5F - distance_to_line(centre, a, b), 0.0F, 1.0F);
      std::uint8_t& pixel = image.pixels[place(image, x, y)];
      pixel = std::max(pixel, static_cast<std::uint8_t>(std::lround(ink * kInk)));
    }
  }
}

// Draws the digit into the square of `side` pixels whose corner is (left, top).
void draw_digit(Image& image, int digit, float left, float top, float side, float thickness) {
  const auto to_pixels = [&](Point p) { return Point{left + p.x * side, top + p.y * side}; };
  for (const Stroke stroke : kDigitStrokes[static_cast<std::size_t>(digit)]) {
    for (std::size_t i = 1; i < stroke.size(); ++i) {
      draw_line(image, to_pixels(stroke[i - 1]), to_pixels(stroke[i]), thickness);
    }
  }
}

void draw_frame(Image& image, int left, int top, int right, int bottom) {
  const auto dot = [&](int x, int y) {
    if (x < 0 || y < 0 || x >= image.width || y >= image.height) return;
    std::uint8_t& pixel = image.pixels[place(image, x, y)];
    pixel = std::max(pixel, kFrameGrey);
  };
  for (int x = left; x <= right; ++x) dot(x, top), dot(x, bottom);
  for (int y = top; y <= bottom; ++y) dot(left, y), dot(right, y);
}

}  // namespace

Status check_image(const Image& image) {
  if (image.width < 1 || image.height < 1 || image.width > kMaxSide || image.height > kMaxSide) {
    return invalid(size_of(image) + ": sides must be 1 to " + number(kMaxSide));
  }
  const std::size_t wanted = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  if (image.pixels.size() != wanted)
    return invalid(size_of(image) + " has " + number(image.pixels.size()) + " of them");
  return {};
}

Result<Image> draw_digits(std::string_view text, const Pen& pen) {
  if (text.empty() || text.size() > kMaxDigits) {
    return invalid("a row has 1 to " + number(kMaxDigits) + " digits, not " + number(text.size()));
  }
  if (pen.cell < 8 || pen.cell > 1024) return invalid("cell of " + number(pen.cell) + " pixels is outside 8..1024");
  const float cell = static_cast<float>(pen.cell);
  if (!(pen.thickness > 0 && pen.thickness <= cell / 4)) {
    return invalid("pen of " + std::to_string(pen.thickness) + " pixels is not above 0 and at most " +
                   std::to_string(cell / 4));
  }
  Image image = blank(pen.cell * static_cast<int>(text.size()), pen.cell);
  const float side = cell * kDigitShare;
  const float margin = (cell - side) / 2;
  float left = margin;
  for (const char c : text) {
    if (c != ' ' && (c < '0' || c > '9'))
      return invalid(std::string("only digits and spaces are drawn, not '") + c + "'");
    if (c != ' ') draw_digit(image, c - '0', left, margin, side, pen.thickness);
    left += cell;
  }
  return image;
}

Result<Image> result_picture(const Image& row, std::span<const DigitCut> cuts, std::span<const int> answers,
                             int scale) {
  if (const Status checked = check_image(row); !checked) return checked.error();
  if (scale < 1 || scale > kMaxScale) return invalid("scale " + number(scale) + " is outside 1.." + number(kMaxScale));
  if (cuts.size() != answers.size())
    return invalid(number(cuts.size()) + " cuts but " + number(answers.size()) + " answers");
  const int cell = kDigitSide * scale;
  if (row.width > kMaxSide / scale || row.height > (kMaxSide - cell) / scale) {
    return invalid(size_of(row) + " is too large for scale " + number(scale));
  }
  Image out = blank(row.width * scale, row.height * scale + cell);
  const int line = row.height * scale;  // where the answers begin
  for (int y = 0; y < line; ++y) {
    for (int x = 0; x < out.width; ++x) {
      out.pixels[place(out, x, y)] = row.pixels[place(row, x / scale, y / scale)];
    }
  }
  for (int x = 0; x < out.width; ++x) out.pixels[place(out, x, line)] = kFrameGrey;
  for (std::size_t i = 0; i < cuts.size(); ++i) {
    const DigitCut& cut = cuts[i];
    if (answers[i] < 0 || answers[i] > 9) return invalid("answer " + number(answers[i]) + " is not a digit");
    if (cut.left < 0 || cut.top < 0 || cut.width < 1 || cut.height < 1 || cut.width > row.width - cut.left ||
        cut.height > row.height - cut.top) {
      return invalid("cut " + number(i) + " lies outside the " + size_of(row));
    }
    draw_frame(out, cut.left * scale - 1, cut.top * scale - 1, (cut.left + cut.width) * scale,
               (cut.top + cut.height) * scale);
    const float side = static_cast<float>(cell) * kDigitShare;
    const float middle = (static_cast<float>(cut.left) + static_cast<float>(cut.width) / 2) * static_cast<float>(scale);
    const float top = static_cast<float>(line) + (static_cast<float>(cell) - side) / 2;
    draw_digit(out, answers[i], middle - side / 2, top, side, 1.5F * static_cast<float>(scale));
  }
  return out;
}

}  // namespace bolide::demo
