#include "backend/cpu/conv/geometry.h"

#include "backend/cpu/gemm/tiles.h"

namespace bolide {

void set_axes(ConvGeometry& geometry, const Operand& x, std::span<const WindowAxis> axes) {
  geometry.x_batch = x.strides[0] * geometry.element_bytes;
  geometry.x_channel = x.strides[1] * geometry.element_bytes;
  for (WindowAxis& axis : geometry.axes) axis = {1, 1, 1, 1, 1, 0, 0};
  const std::size_t first = axes.size() == 1 ? 1 : 3 - axes.size();
  for (std::size_t a = 0; a < axes.size(); ++a) {
    geometry.axes[first + a] = axes[a];
    geometry.x_axis[first + a] = x.strides[a + 2] * geometry.element_bytes;
  }
}

Result<ConvGeometry> conv_geometry(const Problem& problem) {
  const Conv& conv = *problem.op->as<Conv>();
  const Operand& x = problem.inputs[0];
  const Operand& w = problem.inputs[1];
  const bool integer = bit_width(x.dtype) == 8 && bit_width(w.dtype) == 8 && is_integer(x.dtype) && is_integer(w.dtype);
  if (!integer && (x.dtype != DataType::kF32 || w.dtype != DataType::kF32)) {
    return unsupported("x is ", x.dtype, " and w is ", w.dtype, "; needs f32 or 8-bit integers");
  }
  const std::size_t spatial = x.dims.size() - 2;
  if (spatial > 3) return unsupported(spatial, " spatial dims; at most 3");
  TRY(const std::vector<WindowAxis> axes,
      window_axes("Conv", conv.window(), std::span(w.dims).subspan(2), std::span(x.dims).subspan(2)));
  if (w.count() == 0) return unsupported("empty weights ", w.dims);
  ConvGeometry out;
  out.batch = x.dims[0];
  out.groups = conv.groups;
  out.group_in = w.dims[1];
  out.group_out = w.dims[0] / conv.groups;
  out.integer = integer;
  out.element_bytes = integer ? 1 : 4;
  set_axes(out, x, axes);
  return out;
}

bool conv_has_bias(const Problem& problem) { return problem.inputs.size() > 2 && !problem.inputs[2].absent; }

ResultShape conv_result(const Problem& problem) { return {problem.outputs[0].dims, 1}; }

Grid conv_grid(const ConvGeometry& geometry, const GemmKernels& kernels, const CpuTarget& target, int threads) {
  CutRequest request;
  request.rows = geometry.rows();
  request.row_unit = (kernels.rows + geometry.width() - 1) / std::max<std::int64_t>(1, geometry.width());
  request.columns = geometry.out_channels();
  request.column_unit = geometry.groups > 1 ? geometry.group_out : kernels.columns;
  request.weight_bytes = geometry.out_channels() * geometry.taps() * geometry.group_in * geometry.element_bytes;
  return cut_grid(request, target, threads);
}

}  // namespace bolide
