/// Blocks of pixels to channels and back, NCHW.
#pragma once

#include "ops/movement.h"

namespace bolide {

/// How channels split: dcr has the block outside the depth, crd inside.
enum class DepthOrder : std::uint8_t { kDcr, kCrd };
constexpr std::array<std::string_view, 2> enum_names(DepthOrder) { return {"DCR", "CRD"}; }

/// [n, c*b*b, h, w] -> [n, c, h*b, w*b]. Source: ONNX DepthToSpace.
struct DepthToSpace {
  static constexpr OpInfo kInfo{.name = "DepthToSpace"};
  std::int64_t blocksize = 1;
  DepthOrder mode = DepthOrder::kDcr;
  static constexpr auto kFields =
      std::tuple{field("blocksize", &DepthToSpace::blocksize), field("mode", &DepthToSpace::mode)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// [n, c, h*b, w*b] -> [n, b*b*c, h, w], the inverse of DepthToSpace DCR. Source: ONNX SpaceToDepth.
struct SpaceToDepth {
  static constexpr OpInfo kInfo{.name = "SpaceToDepth"};
  std::int64_t blocksize = 1;
  static constexpr auto kFields = std::tuple{field("blocksize", &SpaceToDepth::blocksize)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

}  // namespace bolide
