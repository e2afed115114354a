#include "backend/cuda/gather/tactics.h"

#include "backend/cuda/cuda_target.h"
#include "backend/cuda/text/expr_text.h"
#include "backend/cuda/text/kernel_text.h"
#include "backend/cuda/text/nest_text.h"
#include "backend/cuda/text/text_kernel.h"
#include "ops/axis.h"
#include "ops/gather.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

constexpr int kThreads = 256;

/// Operands of the nest: y, x (0 along the indices), indices (0 elsewhere).
struct GatherWork {
  NestText nest;
  std::int64_t size = 0;
  std::int64_t stride = 0;
  bool wide = true;
  int bytes = 4;
};

Result<GatherWork> gather_work(const Problem& problem) {
  const auto* whole = problem.op->as<Gather>();
  const auto* elements = problem.op->as<GatherElements>();
  if (whole == nullptr && elements == nullptr) return unsupported("neither Gather nor GatherElements");
  const Operand& x = problem.inputs[0];
  const Operand& indices = problem.inputs[1];
  const Operand& y = problem.outputs[0];
  if (indices.dtype != DataType::kI64 && indices.dtype != DataType::kI32) {
    return unsupported("indices of ", indices.dtype);
  }
  const int bits = bit_width(x.dtype);
  if (x.dtype == DataType::kString || bits < 8 || bits > 64) return unsupported("elements of ", x.dtype);
  TRY(const std::size_t axis, normalize_axis(whole != nullptr ? whole->axis : elements->axis, x.rank()));
  if (x.dims[axis] == 0 || y.count() == 0) return unsupported("no elements");
  Dims from(y.dims.size(), 0);
  Dims at(y.dims.size(), 0);
  if (elements != nullptr) {
    for (std::size_t d = 0; d < y.dims.size(); ++d) {
      if (d != axis && y.dims[d] > x.dims[d]) return unsupported("indices ", y.dims, " reach beyond data ", x.dims);
    }
    from = x.strides;
    from[axis] = 0;
    at = indices.strides;
  } else {
    const std::size_t picked = indices.dims.size();
    for (std::size_t d = 0; d < axis; ++d) from[d] = x.strides[d];
    for (std::size_t d = 0; d < picked; ++d) at[axis + d] = indices.strides[d];
    for (std::size_t d = axis + 1; d < x.dims.size(); ++d) from[d - 1 + picked] = x.strides[d];
  }
  return GatherWork{.nest = NestText::make(y.dims, {y.strides, std::move(from), std::move(at)}),
                    .size = x.dims[axis],
                    .stride = x.strides[axis],
                    .wide = indices.dtype == DataType::kI64,
                    .bytes = bits / 8};
}

/// Any strides. An index that is out of range is reported and reads the nearest place there is.
class GatherTactic final : public Tactic {
 public:
  constexpr GatherTactic() : Tactic("cuda.gather", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto work = gather_work(problem);
    return work ? accept() : reject(work.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Operand& y = problem.outputs[0];
    return estimate_cuda_us(cuda_target(target), 2.0 * static_cast<double>(bolide::packed_bytes(y.dtype, y.count())));
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(const GatherWork work, gather_work(problem));
    const std::string_view type = work.bytes == 1   ? "uint8_t"
                                  : work.bytes == 2 ? "uint16_t"
                                  : work.bytes == 4 ? "uint32_t"
                                                    : "uint64_t";
    TextLaunch launch{.program = {.name = "gather", .text = joined_text({"chain"})},
                      .args = {{AddressArg::Kind::kOutput, 0},
                               {AddressArg::Kind::kInput, 0},
                               {AddressArg::Kind::kInput, 1},
                               {AddressArg::Kind::kFault}}};
    int widest = 1;
    for (const int width : {8, 4, 2}) {
      if (width * work.bytes > 16 || work.nest.dims.back() % width != 0 || work.stride % width != 0) continue;
      bool fits =
          work.nest.strides[0].back() == 1 && work.nest.strides[1].back() == 1 && work.nest.strides[2].back() == 0;
      for (std::size_t o = 0; o < 2; ++o) {
        for (std::size_t d = 0; d + 1 < work.nest.dims.size(); ++d) fits = fits && work.nest.strides[o][d] % width == 0;
      }
      if (fits) {
        widest = width;
        break;
      }
    }
    for (int width = widest;; width = 1) {
      const std::string group = strings::join("Group<", type, ", ", width, ">");
      launch.program.text += strings::join(
          "extern \"C\" __global__ void BLOCK_OF(", kThreads, ") gather_", width, "(", type, "* __restrict__ y, const ",
          type, "* __restrict__ x, const ", work.wide ? "int64_t" : "int",
          "* __restrict__ indices, Fault* __restrict__ fault) {\n  const int64_t group = (int64_t)blockIdx.x * ",
          kThreads, " + threadIdx.x;\n  if (group >= ", work.nest.count() / width, ") return;\n",
          work.nest.offsets("group", width), "  const int64_t at = place_of((int64_t)indices[o2], ", work.size,
          "ll, fault);\n  *(", group, "*)(y + o0) = *(const ", group, "*)(x + o1 + at * ", work.stride, "ll);\n}\n");
      const std::int64_t blocks = (work.nest.count() / width + kThreads - 1) / kThreads;
      if (blocks >= INT64_C(1) << 31) return unsupported(work.nest.count(), " elements in one launch");
      // Indices are aligned to their own size, which may be less than a group's.
      launch.forms.push_back({.function = strings::join("gather_", width),
                              .launch = {.grid = {static_cast<unsigned>(blocks), 1, 1}, .block = {kThreads, 1, 1}},
                              .alignment = static_cast<std::size_t>(width > 1 ? width * work.bytes : 1)});
      if (width == 1) break;
    }
    return std::unique_ptr<Kernel>(std::make_unique<TextKernel>(std::vector{std::move(launch)}));
  }
};

constexpr GatherTactic kTactic;

}  // namespace

std::span<const Tactic* const> gather_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cuda
