#include "media/decoders.h"

#include <array>
#include <bit>

namespace bolide::media {
namespace {

using Colour = std::array<std::uint8_t, 3>;  // red, green, blue

enum Compression : std::uint32_t { kPlain = 0, kRuns8 = 1, kRuns4 = 2, kMasks = 3, kAlphaMasks = 6 };

/// Little-endian numbers; zero beyond the end.
struct Reader {
  Bytes file;
  std::uint32_t u8(std::size_t at) const { return at < file.size() ? file[at] : 0U; }
  std::uint32_t u16(std::size_t at) const { return u8(at) | u8(at + 1) << 8U; }
  std::uint32_t u32(std::size_t at) const { return u16(at) | u16(at + 2) << 16U; }
  std::int64_t i32(std::size_t at) const { return static_cast<std::int32_t>(u32(at)); }
};

struct Header {
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool from_top = false;
  std::uint32_t bits = 0;
  std::uint32_t compression = kPlain;
  std::size_t pixels = 0;                   // where they start
  std::array<std::uint32_t, 3> masks = {};  // of red, green, blue
  std::vector<Colour> palette;
};

Result<Header> read_header(const Reader& in) {
  Header out;
  const std::size_t size = in.u32(14);
  const bool old = size == 12;
  if (!old && (size < 40 || size > 1024)) return bad_picture("BMP", "its header has an unknown size");
  out.width = old ? in.u16(18) : in.i32(18);
  out.height = old ? in.u16(20) : in.i32(22);
  out.from_top = out.height < 0;
  if (out.from_top) out.height = -out.height;
  out.bits = in.u16(old ? 24 : 28);
  if (!old) out.compression = in.u32(30);
  out.pixels = in.u32(10);
  std::size_t palette = 14 + size;
  if (out.compression == kMasks || out.compression == kAlphaMasks) {
    for (std::size_t c = 0; c < 3; ++c) out.masks.at(c) = in.u32(54 + c * 4);
    if (size == 40) palette += out.compression == kMasks ? 12 : 16;
  } else if (out.bits == 16) {
    out.masks = {0x7C00, 0x3E0, 0x1F};
  } else {
    out.masks = {0xFF0000, 0xFF00, 0xFF};
  }
  if (out.bits > 8) return out;
  const std::size_t entry = old ? 3 : 4;
  std::size_t colours = old ? 0 : in.u32(46);
  if (colours == 0 || colours > 256) colours = std::size_t{1} << out.bits;
  for (std::size_t i = 0; i < colours; ++i) {
    const auto part = [&](std::size_t c) { return static_cast<std::uint8_t>(in.u8(palette + i * entry + c)); };
    out.palette.push_back({part(2), part(1), part(0)});
  }
  return out;
}

/// A pixel of the picture, rows counted as they lie in the file.
void put(DecodedPicture& picture, const Header& header, std::int64_t row, std::int64_t column, const Colour& colour) {
  const std::int64_t y = header.from_top ? row : header.height - 1 - row;
  for (std::size_t c = 0; c < 3; ++c) {
    picture.pixels[static_cast<std::size_t>((y * header.width + column) * 3) + c] = colour.at(c);
  }
}

Colour entry_of(const Header& header, std::uint32_t index) {
  return index < header.palette.size() ? header.palette[index] : Colour{};
}

/// The bits under the mask, scaled to 255.
std::uint8_t under(std::uint32_t mask, std::uint32_t value) {
  if (mask == 0) return 0;
  const auto shift = static_cast<unsigned>(std::countr_zero(mask));
  const std::uint64_t most = mask >> shift;
  return static_cast<std::uint8_t>((((value & mask) >> shift) * UINT64_C(255) + most / 2) / most);
}

Result<DecodedPicture> plain(const Reader& in, const Header& header, DecodedPicture picture) {
  const std::size_t row_bytes = (static_cast<std::size_t>(header.width) * header.bits + 31) / 32 * 4;
  if (header.pixels > in.file.size() ||
      (in.file.size() - header.pixels) / row_bytes < static_cast<std::size_t>(header.height)) {
    return bad_picture("BMP", "the file is too short");
  }
  for (std::int64_t row = 0; row < header.height; ++row) {
    const std::size_t begin = header.pixels + static_cast<std::size_t>(row) * row_bytes;
    for (std::int64_t column = 0; column < header.width; ++column) {
      const std::size_t bit = static_cast<std::size_t>(column) * header.bits;
      const std::size_t at = begin + bit / 8;
      Colour colour;
      if (header.bits <= 8) {
        const std::uint32_t index = in.u8(at) >> (8 - header.bits - bit % 8) & ((1U << header.bits) - 1);
        colour = entry_of(header, index);
      } else {
        std::uint32_t value = header.bits == 16 ? in.u16(at) : in.u16(at) | in.u8(at + 2) << 16U;
        if (header.bits == 32) value |= in.u8(at + 3) << 24U;
        for (std::size_t c = 0; c < 3; ++c) colour.at(c) = under(header.masks.at(c), value);
      }
      put(picture, header, row, column, colour);
    }
  }
  return picture;
}

/// Pairs of count and value, and after a zero: end of line, end, a step, or that many values as they are.
Result<DecodedPicture> runs(const Reader& in, const Header& header, DecodedPicture picture) {
  const bool nibbles = header.compression == kRuns4;
  std::int64_t row = 0;
  std::int64_t column = 0;
  const auto add = [&](std::uint32_t index) {
    if (row < header.height && column < header.width) put(picture, header, row, column, entry_of(header, index));
    ++column;
  };
  const auto nibble = [](std::uint32_t byte, std::uint32_t i) { return i % 2 == 0 ? byte >> 4U : byte & 15U; };
  for (std::size_t at = header.pixels; at + 1 < in.file.size() && row < header.height;) {
    const std::uint32_t count = in.u8(at);
    const std::uint32_t value = in.u8(at + 1);
    at += 2;
    if (count > 0) {
      for (std::uint32_t i = 0; i < count; ++i) add(nibbles ? nibble(value, i) : value);
    } else if (value == 0) {
      ++row;
      column = 0;
    } else if (value == 1) {
      break;
    } else if (value == 2) {
      column += in.u8(at);
      row += in.u8(at + 1);
      at += 2;
    } else {
      for (std::uint32_t i = 0; i < value; ++i) {
        add(nibbles ? nibble(in.u8(at + i / 2), i) : in.u8(at + i));
      }
      const std::size_t bytes = nibbles ? (value + 1) / 2 : value;
      at += (bytes + 1) / 2 * 2;
    }
  }
  return picture;
}

}  // namespace

bool is_bmp(Bytes file) { return file.size() > 26 && file[0] == 'B' && file[1] == 'M'; }

Result<DecodedPicture> decode_bmp(Bytes file) {
  const Reader in{file};
  auto header = read_header(in);
  if (!header) return header.error();
  auto picture = blank(header->width, header->height);
  if (!picture) return picture;
  const std::uint32_t bits = header->bits;
  const bool masks = header->compression == kMasks || header->compression == kAlphaMasks;
  const bool known = bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
  if (header->compression == kRuns8 && bits == 8) return runs(in, *header, *std::move(picture));
  if (header->compression == kRuns4 && bits == 4) return runs(in, *header, *std::move(picture));
  if (!known || (header->compression != kPlain && !(masks && bits >= 16))) {
    return bad_picture("BMP", "its pixels are written in an unknown way");
  }
  return plain(in, *header, *std::move(picture));
}

}  // namespace bolide::media
