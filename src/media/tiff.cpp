#include "media/decoders.h"

#include <tiffio.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

namespace bolide::media {
namespace {

/// A file in memory, as libtiff reads it.
struct Source {
  Bytes file;
  toff_t at = 0;
};

tmsize_t read(thandle_t handle, void* to, tmsize_t count) {
  auto& source = *static_cast<Source*>(handle);
  const toff_t left = source.at < source.file.size() ? source.file.size() - source.at : 0;
  const auto taken =
      static_cast<std::size_t>(std::min<toff_t>(left, static_cast<toff_t>(std::max<tmsize_t>(count, 0))));
  if (taken > 0) std::memcpy(to, source.file.data() + source.at, taken);
  source.at += taken;
  return static_cast<tmsize_t>(taken);
}
tmsize_t write(thandle_t, void*, tmsize_t) { return 0; }
toff_t seek(thandle_t handle, toff_t offset, int whence) {
  auto& source = *static_cast<Source*>(handle);
  const toff_t from = whence == SEEK_CUR ? source.at : whence == SEEK_END ? source.file.size() : 0;
  return source.at = from + offset;
}
int close(thandle_t) { return 0; }
toff_t size(thandle_t handle) { return static_cast<Source*>(handle)->file.size(); }
int map(thandle_t, void**, toff_t*) { return 0; }
void unmap(thandle_t, void*, toff_t) {}
int silent(TIFF*, void*, const char*, const char*, va_list) { return 1; }

}  // namespace

bool is_tiff(Bytes file) {
  if (file.size() < 8) return false;
  const bool little = file[0] == 'I' && file[1] == 'I' && (file[2] == 42 || file[2] == 43) && file[3] == 0;
  const bool big = file[0] == 'M' && file[1] == 'M' && file[2] == 0 && (file[3] == 42 || file[3] == 43);
  return little || big;
}

/// The first picture of the file, its top left corner first.
Result<DecodedPicture> decode_tiff(Bytes file) {
  constexpr tmsize_t kMostAtOnce = tmsize_t{512} << 20;
  Source source{file};
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                 &TIFFOpenOptionsFree);
  if (!options) return Error{Code::kOutOfMemory, "no memory for a TIFF decoder"};
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), silent, nullptr);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), silent, nullptr);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), kMostAtOnce);
  const std::unique_ptr<TIFF, decltype(&TIFFClose)> tiff(
      TIFFClientOpenExt("picture", "rm", &source, read, write, seek, close, size, map, unmap, options.get()),
      &TIFFClose);
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  if (!tiff || TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width) == 0 ||
      TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height) == 0) {
    return bad_picture("TIFF", "has no header");
  }
  auto picture = blank(width, height);
  if (!picture) return picture;
  std::vector<std::uint32_t> raster(std::size_t{width} * height);
  if (TIFFReadRGBAImageOriented(tiff.get(), width, height, raster.data(), ORIENTATION_TOPLEFT, 1) == 0) {
    return bad_picture("TIFF", "cannot be decoded");
  }
  for (std::size_t i = 0; i < raster.size(); ++i) {
    picture->pixels[i * 3] = static_cast<std::uint8_t>(TIFFGetR(raster[i]));
    picture->pixels[i * 3 + 1] = static_cast<std::uint8_t>(TIFFGetG(raster[i]));
    picture->pixels[i * 3 + 2] = static_cast<std::uint8_t>(TIFFGetB(raster[i]));
  }
  return picture;
}

}  // namespace bolide::media
