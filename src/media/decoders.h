/// One function a format of pictures: bytes in, red, green and blue out.
#pragma once

#include <bolide/media.h>

namespace bolide::media {

using Bytes = std::span<const std::uint8_t>;

/// Pictures with more pixels are refused before memory is taken for them.
inline constexpr std::int64_t kMostPixels = INT64_C(64) << 20;

/// A black picture of three channels. Errors: BadFile without pixels; OutOfMemory for more than kMostPixels.
Result<DecodedPicture> blank(std::int64_t width, std::int64_t height);
Error bad_picture(std::string_view format, std::string_view why);

// Each recognises its format by the first bytes, and decodes what it recognised. Results have three channels, 8 bits
// each; transparency is dropped. Errors: BadFile; OutOfMemory for pictures that are too large.

bool is_bmp(Bytes file);
Result<DecodedPicture> decode_bmp(Bytes file);
bool is_jpeg(Bytes file);
Result<DecodedPicture> decode_jpeg(Bytes file);
bool is_jpeg2000(Bytes file);
Result<DecodedPicture> decode_jpeg2000(Bytes file);
bool is_png(Bytes file);
Result<DecodedPicture> decode_png(Bytes file);
bool is_pnm(Bytes file);
Result<DecodedPicture> decode_pnm(Bytes file);
bool is_tiff(Bytes file);
Result<DecodedPicture> decode_tiff(Bytes file);
bool is_webp(Bytes file);
Result<DecodedPicture> decode_webp(Bytes file);

/// MediaFunctions::match_texts
Result<std::vector<bool>> match_texts(std::string_view pattern, std::span<const std::string> texts);

}  // namespace bolide::media
