#include "backend/cuda/elements/tactics.h"
#include "backend/cuda/text/element_text.h"
#include "backend/cuda/text/kernel_text.h"
#include "ops/quantize.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

using Kind = AddressArg::Kind;

constexpr std::int64_t kMostBlocks = 256;

/// Parts of the range by block; the scale and zero point of all parts, in one block; the codes.
Result<TextWork> dynamic_quantize_work(const Problem& problem) {
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (problem.outputs.size() < 3) return unsupported("a result that is left out");
  for (const Operand& output : problem.outputs) {
    if (output.absent) return unsupported("a result that is left out");
  }
  if (x.dtype != DataType::kF32) return unsupported("x of ", x.dtype);
  const std::int64_t count = x.count();
  if (count == 0) return unsupported("no elements");
  const std::int64_t blocks = std::clamp<std::int64_t>((count + 1023) / 1024, 1, kMostBlocks);
  std::string position = "  int64_t rest = i;\n";
  for (std::size_t d = x.dims.size(); d-- > 0;) {
    position += strings::join("    const int64_t p", d, " = rest % ", x.dims[d], "ll; rest /= ", x.dims[d], "ll;\n");
  }
  // NaN is passed over, as the reference does.
  Program program;
  program.name = "dynamic_quantize";
  program.text =
      joined_text({"rows"}) +
      strings::join(
          "extern \"C\" __global__ void BLOCK_OF(256) range_parts(const float* __restrict__ x, float* parts) "
          "{\n"
          "  float low = 0.f, high = 0.f;\n  for (int64_t i = (int64_t)blockIdx.x * 256 + threadIdx.x; i < ",
          count, "ll; i += ", blocks * 256, ") {\n  ", position, "    const float v = x[", offset_text(x.strides),
          "];\n    if (v < low) low = v;\n    if (v > high) high = v;\n  }\n"
          "  low = all_lanes<Least, 256, false>(low);\n  high = all_lanes<Most, 256, false>(high);\n"
          "  if (threadIdx.x == 0) { parts[blockIdx.x * 2] = low; parts[blockIdx.x * 2 + 1] = high; }\n}\n"
          "extern \"C\" __global__ void BLOCK_OF(256) range_finish(const float* __restrict__ parts, float* "
          "scale, uint8_t* zero) {\n"
          "  float low = 0.f, high = 0.f;\n  if (threadIdx.x < ",
          blocks,
          ") { low = parts[threadIdx.x * 2]; high = parts[threadIdx.x * 2 + 1]; }\n"
          "  low = all_lanes<Least, 256, false>(low);\n  high = all_lanes<Most, 256, false>(high);\n"
          "  if (threadIdx.x != 0) return;\n  const float s = high == low ? 1.f : (high - low) / 255.f;\n"
          "  *scale = s;\n  *zero = Store<uint8_t>::from(rintf(-low / s));\n}\n");
  const auto form = [](std::string name, std::int64_t grid) {
    return TextForm{.function = std::move(name),
                    .launch = {.grid = {static_cast<unsigned>(grid), 1, 1}, .block = {256, 1, 1}}};
  };
  TextWork work;
  work.workspace = static_cast<std::size_t>(blocks) * 2 * sizeof(float);
  work.launches.push_back({.program = program,
                           .forms = {form("range_parts", blocks)},
                           .args = {{Kind::kInput, 0, 0}, {Kind::kWorkspace, 0, 0}}});
  work.launches.push_back({.program = program,
                           .forms = {form("range_finish", 1)},
                           .args = {{Kind::kWorkspace, 0, 0}, {Kind::kOutput, 1, 0}, {Kind::kOutput, 2, 0}}});
  ElementText text("quantize", y.dims, y.strides);
  text.pointer("y", {Kind::kOutput, 0, 0}, "uint8_t").pointer("x", {Kind::kInput, 0, 0}, "float");
  text.pointer("scale", {Kind::kOutput, 1, 0}, "const float").pointer("zero", {Kind::kOutput, 2, 0}, "const uint8_t");
  TRY(TextLaunch codes, text.finish(strings::join("  y[", offset_text(y.strides), "] = Store<uint8_t>::from(rintf(x[",
                                                  offset_text(x.strides), "] / *scale) + (float)*zero);\n")));
  work.launches.push_back(std::move(codes));
  work.bytes = 8.0 * static_cast<double>(count);
  return work;
}

constexpr TextTactic kDynamicQuantize("cuda.quantize.dynamic", 1, dynamic_quantize_work);

}  // namespace

std::span<const Tactic* const> dynamic_quantize_tactics() {
  static constexpr std::array<const Tactic*, 1> kAll = {&kDynamicQuantize};
  return kAll;
}

}  // namespace bolide::cuda
