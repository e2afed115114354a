#include "backend/cuda/contraction/gemm_view.h"

#include <cstdlib>

namespace bolide::cuda {
namespace {

constexpr std::int64_t kMostOffset = (std::int64_t{1} << 31) - 1;

bool trivial(const WindowAxis& axis) { return axis.in == 1 && axis.out == 1 && axis.kernel == 1; }

DeviceStrides device_strides(const RowStrides& s) { return {s.batch0, s.batch1, s.image, s.line, s.pixel}; }

Result<GemmView> view_of(GemmProblem described, const Problem& problem, const CudaTarget& target, bool patches) {
  GemmView view;
  view.gemm = std::move(described);
  const GemmProblem& gemm = view.gemm;
  if (const auto fault = epilogue_fault(gemm)) return unsupported(*fault);
  if (gemm.transposed) return unsupported("a transposed convolution");
  if (gemm.a_format != gemm.b_format && is_float_format(gemm.a_format)) return unsupported("operands of two dtypes");
  if (gemm.a_format == 2 && !target.tf32) return unsupported("f32 without TF32");
  if (!trivial(gemm.axes[0])) return unsupported("three spatial dims");
  if (gemm.batches() > 65535) return unsupported(gemm.batches(), " batches and groups");
  if (gemm.n > 1 && gemm.y.column != 1) return unsupported("channels of y lie ", gemm.y.column, " apart; needs 1");
  view.patches = patches;
  const WindowAxis& down = gemm.axes[1];
  const WindowAxis& across = gemm.axes[2];
  const std::int64_t size = view.element_bytes();
  DeviceContraction& args = view.args;

  if (patches) {
    const bool touching = down.kernel == down.stride && across.kernel == across.stride && down.before == 0 &&
                          across.before == 0 && down.dilation == 1 && across.dilation == 1 &&
                          down.out * down.stride <= down.in && across.out * across.stride <= across.in;
    if (!touching || across.kernel < 2) return unsupported("windows that overlap or leave gaps");
    if (gemm.batch1 != 1 || gemm.b_constant == nullptr) return unsupported("groups, or weights that are computed");
    if (gemm.a.pixel != 1) return unsupported("pixels of x lie ", gemm.a.pixel, " apart; needs 1");
    args.c = static_cast<int>(across.kernel);
    args.s = static_cast<int>(down.kernel);
    args.tap_line = gemm.a.column;
    args.tap_pixel = gemm.a.line;
    args.h = args.w = 1;
    args.as = {0, 0, gemm.a.image, gemm.a.line * down.stride, across.stride};
  } else {
    if (gemm.c > 1 && gemm.a.column != 1) return unsupported("channels of x lie ", gemm.a.column, " apart; needs 1");
    args.c = static_cast<int>(gemm.c);
    args.s = static_cast<int>(across.kernel);
    args.tap_line = gemm.a.line * down.dilation;
    args.tap_pixel = gemm.a.pixel * across.dilation;
    args.h = static_cast<int>(down.in);
    args.w = static_cast<int>(across.in);
    args.stride_h = static_cast<int>(down.stride);
    args.stride_w = static_cast<int>(across.stride);
    args.pad_h = static_cast<int>(down.before);
    args.pad_w = static_cast<int>(across.before);
    args.step_h = static_cast<int>(down.dilation);
    args.step_w = static_cast<int>(across.dilation);
    args.corner = down.before * gemm.a.line + across.before * gemm.a.pixel;
    args.as = device_strides(gemm.a);
    args.as.line *= down.stride;
    args.as.pixel *= across.stride;
    if (gemm.taps() == 1 && down.before == 0 && across.before == 0 && down.after == 0 && across.after == 0) {
      RowStrides rows = gemm.a;
      rows.line = args.as.line;
      rows.pixel = args.as.pixel;
      if (const auto distance = row_distance(gemm, rows)) {
        view.linear = true;
        args.as.pixel = *distance;
      }
    }
  }
  if (!is_float_format(gemm.a_format)) {
    // Strides along what has one position may be anything; they must not decide the alignment.
    if (down.kernel == 1) args.tap_line = 0;
    if (across.kernel == 1) args.tap_pixel = 0;
    if (gemm.images == 1) args.as.image = 0;
    if (down.out == 1) args.as.line = 0;
    if (across.out == 1 && !view.linear) args.as.pixel = 0;
  }
  for (const WindowAxis& axis : {down, across}) {
    const bool near = axis.in < 16384 && axis.before < 8192 && axis.kernel * axis.dilation < 8192;
    if (!view.linear && !patches && !near) return unsupported("windows over a line of ", axis.in, " pixels");
  }
  const std::int64_t reach = gemm.images * gemm.a.image + down.in * gemm.a.line + across.in * gemm.a.pixel +
                             gemm.c * gemm.a.column + std::abs(args.corner);
  if (reach > kMostOffset) return unsupported("x reaches over ", reach, " elements");
  args.m = static_cast<int>(gemm.m());
  args.n = static_cast<int>(gemm.n);
  args.kd = static_cast<int>(gemm.kd());
  args.oh = static_cast<int>(down.out);
  args.ow = static_cast<int>(across.out);
  args.inner_batch = static_cast<int>(gemm.batch1);
  args.splits = 1;
  const auto& as = args.as;
  view.a_unit = common_unit(
      {as.batch0, as.batch1, as.image, as.line, as.pixel, args.tap_line, args.tap_pixel, args.corner, args.c}, size);

  view.packed = gemm.b_constant != nullptr && gemm.b_batch0 == 0 && (gemm.batch1 == 1 || gemm.b_batch1 != 0);
  if (view.packed) {
    args.b_row = packed_rows(gemm).row;
    args.b_batch1 = gemm.n * args.b_row;
  } else {
    if (gemm.taps() != 1) return unsupported("a kernel that is computed");
    args.b_batch0 = gemm.b_batch0;
    args.b_batch1 = gemm.b_batch1;
    if (gemm.b_c == 1 || gemm.c == 1) {
      args.b_row = gemm.b_n;
      view.b_unit = common_unit({gemm.b_batch0, gemm.b_batch1, gemm.b_n, gemm.c}, size);
    } else if ((gemm.b_n == 1 || gemm.n == 1) && gemm.a_format < 2) {
      view.b_rows_of_k = true;
      args.b_row = gemm.b_c;
      view.b_unit = common_unit({gemm.b_batch0, gemm.b_batch1, gemm.b_c, gemm.n}, size);
    } else {
      return unsupported("b with strides ", gemm.b_c, " and ", gemm.b_n);
    }
  }

  args.ys = device_strides(gemm.y);
  if (const auto distance = row_distance(gemm, gemm.y)) {
    view.y_linear = true;
    args.ys.pixel = *distance;
  }
  const auto& ys = args.ys;
  view.y_vectors =
      common_unit({ys.batch0, ys.batch1, view.y_linear ? 0 : ys.image, view.y_linear ? 0 : ys.line, ys.pixel, gemm.n},
                  format_bytes(gemm.y_format)) == 16;
  for (std::size_t i = 0; i < gemm.extras.size(); ++i) {
    const GemmExtra& extra = gemm.extras[i];
    args.extra[i] = device_extra(gemm, extra);
    if (extra_kind(gemm, extra) != ExtraKind::kRows || extra.format >= 2 || gemm.y_format >= 2) continue;
    if (view.fetch < 0 && view.y_vectors &&
        common_unit({extra.strides.batch0, extra.strides.batch1, args.extra[i].pixel, gemm.n}, 2) == 16)
      view.fetch = static_cast<int>(i);
  }
  view.gaps = !dense(problem.inputs[0]) || !dense(problem.outputs[0]);
  if (!view.packed) view.gaps |= !dense(problem.inputs[1]);
  for (const GemmExtra& extra : gemm.extras) view.gaps |= !dense(problem.inputs[static_cast<std::size_t>(extra.input)]);
  return view;
}

}  // namespace

Result<GemmView> gemm_view(const Problem& problem, const CudaTarget& target, bool patches) {
  TRY(GemmProblem gemm, gemm_problem(problem));
  return view_of(std::move(gemm), problem, target, patches);
}

Result<GemmView> integer_gemm_view(const Problem& problem, const CudaTarget& target) {
  TRY(GemmProblem gemm, integer_gemm_problem(problem));
  return view_of(std::move(gemm), problem, target, false);
}

std::optional<DeviceContraction> addressed(const GemmView& view, const KernelBuffers& buffers) {
  DeviceContraction args = view.args;
  args.a = buffers.inputs[0];
  args.b = view.packed ? static_cast<const void*>(buffers.packed) : buffers.inputs[1];
  args.y = buffers.outputs[0];
  args.part = reinterpret_cast<float*>(buffers.workspace);
  if (!aligned(args.a, view.a_unit) || !aligned(args.b, view.b_unit)) return std::nullopt;
  if (view.y_vectors && !aligned(args.y, 16)) return std::nullopt;
  for (std::size_t i = 0; i < view.gemm.extras.size(); ++i) {
    args.extra[i].data = buffers.inputs[view.gemm.extras[i].input];
    if (static_cast<int>(i) == view.fetch && !aligned(args.extra[i].data, 16)) return std::nullopt;
  }
  return args;
}

}  // namespace bolide::cuda
