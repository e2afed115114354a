#include "cli/demo/picture.h"

#include <spng.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>

namespace bolide::demo {
namespace {

Error png_error(int code) { return {Code::kInternal, std::string("writing PNG: ") + spng_strerror(code)}; }

}  // namespace

Result<std::vector<std::byte>> encode_png(const Image& image) {
  if (const Status checked = check_image(image); !checked) return checked.error();
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context(spng_ctx_new(SPNG_CTX_ENCODER), &spng_ctx_free);
  if (!context) return Error{Code::kOutOfMemory, "writing PNG: no memory for the encoder"};
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(image.width);
  header.height = static_cast<std::uint32_t>(image.height);
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_GRAYSCALE;
  if (const int code = spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1)) return png_error(code);
  if (const int code = spng_set_ihdr(context.get(), &header)) return png_error(code);
  if (const int code = spng_encode_image(context.get(), image.pixels.data(), image.pixels.size(), SPNG_FMT_PNG,
                                         SPNG_ENCODE_FINALIZE)) {
    return png_error(code);
  }
  std::size_t size = 0;
  int code = 0;
  const std::unique_ptr<void, decltype(&std::free)> buffer(spng_get_png_buffer(context.get(), &size, &code),
                                                           &std::free);
  if (!buffer) return png_error(code);
  const std::byte* begin = static_cast<const std::byte*>(buffer.get());
  return std::vector<std::byte>(begin, begin + size);
}

Status write_png(const Image& image, const std::filesystem::path& path) {
  const Result<std::vector<std::byte>> bytes = encode_png(image);
  if (!bytes) return bytes.error();
  std::filesystem::path partial = path;
  partial += ".partial";
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes->data()), static_cast<std::streamsize>(bytes->size()));
  file.close();
  std::error_code failure;
  if (file) std::filesystem::rename(partial, path, failure);
  if (file && !failure) return {};
  std::error_code ignored;
  std::filesystem::remove(partial, ignored);
  return Error{Code::kInvalidArgument, "cannot write " + path.string() + (failure ? ": " + failure.message() : "")};
}

}  // namespace bolide::demo
