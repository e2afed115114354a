#include "ops/depth_space.h"

namespace bolide {
namespace {

constexpr std::int64_t kMaxBlock = 1 << 20;

Status check(const OpInfo& info, const InferContext& context, std::int64_t blocksize) {
  if (context.rank(0) != 4) return invalid_argument(info.name, ": ", context.shape(0), " is not of rank 4");
  if (blocksize < 1 || blocksize > kMaxBlock) return invalid_argument(info.name, ": blocksize ", blocksize);
  return ok();
}

/// Copies between [n, depth, h*b, w*b] (`space`) and [n, depth*b*b, h, w] (`deep`).
Walk block_walk(const Dims& space, const Dims& deep, std::int64_t b, bool block_outside, bool to_space) {
  const Dims s = contiguous_strides(space);
  const Dims d = contiguous_strides(deep);
  const std::int64_t depth = space[1];
  const std::int64_t block_stride = block_outside ? depth * d[1] : d[1];
  const std::int64_t depth_stride = block_outside ? d[1] : b * b * d[1];
  // Axes: n, depth, block row, block column, h, w.
  const Dims in_space = {s[0], s[1], s[2], s[3], s[2] * b, s[3] * b};
  const Dims in_deep = {d[0], depth_stride, block_stride * b, block_stride, d[2], d[3]};
  Walk walk{{deep[0], depth, b, b, deep[2], deep[3]}, 0, {}, 0, {}};
  walk.from_strides = to_space ? in_deep : in_space;
  walk.to_strides = to_space ? in_space : in_deep;
  return walk;
}

}  // namespace

Result<TensorTypes> DepthToSpace::infer(const InferContext& context) const {
  TRY_OK(check(kInfo, context, blocksize));
  TensorType out = context.type(0);
  const Dim channels = out.shape[1];
  const auto exact = Dim::exact_div(channels, blocksize * blocksize);
  if (!exact && channels.is_constant()) {
    return invalid_argument("DepthToSpace: ", channels, " channels do not divide into blocks of ", blocksize, "x",
                            blocksize);
  }
  const Dim depth = exact ? *exact : channels.floor_div(blocksize * blocksize);
  out.shape = {out.shape[0], depth, out.shape[2] * blocksize, out.shape[3] * blocksize};
  return TensorTypes{std::move(out)};
}

Result<Tensors> DepthToSpace::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  const bool outside = mode == DepthOrder::kDcr;
  copy_strided(*inputs[0], out[0], block_walk(out[0].dims(), inputs[0]->dims(), blocksize, outside, true));
  return out;
}

Result<TensorTypes> SpaceToDepth::infer(const InferContext& context) const {
  TRY_OK(check(kInfo, context, blocksize));
  TensorType out = context.type(0);
  for (std::size_t i = 2; i < 4; ++i) {
    const Dim whole = out.shape[i];
    const auto exact = Dim::exact_div(whole, blocksize);
    if (!exact && whole.is_constant()) {
      return invalid_argument("SpaceToDepth: a size of ", whole, " does not divide into blocks of ", blocksize);
    }
    out.shape[i] = exact ? *exact : whole.floor_div(blocksize);
  }
  out.shape[1] = out.shape[1] * (blocksize * blocksize);
  return TensorTypes{std::move(out)};
}

Result<Tensors> SpaceToDepth::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(Tensors out, outputs_of(*this, inputs, context));
  copy_strided(*inputs[0], out[0], block_walk(inputs[0]->dims(), out[0].dims(), blocksize, true, false));
  return out;
}

}  // namespace bolide
