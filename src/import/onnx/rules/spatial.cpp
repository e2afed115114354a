#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "import/onnx/rules/sizes.h"
#include "ops/axis.h"
#include "ops/pad.h"
#include "ops/slice.h"

#include <numeric>

namespace bolide::onnx {

/// ONNX AffineGrid-20: grid[n, (d,) h, w, i] = theta[n, i, :] . (x_w, y_h, (z_d,) 1), positions evenly spaced in
/// [-1, 1]: of pixel centres, or with `align_corners` from the first pixel to the last. One pixel stands at -1 then.
Result<Values> import_affine_grid(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0) || !node.has_input(1)) return invalid_argument("inputs 'theta' and 'size' are needed");
  const bool align = node.flag("align_corners");
  Formula f(build);
  const ValueId theta = node.in(0);
  const std::int64_t spatial = f.known_size(theta, 2, "the width of 'theta'") - 1;
  if (!f.failed() && (node.rank(0) != 3 || (spatial != 2 && spatial != 3))) {
    return invalid_argument("'theta' is ", node.type(0), "; [n,2,3] or [n,3,4] is needed");
  }
  const DataType dtype = node.dtype(0);
  const DataType wide = dtype == DataType::kF64 ? dtype : DataType::kF32;
  const auto column = [&](std::int64_t at) {  // [n, 1..., spatial]
    Dims between(static_cast<std::size_t>(spatial));
    std::iota(between.begin(), between.end(), 1);
    return f.unsqueeze(f.squeeze(f.slice(theta, 2, at, at + 1), {2}), between);
  };
  ValueId grid = column(spatial);
  for (std::int64_t i = 0; i < spatial && !f.failed(); ++i) {
    const ValueId size = f.gather(node.in(1), f.number(DataType::kI64, static_cast<double>(2 + spatial - 1 - i)), 0);
    const ValueId steps = align ? f.op(Max{}, {f.add(size, -1.0), f.number(DataType::kI64, 1)}) : size;
    const ValueId twice = f.add(f.mul(f.cast(f.range(size), wide), 2.0), align ? 0.0 : 1.0);
    ValueId at = f.cast(f.add(f.div(twice, f.cast(steps, wide)), -1.0), dtype);
    Dims behind(static_cast<std::size_t>(i + 1));
    std::iota(behind.begin(), behind.end(), 1);
    grid = f.add(grid, f.mul(column(i), f.unsqueeze(at, behind)));
  }
  return f.result({grid});
}

/// ONNX CenterCropPad-18: each axis cropped or padded with zeros to the size asked for; an odd rest goes to the end.
Result<Values> import_center_crop_pad(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0) || !node.has_input(1)) return invalid_argument("inputs 'input_data' and 'shape' are needed");
  Dims all(static_cast<std::size_t>(node.rank(0)));
  std::iota(all.begin(), all.end(), 0);
  TRY(const std::vector<std::size_t> checked,
      normalize_axes(node.integers("axes", all), static_cast<int>(node.rank(0))));
  const Dims axes(checked.begin(), checked.end());
  Formula f(build);
  const ValueId list = f.integers(axes);
  TRY(const ValueId sizes, sizes_of(build, node.in(0)));
  const ValueId have = f.gather(sizes, list, 0);
  const ValueId want = f.cast(node.in(1), DataType::kI64);
  const ValueId zero = f.number(DataType::kI64, 0);
  const ValueId two = f.number(DataType::kI64, 2);
  const ValueId crop = f.div(f.op(Max{}, {f.sub(have, want), zero}), two);
  const ValueId kept = f.op(Min{}, {have, want});
  const ValueId cropped = f.op(Slice{}, {node.in(0), crop, f.add(crop, kept), list});
  const ValueId missing = f.op(Max{}, {f.sub(want, have), zero});
  const ValueId before = f.div(missing, two);
  const ValueId pads = f.concat({before, f.sub(missing, before)}, 0);
  const ValueId padded = f.op(Pad{}, {cropped, pads, kNoValue, list});
  return f.result({padded});
}

}  // namespace bolide::onnx
