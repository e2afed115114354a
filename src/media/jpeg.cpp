#include "media/decoders.h"

#include <turbojpeg.h>

#include <memory>

namespace bolide::media {

bool is_jpeg(Bytes file) { return file.size() > 3 && file[0] == 0xFF && file[1] == 0xD8 && file[2] == 0xFF; }

/// Accurate inverse transform and smooth chroma. Four channels are taken as inverted CMYK, as Adobe writes it.
Result<DecodedPicture> decode_jpeg(Bytes file) {
  const std::unique_ptr<void, decltype(&tjDestroy)> decoder(tjInitDecompress(), &tjDestroy);
  if (!decoder) return Error{Code::kOutOfMemory, "no memory for a JPEG decoder"};
  int width = 0;
  int height = 0;
  int subsampling = 0;
  int colours = 0;
  if (tjDecompressHeader3(decoder.get(), file.data(), file.size(), &width, &height, &subsampling, &colours) != 0) {
    return bad_picture("JPEG", tjGetErrorStr2(decoder.get()));
  }
  auto picture = blank(width, height);
  if (!picture) return picture;
  const bool four = colours == TJCS_CMYK || colours == TJCS_YCCK;
  std::vector<std::uint8_t> cmyk(four ? picture->pixels.size() / 3 * 4 : 0);
  std::uint8_t* to = four ? cmyk.data() : picture->pixels.data();
  const int flags = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS;
  const int failed =
      tjDecompress2(decoder.get(), file.data(), file.size(), to, width, 0, height, four ? TJPF_CMYK : TJPF_RGB, flags);
  if (failed != 0 && tjGetErrorCode(decoder.get()) == TJERR_FATAL) {
    return bad_picture("JPEG", tjGetErrorStr2(decoder.get()));
  }
  for (std::size_t i = 0; i < cmyk.size() / 4; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      picture->pixels[i * 3 + c] = static_cast<std::uint8_t>(cmyk[i * 4 + c] * cmyk[i * 4 + 3] / 255);
    }
  }
  return picture;
}

}  // namespace bolide::media
