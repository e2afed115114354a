/// Pictures and regular expressions: what some ONNX operators need other libraries for.
///
/// libbolide links none of them. `use_media()` of libbolide_media (CMake target Bolide::media) gives it those that the
/// `bolide` tool uses; `set_media_functions` gives it your own.
///
///     bolide::use_media();   // once, before the first network runs
#pragma once

#include <bolide/types.h>

#include <span>

namespace bolide {

/// Order and number of the channels of a decoded picture.
enum class PixelFormat : std::uint8_t {
  kRgb,
  kBgr,
  kGrayscale,
};

/// `pixels` are [height, width, channels].
struct DecodedPicture {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  std::vector<std::uint8_t> pixels;
};

/// Functions that are missing are null. They are called from any thread and must not throw.
struct MediaFunctions {
  /// The picture in the bytes of a file, whose format the bytes tell. Errors: BadFile for what cannot be decoded, which
  /// the operator turns into an empty picture; any other ends the run, as OutOfMemory for a picture that is too large.
  Result<DecodedPicture> (*decode_picture)(std::span<const std::uint8_t> file, PixelFormat format) = nullptr;
  /// For each text whether the whole of it matches `pattern` (RE2). Errors: InvalidArgument for a wrong pattern.
  Result<std::vector<bool>> (*match_texts)(std::string_view pattern, std::span<const std::string> texts) = nullptr;
};

/// What operators use from now on; null for nothing. `functions` must live as long as networks run. Any thread.
BOLIDE_API void set_media_functions(const MediaFunctions* functions);

/// Sets JPEG, PNG, BMP, PNM, JPEG 2000, TIFF, WebP and RE2. In libbolide_media, not in libbolide.
BOLIDE_API void use_media();

}  // namespace bolide
