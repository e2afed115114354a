#include "backend/cpu/movement/pieces.h"

#include "backend/cpu/movement/views.h"
#include "ops/axis.h"
#include "ops/bit_cast.h"
#include "ops/concat.h"
#include "ops/depth_space.h"
#include "ops/expand.h"
#include "ops/identity.h"
#include "ops/pad.h"
#include "ops/reshape.h"
#include "ops/slice.h"
#include "ops/transpose.h"

#include "backend/cpu/movement/tactics.h"

namespace bolide::cpu {
namespace {

Result<std::vector<Piece>> single(const CopyView& view, const Problem& problem) {
  TRY(Piece whole, piece(view, problem.inputs[0].dtype, 0, 0));
  return std::vector<Piece>{std::move(whole)};
}

Result<std::vector<Piece>> concat_pieces(const Problem& problem, std::int64_t axis) {
  const Operand& y = problem.outputs[0];
  TRY(const std::size_t at, normalize_axis(axis, y.rank()));
  std::vector<Piece> out;
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < problem.inputs.size(); ++i) {
    const Operand& x = problem.inputs[i];
    TRY(Piece part, piece({x.dims, y.strides, x.strides, offset, 0}, x.dtype, static_cast<int>(i), 0));
    out.push_back(std::move(part));
    offset += x.dims[at] * y.strides[at];
  }
  return out;
}

Result<std::vector<Piece>> split_pieces(const Problem& problem, const Split& split) {
  const Operand& x = problem.inputs[0];
  TRY(const std::size_t at, normalize_axis(split.axis, x.rank()));
  const auto count = static_cast<std::int64_t>(problem.outputs.size());
  const bool computed = problem.inputs.size() > 1 && !problem.inputs[1].absent;
  std::vector<Piece> out;
  std::int64_t offset = 0;
  for (std::size_t o = 0; o < problem.outputs.size(); ++o) {
    const Operand& y = problem.outputs[o];
    const std::int64_t from = offset;
    if (y.absent) {  // nobody reads it: it has no sizes
      if (computed) return unsupported("a piece of computed size that is left out");
      offset += (split.sizes.empty() ? (x.dims[at] + count - 1) / count : split.sizes[o]) * x.strides[at];
      continue;
    }
    offset += y.dims[at] * x.strides[at];
    TRY(Piece part, piece({y.dims, y.strides, x.strides, 0, from}, x.dtype, 0, static_cast<int>(o)));
    out.push_back(std::move(part));
  }
  return out;
}

Result<std::vector<Piece>> transpose_pieces(const Problem& problem, const Transpose& op) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  TRY(const std::vector<std::size_t> order, op.order(x.rank()));
  CopyView view;
  for (std::size_t d = 0; d < order.size(); ++d) view.push(y.dims[d], y.strides[d], x.strides[order[d]]);
  return single(view, problem);
}

Result<std::vector<Piece>> tile_pieces(const Problem& problem) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (x.rank() != y.rank()) return unsupported("a result of another rank");
  CopyView view;
  for (std::size_t d = 0; d < x.dims.size(); ++d) {
    const std::int64_t repeats = x.dims[d] == 0 ? 0 : y.dims[d] / x.dims[d];
    view.push(repeats, y.strides[d] * x.dims[d], 0);
    view.push(x.dims[d], y.strides[d], x.strides[d]);
  }
  return single(view, problem);
}

/// Between pixels [n, c, h * b, w * b] and depth [n, b * b * c, h, w].
Result<std::vector<Piece>> depth_pieces(const Problem& problem, std::int64_t block, DepthOrder order, bool to_space) {
  const Operand& space = to_space ? problem.outputs[0] : problem.inputs[0];
  const Operand& depth = to_space ? problem.inputs[0] : problem.outputs[0];
  const std::int64_t channels = space.dims[1];
  const bool outside = order == DepthOrder::kDcr;  // the block, of the channels
  const std::int64_t c = depth.strides[1];
  CopyView view;
  const auto push = [&](std::int64_t size, std::int64_t in_space, std::int64_t in_depth) {
    view.push(size, to_space ? in_space : in_depth, to_space ? in_depth : in_space);
  };
  push(space.dims[0], space.strides[0], depth.strides[0]);
  push(channels, space.strides[1], outside ? c : c * block * block);
  push(depth.dims[2], space.strides[2] * block, depth.strides[2]);
  push(block, space.strides[2], outside ? c * block * channels : c * block);
  push(depth.dims[3], space.strides[3] * block, depth.strides[3]);
  push(block, space.strides[3], outside ? c * channels : c);
  return single(view, problem);
}

}  // namespace

bool is_copy(const Op& op) {
  return op.is<Identity>() || op.is<Reshape>() || op.is<Squeeze>() || op.is<Unsqueeze>() || op.is<Transpose>() ||
         op.is<Expand>() || op.is<Tile>() || op.is<Concat>() || op.is<Split>() || op.is<Slice>() || op.is<Pad>() ||
         op.is<DepthToSpace>() || op.is<SpaceToDepth>() || op.is<BitCast>();
}

Result<std::vector<Piece>> pieces_of(const Problem& problem) {
  const Op& op = *problem.op;
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (const auto* cast = op.as<BitCast>(); cast != nullptr) {
    if (cast->to == DataType::kBool) return unsupported("bits to bool, which is 0 or 1");
    return single({y.dims, y.strides, x.strides, 0, 0}, problem);
  }
  if (op.is<Identity>() || op.is<Reshape>() || op.is<Squeeze>() || op.is<Unsqueeze>()) {
    if (x.dims == y.dims) return single({y.dims, y.strides, x.strides, 0, 0}, problem);
    TRY(const CopyView view, reshape_view(y, x));
    return single(view, problem);
  }
  if (const auto* transpose = op.as<Transpose>(); transpose != nullptr) return transpose_pieces(problem, *transpose);
  if (op.is<Expand>()) return single({y.dims, y.strides, broadcast_strides(x.dims, x.strides, y.dims), 0, 0}, problem);
  if (op.is<Tile>()) return tile_pieces(problem);
  if (const auto* concat = op.as<Concat>(); concat != nullptr) return concat_pieces(problem, concat->axis);
  if (const auto* split = op.as<Split>(); split != nullptr) return split_pieces(problem, *split);
  if (op.is<Slice>()) return slice_pieces(problem);
  if (op.is<Pad>()) return pad_pieces(problem);
  if (const auto* depth = op.as<DepthToSpace>(); depth != nullptr) {
    return depth_pieces(problem, depth->blocksize, depth->mode, true);
  }
  if (const auto* space = op.as<SpaceToDepth>(); space != nullptr) {
    return depth_pieces(problem, space->blocksize, DepthOrder::kDcr, false);
  }
  return unsupported(op.name(), " is not a copy");
}

}  // namespace bolide::cpu
