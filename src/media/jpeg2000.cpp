#include "media/decoders.h"

#include <openjpeg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace bolide::media {
namespace {

constexpr std::array<std::uint8_t, 12> kBoxes = {0, 0, 0, 12, 'j', 'P', ' ', ' ', 13, 10, 0x87, 10};
constexpr std::array<std::uint8_t, 4> kCodestream = {0xFF, 0x4F, 0xFF, 0x51};

template <std::size_t N>
bool starts_with(Bytes file, const std::array<std::uint8_t, N>& mark) {
  return file.size() >= N && std::equal(mark.begin(), mark.end(), file.begin());
}

/// A file in memory, as OpenJPEG reads it.
struct Source {
  Bytes file;
  std::size_t at = 0;
};

OPJ_SIZE_T read(void* to, OPJ_SIZE_T count, void* user) {
  auto& source = *static_cast<Source*>(user);
  const std::size_t taken = std::min<std::size_t>(count, source.file.size() - source.at);
  if (taken == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(to, source.file.data() + source.at, taken);
  source.at += taken;
  return taken;
}
OPJ_OFF_T skip(OPJ_OFF_T count, void* user) {
  auto& source = *static_cast<Source*>(user);
  if (count < 0) return -1;
  const std::size_t taken = std::min(static_cast<std::size_t>(count), source.file.size() - source.at);
  source.at += taken;
  return static_cast<OPJ_OFF_T>(taken);
}
OPJ_BOOL seek(OPJ_OFF_T to, void* user) {
  auto& source = *static_cast<Source*>(user);
  if (to < 0 || static_cast<std::size_t>(to) > source.file.size()) return OPJ_FALSE;
  source.at = static_cast<std::size_t>(to);
  return OPJ_TRUE;
}

/// Value of a component at a pixel of the whole picture, scaled to [0, 255].
double sample(const opj_image_t& image, std::size_t component, std::uint32_t x, std::uint32_t y) {
  const opj_image_comp_t& from = image.comps[component];
  const std::uint32_t column = std::min(x / from.dx, from.w - 1);
  const std::uint32_t row = std::min(y / from.dy, from.h - 1);
  const double most = static_cast<double>((UINT64_C(1) << from.prec) - 1);
  const double shift = from.sgnd != 0 ? (most + 1) / 2 : 0;
  return (from.data[std::size_t{row} * from.w + column] + shift) * 255 / most;
}

bool usable(const opj_image_comp_t& one) {
  return one.data != nullptr && one.dx > 0 && one.dy > 0 && one.w > 0 && one.h > 0 && one.prec > 0 && one.prec <= 31;
}

DecodedPicture converted(const opj_image_t& image, DecodedPicture picture) {
  const bool luma = image.color_space == OPJ_CLRSPC_SYCC && image.numcomps >= 3;
  std::size_t at = 0;
  for (std::uint32_t y = 0; y < static_cast<std::uint32_t>(picture.height); ++y) {
    for (std::uint32_t x = 0; x < static_cast<std::uint32_t>(picture.width); ++x) {
      std::array<double, 3> c = {};
      for (std::size_t i = 0; i < 3; ++i) c.at(i) = sample(image, image.numcomps >= 3 ? i : 0, x, y);
      if (luma) {
        const double cb = c[1] - 128;
        const double cr = c[2] - 128;
        c = {c[0] + 1.402 * cr, c[0] - 0.344136 * cb - 0.714136 * cr, c[0] + 1.772 * cb};
      }
      for (const double value : c) {
        picture.pixels[at++] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5);
      }
    }
  }
  return picture;
}

}  // namespace

bool is_jpeg2000(Bytes file) { return starts_with(file, kBoxes) || starts_with(file, kCodestream); }

/// Of less than three components the first is gray; sYCC becomes RGB; coarser components are repeated.
Result<DecodedPicture> decode_jpeg2000(Bytes file) {
  const OPJ_CODEC_FORMAT format = starts_with(file, kBoxes) ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K;
  const std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)> codec(opj_create_decompress(format),
                                                                         &opj_destroy_codec);
  const std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)> stream(opj_stream_default_create(OPJ_TRUE),
                                                                            &opj_stream_destroy);
  if (!codec || !stream) return Error{Code::kOutOfMemory, "no memory for a JPEG 2000 decoder"};
  Source source{file};
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), file.size());
  opj_stream_set_read_function(stream.get(), read);
  opj_stream_set_skip_function(stream.get(), skip);
  opj_stream_set_seek_function(stream.get(), seek);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  opj_image_t* header = nullptr;
  const bool read_header = opj_setup_decoder(codec.get(), &parameters) == OPJ_TRUE &&
                           opj_read_header(stream.get(), codec.get(), &header) == OPJ_TRUE;
  const std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)> image(header, &opj_image_destroy);
  if (!read_header || !image || image->x1 <= image->x0 || image->y1 <= image->y0 || image->numcomps == 0) {
    return bad_picture("JPEG 2000", "has no header");
  }
  auto picture = blank(image->x1 - image->x0, image->y1 - image->y0);
  if (!picture) return picture;
  if (image->numcomps > 5 || picture->width * picture->height * image->numcomps > 4 * kMostPixels) {
    return Error{Code::kOutOfMemory, "a JPEG 2000 picture of too many components"};
  }
  if (opj_decode(codec.get(), stream.get(), image.get()) != OPJ_TRUE) {
    return bad_picture("JPEG 2000", "cannot be decoded");
  }
  const std::span<const opj_image_comp_t> components(image->comps, image->numcomps);
  if (!std::all_of(components.begin(), components.end(), usable)) return bad_picture("JPEG 2000", "lacks components");
  return converted(*image, *std::move(picture));
}

}  // namespace bolide::media
