#include "backend/cpu/conv/tactics.h"

#include "backend/cpu/gemm/tiles.h"

namespace bolide {

std::span<const Tactic* const> conv_tactics() {
  static const std::array kTactics = {
      &conv_rows_f32(),
      &conv_strip_f32(),
  };
  return kTactics;
}

Verdict check_f32_conv(const Problem& problem, const Target& target) {
  if (problem.inputs[1].constant == nullptr) return reject("the weights are not constant");
  if (conv_has_bias(problem)) {
    const Operand& bias = problem.inputs[2];
    if (bias.dtype != DataType::kF32 || !bias.contiguous()) return reject("the bias is not contiguous f32");
  }
  const Conv& conv = *problem.op->as<Conv>();
  const auto epilogue =
      GemmEpilogue::make(problem, conv.epilogue, conv_result(problem), false, kernel_table(cpu_target(target).isa));
  if (!epilogue) return reject(epilogue.error().message);
  return accept();
}

double estimate_conv_us(const Problem& problem, const ConvGeometry& geometry, const CpuTarget& target,
                        double efficiency) {
  const int lanes = kernel_table(target.isa).lanes;
  const std::int64_t used = (geometry.group_out + lanes - 1) / lanes * lanes;
  const double waste = static_cast<double>(used) / static_cast<double>(std::max<std::int64_t>(1, geometry.group_out));
  double bytes = 0;
  for (const Operand& operand : problem.inputs) {
    if (!operand.absent) bytes += static_cast<double>(operand.count() * bit_width(operand.dtype) / 8);
  }
  const Operand& y = problem.outputs[0];
  bytes += static_cast<double>(y.count() * bit_width(y.dtype) / 8);
  return roofline_us(target, geometry.multiply_adds() * waste, bytes, efficiency);
}

}  // namespace bolide
