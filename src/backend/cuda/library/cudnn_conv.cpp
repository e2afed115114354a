#include "backend/cuda/library/cudnn_conv.h"

#include "ops/conv.h"

namespace bolide::cuda {
namespace {

using Sizes = CudnnConv::Sizes;

constexpr CudnnType kTypes[] = {CudnnType::kHalf, CudnnType::kBfloat16, CudnnType::kFloat};  // by format
Status check_dense(const RowStrides& strides, const Sizes& sizes, std::string_view what) {
  const Sizes have = {strides.image, strides.column, strides.line, strides.pixel};
  const Sizes want = CudnnConv::strides_of(sizes);
  for (std::size_t i = 0; i < 4; ++i) {
    if (sizes[i] != 1 && have[i] != want[i]) return unsupported(what, " is not channels-last without gaps");
  }
  return {};
}

}  // namespace

CudnnConv::Sizes CudnnConv::strides_of(const Sizes& sizes) {
  return {sizes[1] * sizes[2] * sizes[3], 1, sizes[1] * sizes[3], sizes[1]};
}

Result<CudnnConv> cudnn_conv(const Problem& problem, const CudaTarget& target) {
  TRY(const GemmProblem gemm, gemm_problem(problem));
  CudnnConv conv;
  if (gemm.transposed) return unsupported("a transposed convolution");
  if (!problem.op->is<Conv>() && gemm.batches() != 1) return unsupported(gemm.batches(), " products");
  if (gemm.a_format != gemm.b_format) return unsupported("operands of two dtypes");
  if (gemm.a_format == 2 && !target.tf32) return unsupported("f32 without TF32");
  const WindowAxis& plane = gemm.axes[0];
  if (plane.in != 1 || plane.out != 1 || plane.kernel != 1) return unsupported("three spatial dims");
  if (gemm.b_constant == nullptr) return unsupported("weights that are computed");
  const WindowAxis& down = gemm.axes[1];
  const WindowAxis& across = gemm.axes[2];
  const std::int64_t groups = gemm.batch1;
  const std::int64_t unit = CudnnConv::kAlignment / format_bytes(gemm.a_format);
  if (gemm.c % unit != 0 || gemm.n * format_bytes(gemm.y_format) % CudnnConv::kAlignment != 0)
    return unsupported(gemm.c, " and ", gemm.n, " channels of a group; needs multiples of 16 bytes");
  conv.type = kTypes[gemm.a_format];
  conv.y_type = kTypes[gemm.y_format];
  conv.x = {gemm.images, gemm.c * groups, down.in, across.in};
  conv.w = {gemm.n * groups, gemm.c, down.kernel, across.kernel};
  conv.y = {gemm.images, gemm.n * groups, down.out, across.out};
  conv.strides = {down.stride, across.stride};
  conv.dilations = {down.dilation, across.dilation};
  conv.before = {down.before, across.before};
  conv.after = {down.after, across.after};
  TRY_OK(check_dense(gemm.a, conv.x, "x"));
  TRY_OK(check_dense(gemm.y, conv.y, "y"));
  TRY(conv.form, epilogue_form(gemm));
  if (conv.form.vector >= 0) {
    const GemmExtra& bias = gemm.extras[static_cast<std::size_t>(conv.form.vector)];
    conv.bias_type = kTypes[bias.format];
    conv.bias_input = bias.input;
  }
  if (conv.form.rows >= 0) {
    const GemmExtra& residual = gemm.extras[static_cast<std::size_t>(conv.form.rows)];
    TRY_OK(check_dense(residual.strides, conv.y, "the operand of the epilogue"));
    conv.residual_type = kTypes[residual.format];
    conv.residual_input = residual.input;
  }
  return conv;
}

}  // namespace bolide::cuda
