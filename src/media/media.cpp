#include <bolide/media.h>

#include "media/decoders.h"

#include <algorithm>
#include <array>
#include <new>

namespace bolide {
namespace media {
namespace {

struct Format {
  bool (*recognises)(Bytes file);
  Result<DecodedPicture> (*decode)(Bytes file);
};
constexpr std::array kFormats = {
    Format{is_jpeg, decode_jpeg},         Format{is_png, decode_png},   Format{is_webp, decode_webp},
    Format{is_jpeg2000, decode_jpeg2000}, Format{is_tiff, decode_tiff}, Format{is_bmp, decode_bmp},
    Format{is_pnm, decode_pnm},
};

/// Luma by ITU-R 601-2 in 16 bits, rounded.
std::uint8_t gray(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 19595U + rgb[1] * 38470U + rgb[2] * 7471U + 0x8000U) >> 16U);
}

void reorder(DecodedPicture& picture, PixelFormat format) {
  std::vector<std::uint8_t>& pixels = picture.pixels;
  if (format == PixelFormat::kBgr) {
    for (std::size_t i = 0; i + 2 < pixels.size(); i += 3) std::swap(pixels[i], pixels[i + 2]);
  } else if (format == PixelFormat::kGrayscale) {
    for (std::size_t i = 0; i + 2 < pixels.size(); i += 3) pixels[i / 3] = gray(&pixels[i]);
    pixels.resize(pixels.size() / 3);
    picture.channels = 1;
  }
}

Result<DecodedPicture> decode_picture(Bytes file, PixelFormat format) {
  try {
    const auto found =
        std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& one) { return one.recognises(file); });
    if (found == kFormats.end()) return bad_picture("picture", "is of no known format");
    Result<DecodedPicture> picture = found->decode(file);
    if (picture) reorder(*picture, format);
    return picture;
  } catch (const std::bad_alloc&) {
    return Error{Code::kOutOfMemory, "no memory to decode a picture"};
  }
}

constexpr MediaFunctions kFunctions = {.decode_picture = decode_picture, .match_texts = match_texts};

}  // namespace

Result<DecodedPicture> blank(std::int64_t width, std::int64_t height) {
  if (width <= 0 || height <= 0) return bad_picture("picture", "has no pixels");
  if (width > kMostPixels / height) {
    return Error{Code::kOutOfMemory, "a picture of " + std::to_string(width) + " x " + std::to_string(height) +
                                         " pixels, more than 64 million"};
  }
  DecodedPicture out{.height = height, .width = width, .channels = 3, .pixels = {}};
  out.pixels.resize(static_cast<std::size_t>(width * height * 3));
  return out;
}

Error bad_picture(std::string_view format, std::string_view why) {
  return Error{Code::kBadFile, std::string(format).append(": ").append(why)};
}

}  // namespace media

void use_media() { set_media_functions(&media::kFunctions); }

}  // namespace bolide
