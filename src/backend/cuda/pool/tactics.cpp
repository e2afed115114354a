#include "backend/cuda/pool/tactics.h"

#include "backend/cuda/cuda_target.h"
#include "backend/cuda/text/expr_text.h"
#include "backend/cuda/text/kernel_text.h"
#include "backend/cuda/text/nest_text.h"
#include "backend/cuda/text/text_kernel.h"
#include "backend/pool_windows.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

constexpr int kThreads = 256;

Result<PoolWindows> pool_work(const Problem& problem) {
  TRY(PoolWindows out, pool_windows(problem));
  const Operand& x = problem.inputs[0];
  if (x.dtype == DataType::kF64 || c_type(x.dtype).empty()) return unsupported(x.dtype);
  std::int64_t reach = 1;
  for (std::size_t d = 0; d < x.dims.size(); ++d) reach += (x.dims[d] - 1) * x.strides[d];
  if (reach >= INT64_C(1) << 31) return unsupported("more than 2^31 elements");
  return out;
}

/// One thread computes `width` neighbouring outputs whose windows lie as far apart in x as they do (channels-last).
std::string pool_text(const Problem& problem, const PoolWindows& work, const NestText& nest, int width,
                      std::span<const std::size_t> dims_of_nest) {
  const Operand& x = problem.inputs[0];
  const std::string_view type = c_type(x.dtype);
  std::string text = strings::join(
      "extern \"C\" __global__ void BLOCK_OF(", kThreads, ") pool_", width, "(", type, "* __restrict__ y, const ", type,
      "* __restrict__ x) {\n  const unsigned index = blockIdx.x * ", kThreads,
      " + threadIdx.x;\n  if (index >= ", nest.count() / width, "u) return;\n", "  unsigned rest = index;\n");
  // The nest is not joined: every dim of y keeps its own index p0, p1, ...
  for (std::size_t i = nest.dims.size(); i-- > 0;) {
    const bool inner = i + 1 == nest.dims.size();
    const std::int64_t size = inner ? nest.dims[i] / width : nest.dims[i];
    text += strings::join("  const int p", dims_of_nest[i], " = (int)(rest % ", size, ")",
                          inner && width > 1 ? strings::join(" * ", width) : std::string(), "; rest /= ", size, ";\n");
  }
  std::string to;
  for (std::size_t d = 0; d < x.dims.size(); ++d) {
    to += strings::join(d == 0 ? "" : " + ", "p", d, " * (int64_t)", problem.outputs[0].strides[d]);
  }
  text += strings::join("  const ", type, "* const plane = x + p0 * (int64_t)", x.strides[0], " + p1 * (int64_t)",
                        x.strides[1], ";\n  float sum[", width, "];\n#pragma unroll\n  for (int e = 0; e < ", width,
                        "; ++e) sum[e] = ", work.max ? "-__int_as_float(0x7f800000)" : "0.f", ";\n");
  std::string counted = "1";
  std::string offset = "0";
  std::string close;
  for (std::size_t a = 0; a < work.axes.size(); ++a) {
    const WindowAxis& axis = work.axes[a];
    const std::size_t d = a + 2;
    text += strings::join("  const int s", a, " = p", d, " * ", axis.stride, " - ", axis.before, ";\n");
    if (!work.max) {
      // Positions of the kernel that count: inside x, or inside the padded x.
      const std::int64_t low = work.counts_padding ? -axis.before : 0;
      const std::int64_t high = work.counts_padding ? axis.in + axis.after : axis.in;
      text += strings::join("  int n", a, " = 0;\n#pragma unroll\n  for (int k = 0; k < ", axis.kernel, "; ++k) n", a,
                            " += s", a, " + k * ", axis.dilation, " >= ", low, " && s", a, " + k * ", axis.dilation,
                            " < ", high, " ? 1 : 0;\n");
      counted += strings::join(" * n", a);
    }
  }
  for (std::size_t a = 0; a < work.axes.size(); ++a) {
    const WindowAxis& axis = work.axes[a];
    text += strings::join(axis.kernel <= 4 ? "#pragma unroll\n" : "", "  for (int k", a, " = 0; k", a, " < ",
                          axis.kernel, "; ++k", a, ") {\n  const int i", a, " = s", a, " + k", a, " * ", axis.dilation,
                          ";\n  if (i", a, " < 0 || i", a, " >= ", axis.in, ") continue;\n");
    offset += strings::join(" + i", a, " * ", x.strides[a + 2]);
    close += "  }\n";
  }
  text += strings::join("  const Group<", type, ", ", width, "> group = *(const Group<", type, ", ", width,
                        ">*)(plane + (", offset, "));\n#pragma unroll\n  for (int e = 0; e < ", width,
                        "; ++e) { const float v = to_f32(group.at[e]); sum[e] = ",
                        work.max ? "fn_max(sum[e], v)" : "sum[e] + v", "; }\n", close);
  if (!work.max) {
    text += strings::join("  const int counted = ", counted,
                          ";\n  const float share = counted > 0 ? 1.f / counted : 0.f;\n");
  }
  text += strings::join("  Group<", type, ", ", width, "> to;\n#pragma unroll\n  for (int e = 0; e < ", width,
                        "; ++e) to.at[e] = Store<", type, ">::from(sum[e]", work.max ? "" : " * share",
                        ");\n  *(Group<", type, ", ", width, ">*)(y + (", to, ")) = to;\n}\n");
  return text;
}

/// Numerics  the taps of a window in order, FP32
class PoolTactic final : public Tactic {
 public:
  constexpr PoolTactic() : Tactic("cuda.pool", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto work = pool_work(problem);
    if (!work) return reject(work.error().message);
    if (problem.outputs[0].count() >= INT64_C(1) << 31) return reject("more than 2^31 results");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Operand& x = problem.inputs[0];
    const Operand& y = problem.outputs[0];
    const double bytes = static_cast<double>(bolide::packed_bytes(x.dtype, x.count() + y.count()));
    return estimate_cuda_us(cuda_target(target), bytes * (x.strides[1] == 1 ? 1.0 : 1.5));
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(const PoolWindows work, pool_work(problem));
    const Operand& x = problem.inputs[0];
    const Operand& y = problem.outputs[0];
    // All dims of y in the order of memory, none joined.
    std::vector<std::size_t> order;
    for (std::size_t d = 0; d < y.dims.size(); ++d) order.push_back(d);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return y.strides[a] > y.strides[b]; });
    // Dims of one position say nothing about the order, but must not stand innermost.
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return (y.dims[a] == 1) > (y.dims[b] == 1); });
    NestText nest;
    nest.strides.resize(2);
    for (const std::size_t d : order) {
      nest.dims.push_back(y.dims[d]);
      nest.strides[0].push_back(y.strides[d]);
      nest.strides[1].push_back(x.strides[d]);
    }
    const int bytes = bit_width(x.dtype) / 8;
    int widest = 1;
    if (order.back() == 1 && x.strides[1] == 1 && y.strides[1] == 1) {
      widest = std::max(16 / bytes, 1);
      const auto fits = [&](std::int64_t number) { return number % widest == 0; };
      while (widest > 1 &&
             !(fits(y.dims[1]) && std::all_of(x.strides.begin() + 2, x.strides.end(), fits) &&
               std::all_of(y.strides.begin() + 2, y.strides.end(), fits) && fits(x.strides[0]) && fits(y.strides[0]))) {
        widest /= 2;
      }
    }
    TextLaunch launch{.program = {.name = "pool", .text = joined_text({"chain"})},
                      .args = {{AddressArg::Kind::kOutput, 0}, {AddressArg::Kind::kInput, 0}}};
    for (int width = widest;; width = 1) {
      launch.program.text += pool_text(problem, work, nest, width, order);
      const std::int64_t blocks = (nest.count() / width + kThreads - 1) / kThreads;
      launch.forms.push_back({.function = strings::join("pool_", width),
                              .launch = {.grid = {static_cast<unsigned>(blocks), 1, 1}, .block = {kThreads, 1, 1}},
                              .alignment = static_cast<std::size_t>(width > 1 ? width * bytes : 1)});
      if (width == 1) break;
    }
    return std::unique_ptr<Kernel>(std::make_unique<TextKernel>(std::vector{std::move(launch)}));
  }
};

constexpr PoolTactic kTactic;

}  // namespace

std::span<const Tactic* const> pool_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cuda
