/// Pictures as network inputs.
#pragma once

#include "cli/inputs.h"

namespace bolide::cli {

/// 8-bit pixels, rows top to bottom, channels interleaved.
struct Picture {
  int width = 0;
  int height = 0;
  int channels = 3;  ///< 3: red, green, blue; 1: gray
  std::vector<std::uint8_t> pixels;
};

/// Decodes a PNG (libspng) or JPEG (libjpeg-turbo), told apart by their first bytes. At most 64 megapixels.
Result<Picture> read_picture(const std::filesystem::path& path);

/// The picture as the input wants it: resized by bilinear interpolation (pixel centres, edges repeated, not
/// antialiased), channels chosen, (pixel * scale - mean) / std, laid out as [1,c,h,w] or [1,h,w,c] (c of 1 or 3
/// decides).
Result<HostTensor> to_input(const Picture& picture, const TensorInfo& info, const ImageOptions& options);

Result<HostTensor> read_picture_input(const std::filesystem::path& path, const TensorInfo& info,
                                      const ImageOptions& options);

}  // namespace bolide::cli
