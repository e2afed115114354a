#include "backend/cpu/depthwise/work.h"

#include "tensor/number.h"

namespace bolide::cpu {

Result<DepthwiseWork> any_depthwise_work(const Problem& problem) {
  const Conv* conv = problem.op->as<Conv>();
  if (conv == nullptr) return unsupported("not a Conv");
  const Operand& x = problem.inputs[0];
  const Operand& w = problem.inputs[1];
  const Operand& y = problem.outputs[0];
  const std::size_t spatial = x.dims.size() - 2;
  if (conv->groups != x.dims[1] || w.dims[1] != 1) {
    return unsupported("groups ", conv->groups, " of ", x.dims[1], " channels; needs one channel a group");
  }
  if (spatial > 2) return unsupported(spatial, " spatial dims; at most 2");
  if (w.constant == nullptr) return unsupported("the weights are not constant");
  DepthwiseWork out;
  out.has_bias = problem.inputs.size() > 2 && !problem.inputs[2].absent;
  if (out.has_bias && problem.inputs[2].constant == nullptr) return unsupported("the bias is not constant");
  out.batch = x.dims[0];
  out.channels = w.dims[0];
  out.multiplier = w.dims[0] / conv->groups;
  TRY(const std::vector<WindowAxis> axes,
      window_axes("Conv", conv->window(), std::span(w.dims).subspan(2), std::span(x.dims).subspan(2)));
  out.height = {.in = 1, .out = 1};
  if (spatial == 2) out.height = axes[0];
  out.width = axes.back();
  for (std::size_t d = 0; d < 2; ++d) {
    out.x_strides[d] = x.strides[d];
    out.out_strides[d] = y.strides[d];
  }
  for (std::size_t d = 0; d < spatial; ++d) {
    out.x_strides[4 - spatial + d] = x.strides[2 + d];
    out.out_strides[4 - spatial + d] = y.strides[2 + d];
  }
  return out;
}

Result<DepthwiseWork> depthwise_work(const Problem& problem) {
  TRY(DepthwiseWork out, any_depthwise_work(problem));
  if (out.channels > 1 && out.out_strides[1] != 1)
    return unsupported("output channels stand ", out.out_strides[1], " apart");
  if (problem.inputs[0].dims[1] > 1 && out.x_strides[1] != 1)
    return unsupported("input channels stand ", out.x_strides[1], " apart");
  return out;
}

Result<GemmEpilogue> depthwise_epilogue(const Problem& problem, const DepthwiseWork&, const KernelTable& table) {
  const bool integer = problem.inputs[0].dtype != DataType::kF32;
  return GemmEpilogue::make(problem, problem.op->as<Conv>()->epilogue, {problem.outputs[0].dims, 1}, integer, table);
}

std::size_t depthwise_packed_bytes(const DepthwiseWork& work) {
  return static_cast<std::size_t>(work.channels * (work.taps() + 1)) * sizeof(float);
}

Status pack_depthwise(const Problem& problem, const DepthwiseWork& work, std::span<std::byte> to) {
  auto* const bias = reinterpret_cast<float*>(to.data());
  float* const weights = bias + work.channels;
  std::fill_n(bias, work.channels, 0.0F);
  if (work.has_bias) {
    TRY(const Tensor numbers, cast(*problem.inputs[2].constant, DataType::kF32));
    std::copy_n(numbers.span<float>().data(), work.channels, bias);
  }
  TRY(const Tensor numbers, cast(*problem.inputs[1].constant, DataType::kF32));
  const float* from = numbers.span<float>().data();
  const auto zero = static_cast<float>(problem.op->as<Conv>()->w_zero);
  const std::int64_t taps = work.taps();
  for (std::int64_t c = 0; c < work.channels; ++c) {
    for (std::int64_t t = 0; t < taps; ++t) weights[t * work.channels + c] = from[c * taps + t] - zero;
  }
  return ok();
}

DepthwiseRow row_template(const DepthwiseWork& work, const std::byte* packed) {
  DepthwiseRow row;
  row.bias = reinterpret_cast<const float*>(packed);
  row.w = row.bias + work.channels;
  row.w_tap = work.channels;
  row.kernel_width = work.width.kernel;
  row.stride = work.width.stride;
  row.dilation = work.width.dilation;
  row.before = work.width.before;
  row.in_width = work.width.in;
  row.out_width = work.width.out;
  return row;
}

KernelRows kernel_rows(const WindowAxis& height, std::int64_t oh) {
  const std::int64_t start = oh * height.stride - height.before;
  KernelRows out;
  out.begin = std::min(height.kernel, start >= 0 ? 0 : (-start + height.dilation - 1) / height.dilation);
  const std::int64_t end =
      height.in > start ? std::min(height.kernel, (height.in - start - 1) / height.dilation + 1) : 0;
  out.end = std::max(out.begin, end);
  out.first = out.end > out.begin ? start + out.begin * height.dilation : 0;
  return out;
}

double depthwise_core_us(const Problem& problem, const DepthwiseWork& work, const CpuTarget& target) {
  const double products = static_cast<double>(problem.outputs[0].count()) * static_cast<double>(work.taps());
  return products / (kernel_table(target.isa).lanes * target.ghz * 1e3);
}

}  // namespace bolide::cpu
