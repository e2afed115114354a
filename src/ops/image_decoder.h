#pragma once

#include "ops/op.h"

#include <array>

namespace bolide {

enum class ImagePixels : std::uint8_t { kRgb, kBgr, kGrayscale };
constexpr std::array<std::string_view, 3> enum_names(ImagePixels) { return {"RGB", "BGR", "Grayscale"}; }

/// Input the bytes of a picture file (u8 of rank 1): its pixels, u8 [height, width, 3, or 1 of `Grayscale`]; [0, 0, 3
/// or 1] when they are no picture that can be decoded. Errors: Unsupported without a module that decodes pictures
/// (ops/media.h). Source: ONNX ImageDecoder-20.
struct ImageDecoder {
  ImagePixels pixel_format = ImagePixels::kRgb;

  static constexpr OpInfo kInfo{.name = "ImageDecoder"};
  static constexpr auto kFields = std::tuple{field("pixel_format", &ImageDecoder::pixel_format)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
