#include "ops/image_decoder.h"

#include "ops/media.h"

#include <algorithm>

namespace bolide {
namespace {

PixelFormat format_of(ImagePixels pixels) {
  switch (pixels) {
    case ImagePixels::kRgb: return PixelFormat::kRgb;
    case ImagePixels::kBgr: return PixelFormat::kBgr;
    case ImagePixels::kGrayscale: break;
  }
  return PixelFormat::kGrayscale;
}

}  // namespace

Result<TensorTypes> ImageDecoder::infer(const InferContext& context) const {
  if (context.dtype(0) != DataType::kU8 || context.rank(0) != 1) {
    return invalid_argument("ImageDecoder: the file is ", context.type(0), ", not u8 of rank 1");
  }
  const Dim channels = pixel_format == ImagePixels::kGrayscale ? 1 : 3;
  return TensorTypes{{DataType::kU8, {context.fresh_dim("height"), context.fresh_dim("width"), channels}}};
}

Result<Tensors> ImageDecoder::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const MediaFunctions* media, media_for("ImageDecoder"));
  if (media->decode_picture == nullptr) return unsupported("ImageDecoder: the media module decodes no pictures");
  Result<DecodedPicture> picture =
      media->decode_picture(inputs[0]->span<std::uint8_t>(), format_of(pixel_format)).within("ImageDecoder");
  if (!picture && picture.error().code != Code::kBadFile) return std::move(picture).error();
  const std::int64_t channels = pixel_format == ImagePixels::kGrayscale ? 1 : 3;
  Dims dims = {0, 0, channels};
  if (picture) dims = {picture->height, picture->width, picture->channels};
  TRY(Tensor out, context.allocate(DataType::kU8, dims).within("ImageDecoder"));
  if (!picture) return Tensors{std::move(out)};
  if (picture->channels != channels || static_cast<std::int64_t>(picture->pixels.size()) != out.count()) {
    return internal_error("ImageDecoder: ", picture->pixels.size(), " bytes for the pixels of ", out.type());
  }
  std::copy(picture->pixels.begin(), picture->pixels.end(), out.span<std::uint8_t>().begin());
  return Tensors{std::move(out)};
}

}  // namespace bolide
