#include "media/decoders.h"

#include <spng.h>

#include <memory>

namespace bolide::media {

bool is_png(Bytes file) {
  return file.size() > 8 && file[0] == 0x89 && file[1] == 'P' && file[2] == 'N' && file[3] == 'G';
}

Result<DecodedPicture> decode_png(Bytes file) {
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context(spng_ctx_new(0), &spng_ctx_free);
  if (!context) return Error{Code::kOutOfMemory, "no memory for a PNG decoder"};
  constexpr std::size_t kMostChunk = 16U << 20U;  // of texts and profiles, which are not read
  (void)spng_set_chunk_limits(context.get(), kMostChunk, kMostChunk * 4);
  spng_ihdr header{};
  int error = spng_set_png_buffer(context.get(), file.data(), file.size());
  if (error == 0) error = spng_get_ihdr(context.get(), &header);
  if (error != 0) return bad_picture("PNG", spng_strerror(error));
  auto picture = blank(header.width, header.height);
  if (!picture) return picture;
  error = spng_decode_image(context.get(), picture->pixels.data(), picture->pixels.size(), SPNG_FMT_RGB8, 0);
  if (error != 0) return bad_picture("PNG", spng_strerror(error));
  return picture;
}

}  // namespace bolide::media
