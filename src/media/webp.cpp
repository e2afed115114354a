#include "media/decoders.h"

#include <webp/decode.h>

#include <algorithm>

namespace bolide::media {

bool is_webp(Bytes file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), std::min<std::size_t>(file.size(), 12));
  return text.size() == 12 && text.starts_with("RIFF") && text.ends_with("WEBP");
}

Result<DecodedPicture> decode_webp(Bytes file) {
  int width = 0;
  int height = 0;
  if (WebPGetInfo(file.data(), file.size(), &width, &height) == 0) return bad_picture("WebP", "has no header");
  auto picture = blank(width, height);
  if (!picture) return picture;
  if (WebPDecodeRGBInto(file.data(), file.size(), picture->pixels.data(), picture->pixels.size(), width * 3) ==
      nullptr) {
    return bad_picture("WebP", "cannot be decoded");
  }
  return picture;
}

}  // namespace bolide::media
