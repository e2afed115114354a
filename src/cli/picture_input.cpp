#include "cli/picture_input.h"

#include <fmt/format.h>
#include <spng.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

namespace bolide::cli {
namespace {

constexpr std::int64_t kMaxPixels = 64 << 20;

Error bad(const std::filesystem::path& path, std::string_view why) {
  return Error{Code::kBadFile, fmt::format("{}: {}", path.string(), why)};
}

Result<Picture> decode_png(const std::filesystem::path& path, const std::string& bytes) {
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context(spng_ctx_new(0), &spng_ctx_free);
  if (!context) return Error{Code::kOutOfMemory, "no memory for a PNG decoder"};
  spng_set_image_limits(context.get(), 1 << 15, 1 << 15);
  spng_ihdr header{};
  std::size_t size = 0;
  int error = spng_set_png_buffer(context.get(), bytes.data(), bytes.size());
  if (error == 0) error = spng_get_ihdr(context.get(), &header);
  if (error != 0) return bad(path, spng_strerror(error));
  Picture picture{
      .width = static_cast<int>(header.width), .height = static_cast<int>(header.height), .channels = 3, .pixels = {}};
  if (static_cast<std::int64_t>(picture.width) * picture.height > kMaxPixels)
    return bad(path, "has more than 64 megapixels");
  error = spng_decoded_image_size(context.get(), SPNG_FMT_RGB8, &size);
  if (error == 0) {
    picture.pixels.resize(size);
    error = spng_decode_image(context.get(), picture.pixels.data(), size, SPNG_FMT_RGB8, 0);
  }
  if (error != 0) return bad(path, spng_strerror(error));
  return picture;
}

Result<Picture> decode_jpeg(const std::filesystem::path& path, const std::string& bytes) {
  const std::unique_ptr<void, decltype(&tjDestroy)> decoder(tjInitDecompress(), &tjDestroy);
  if (!decoder) return Error{Code::kOutOfMemory, "no memory for a JPEG decoder"};
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  Picture picture;
  int subsampling = 0;
  int colours = 0;
  if (tjDecompressHeader3(decoder.get(), data, bytes.size(), &picture.width, &picture.height, &subsampling, &colours) !=
      0) {
    return bad(path, tjGetErrorStr2(decoder.get()));
  }
  if (static_cast<std::int64_t>(picture.width) * picture.height > kMaxPixels)
    return bad(path, "has more than 64 megapixels");
  picture.pixels.resize(static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height) * 3);
  if (tjDecompress2(decoder.get(), data, bytes.size(), picture.pixels.data(), picture.width, 0, picture.height,
                    TJPF_RGB, TJFLAG_ACCURATEDCT) != 0 &&
      tjGetErrorCode(decoder.get()) == TJERR_FATAL) {
    return bad(path, tjGetErrorStr2(decoder.get()));
  }
  return picture;
}

/// One pixel of the picture at fractional coordinates, edges repeated.
double sample(const Picture& picture, double x, double y, int channel) {
  const double cx = std::clamp(x, 0.0, picture.width - 1.0);
  const double cy = std::clamp(y, 0.0, picture.height - 1.0);
  const int x0 = static_cast<int>(cx);
  const int y0 = static_cast<int>(cy);
  const int x1 = std::min(x0 + 1, picture.width - 1);
  const int y1 = std::min(y0 + 1, picture.height - 1);
  const auto at = [&](int px, int py) {
    const auto index =
        (static_cast<std::size_t>(py) * static_cast<std::size_t>(picture.width) + static_cast<std::size_t>(px)) *
            static_cast<std::size_t>(picture.channels) +
        static_cast<std::size_t>(channel);
    return static_cast<double>(picture.pixels[index]);
  };
  const double fx = cx - x0;
  const double fy = cy - y0;
  return (at(x0, y0) * (1 - fx) + at(x1, y0) * fx) * (1 - fy) + (at(x0, y1) * (1 - fx) + at(x1, y1) * fx) * fy;
}

}  // namespace

Result<Picture> read_picture(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Code::kNotFound, fmt::format("{}: cannot be opened", path.string())};
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (bytes.size() >= 8 && bytes.compare(0, 4, "\x89PNG") == 0) return decode_png(path, bytes);
  if (bytes.size() >= 3 && bytes.compare(0, 2, "\xFF\xD8") == 0) return decode_jpeg(path, bytes);
  return bad(path, "is neither PNG nor JPEG");
}

Result<HostTensor> to_input(const Picture& picture, const TensorInfo& info, const ImageOptions& options) {
  if (info.dims.size() != 4 || (info.dtype != DataType::kF32 && info.dtype != DataType::kU8)) {
    return Error{Code::kUnsupported, fmt::format("input '{}' is {}{}; pictures go into f32 or u8 inputs of rank 4",
                                                 info.name, name(info.dtype), info.shape)};
  }
  const auto is_channels = [](std::int64_t size) { return size == 1 || size == 3; };
  const bool channels_last = !is_channels(info.dims[1]) && is_channels(info.dims[3]);
  const std::int64_t channels = channels_last ? info.dims[3] : info.dims[1];
  if (!is_channels(channels)) {
    return Error{Code::kUnsupported,
                 fmt::format("input '{}' is {}: neither size 1 nor 3 is 1 or 3 channels", info.name, info.shape)};
  }
  const auto size_or = [](std::int64_t size, int own) { return size > 0 ? size : static_cast<std::int64_t>(own); };
  const std::int64_t height = size_or(info.dims[channels_last ? 1 : 2], picture.height);
  const std::int64_t width = size_or(info.dims[channels_last ? 2 : 3], picture.width);
  Result<HostTensor> result = HostTensor::make(
      DataType::kF32, channels_last ? Dims{1, height, width, channels} : Dims{1, channels, height, width});
  if (!result) return result;
  double step_x = static_cast<double>(picture.width) / static_cast<double>(width);
  double step_y = static_cast<double>(picture.height) / static_cast<double>(height);
  if (options.resize == "crop") step_x = step_y = std::min(step_x, step_y);
  const double left = (picture.width - step_x * static_cast<double>(width)) / 2;
  const double top = (picture.height - step_y * static_cast<double>(height)) / 2;
  const auto of_channel = [&](const std::vector<float>& values, std::int64_t c, float otherwise) {
    if (values.empty()) return otherwise;
    return values[static_cast<std::size_t>(c) % values.size()];
  };
  const std::span<float> out = result->values<float>();
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const double px = left + (static_cast<double>(x) + 0.5) * step_x - 0.5;
      const double py = top + (static_cast<double>(y) + 0.5) * step_y - 0.5;
      for (std::int64_t c = 0; c < channels; ++c) {
        double value = 0;
        if (channels == 1) {
          value = 0.299 * sample(picture, px, py, 0) + 0.587 * sample(picture, px, py, 1) +
                  0.114 * sample(picture, px, py, 2);
        } else {
          value = sample(picture, px, py, static_cast<int>(options.channels == "bgr" ? 2 - c : c));
        }
        const double scaled = info.dtype == DataType::kU8 ? value : value * options.scale;
        const double normal = (scaled - of_channel(options.mean, c, 0)) / of_channel(options.std, c, 1);
        const std::int64_t at = channels_last ? (y * width + x) * channels + c : (c * height + y) * width + x;
        out[static_cast<std::size_t>(at)] =
            static_cast<float>(info.dtype == DataType::kU8 ? std::round(normal) : normal);
      }
    }
  }
  return info.dtype == DataType::kF32 ? result : result->converted(info.dtype);
}

Result<HostTensor> read_picture_input(const std::filesystem::path& path, const TensorInfo& info,
                                      const ImageOptions& options) {
  Result<Picture> picture = read_picture(path);
  if (!picture) return std::move(picture).error();
  return to_input(*picture, info, options);
}

}  // namespace bolide::cli
