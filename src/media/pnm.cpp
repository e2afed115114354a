#include "media/decoders.h"

#include <algorithm>

namespace bolide::media {
namespace {

/// Reads numbers of a header or of plain pixels, between white space and comments.
class NumberReader {
 public:
  explicit NumberReader(Bytes file) : file_(file) {}

  /// Errors: BadFile at the end, at anything but digits, and above 2^20.
  Result<int> number() {
    skip_white();
    if (at_ >= file_.size() || !is_digit(file_[at_])) return bad_picture("PNM", "a number is missing");
    int out = 0;
    while (at_ < file_.size() && is_digit(file_[at_])) {
      out = out * 10 + (file_[at_++] - '0');
      if (out > 1 << 20) return bad_picture("PNM", "a number is too large");
    }
    return out;
  }
  /// A bit of a plain bitmap, which needs no space around it.
  Result<int> bit() {
    skip_white();
    if (at_ >= file_.size() || (file_[at_] != '0' && file_[at_] != '1')) return bad_picture("PNM", "a bit is missing");
    return file_[at_++] - '0';
  }
  /// What follows the one white character behind the header.
  Bytes rest() const { return file_.subspan(std::min(at_ + 1, file_.size())); }
  std::size_t left() const { return file_.size() - at_; }

 private:
  static bool is_digit(std::uint8_t c) { return c >= '0' && c <= '9'; }
  void skip_white() {
    for (; at_ < file_.size(); ++at_) {
      const std::uint8_t c = file_[at_];
      if (c == '#') {
        while (at_ + 1 < file_.size() && file_[at_ + 1] != '\n') ++at_;
      } else if (c != ' ' && (c < '\t' || c > '\r')) {
        return;
      }
    }
  }

  Bytes file_;
  std::size_t at_ = 2;
};

}  // namespace

bool is_pnm(Bytes file) { return file.size() > 2 && file[0] == 'P' && file[1] >= '1' && file[1] <= '6'; }

/// P1 to P3 are plain text, P4 to P6 binary: bitmaps (1 is black), gray, colours. Values are scaled to 255, rounded.
Result<DecodedPicture> decode_pnm(Bytes file) {
  const int kind = file[1] - '0';
  const bool plain = kind <= 3;
  const bool bitmap = kind % 3 == 1;
  const std::size_t channels = kind % 3 == 0 ? 3 : 1;
  NumberReader reader(file);
  int header[3] = {0, 0, 1};  // width, height, the largest value
  for (int i = 0; i < (bitmap ? 2 : 3); ++i) {
    const Result<int> value = reader.number();
    if (!value) return value.error();
    header[i] = *value;
  }
  const int largest = header[2];
  if (largest < 1 || largest > 65535) return bad_picture("PNM", "the largest value is outside of 1 to 65535");
  const auto width = static_cast<std::size_t>(header[0]);
  const auto height = static_cast<std::size_t>(header[1]);
  const std::size_t bytes = largest > 255 ? 2 : 1;
  const std::size_t row = bitmap ? (width + 7) / 8 : width * channels * bytes;
  if (plain ? reader.left() < width * height * channels : reader.rest().size() < row * height) {
    return bad_picture("PNM", "the file is too short");
  }
  auto picture = blank(header[0], header[1]);
  if (!picture) return picture;
  const Bytes data = reader.rest();
  for (std::size_t i = 0; i < width * height * channels; ++i) {
    int value = 0;
    if (plain) {
      const Result<int> next = bitmap ? reader.bit() : reader.number();
      if (!next) return next.error();
      value = *next;
    } else if (bitmap) {
      const std::size_t column = i % width;
      value = data[i / width * row + column / 8] >> (7 - column % 8) & 1;
    } else {
      value = bytes == 1 ? data[i] : data[i * 2] * 256 + data[i * 2 + 1];
    }
    if (bitmap) value = 1 - value;
    const auto scaled = static_cast<std::uint8_t>((std::min(value, largest) * 255 + largest / 2) / largest);
    if (channels == 3) {
      picture->pixels[i] = scaled;
    } else {
      std::fill_n(picture->pixels.begin() + static_cast<std::ptrdiff_t>(i * 3), 3, scaled);
    }
  }
  return picture;
}

}  // namespace bolide::media
