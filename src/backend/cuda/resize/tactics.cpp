#include "backend/cuda/resize/tactics.h"

#include "backend/cuda/cuda_target.h"
#include "backend/cuda/text/expr_text.h"
#include "backend/cuda/text/kernel_text.h"
#include "backend/cuda/text/nest_text.h"
#include "backend/cuda/text/text_kernel.h"
#include "backend/resize_problem.h"

#include <algorithm>
#include <cstring>

namespace bolide::cuda {
namespace {

constexpr int kThreads = 256;

/// Of one resized axis: `most` entries for each position of the result, in the packed constants.
struct AxisTable {
  std::size_t axis = 0;
  std::int64_t positions = 0;
  std::int64_t most = 1;
  std::int64_t first = 0;  ///< of its entries
  std::vector<std::vector<std::pair<std::int64_t, double>>> taps;
};
/// An entry: where it reads, and the weight.
struct Entry {
  std::int32_t at = 0;
  float weight = 0;
};

struct ResizeWork {
  std::vector<AxisTable> tables;
  std::int64_t entries = 0;
  bool nearest = false;
};

Result<ResizeWork> resize_work(const Problem& problem) {
  const auto* op = problem.op->as<Resize>();
  if (op == nullptr) return unsupported("not a Resize");
  const Operand& x = problem.inputs[0];
  const Operand& y = problem.outputs[0];
  if (x.count() == 0 || y.count() == 0) return unsupported("no elements");
  if (c_type(x.dtype).empty() || x.dtype == DataType::kF64) return unsupported(x.dtype);
  if (y.count() >= INT64_C(1) << 31) return unsupported("more than 2^31 results");
  ResizeWork out{.nearest = op->mode == ResizeMode::kNearest};
  if (!out.nearest && is_integer(x.dtype) && bit_width(x.dtype) > 8) return unsupported("blending of ", x.dtype);
  TRY(const std::vector<ResizeAxis> axes, resize_axes_of(problem));
  for (const ResizeAxis& axis : axes) {
    AxisTable table{.axis = axis.axis, .positions = y.dims[axis.axis], .first = out.entries};
    for (const ResizeTaps& taps : axis.taps) {
      if (taps.outside) return unsupported("positions beyond x");
      table.most = std::max(table.most, static_cast<std::int64_t>(taps.weights.size()));
      table.taps.push_back(taps.weights);
    }
    out.entries += table.positions * table.most;
    out.tables.push_back(std::move(table));
  }
  return out;
}

/// Numerics  weights in FP32, all axes in one sum; nearest copies
class ResizeTactic final : public Tactic {
 public:
  constexpr ResizeTactic() : Tactic("cuda.resize", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const auto work = resize_work(problem);
    return work ? accept() : reject(work.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const Operand& x = problem.inputs[0];
    const Operand& y = problem.outputs[0];
    return estimate_cuda_us(cuda_target(target),
                            static_cast<double>(bolide::packed_bytes(x.dtype, x.count() + y.count())));
  }
  std::size_t packed_bytes(const Problem& problem, const Target&) const override {
    const auto work = resize_work(problem);
    return work ? std::max<std::size_t>(static_cast<std::size_t>(work->entries), 1) * sizeof(Entry) : 0;
  }
  std::string pack_key(const Problem& problem, const Target&) const override {
    return strings::join(problem.inputs[0].dims, problem.outputs[0].dims);
  }
  Status pack(const Problem& problem, const Target&, std::span<std::byte> to) const override {
    TRY(const ResizeWork work, resize_work(problem));
    std::vector<Entry> entries(static_cast<std::size_t>(std::max<std::int64_t>(work.entries, 1)));
    for (const AxisTable& table : work.tables) {
      for (std::size_t p = 0; p < table.taps.size(); ++p) {
        for (std::size_t t = 0; t < table.taps[p].size(); ++t) {
          Entry& entry = entries[static_cast<std::size_t>(table.first) + p * static_cast<std::size_t>(table.most) + t];
          entry.at = static_cast<std::int32_t>(table.taps[p][t].first);
          entry.weight = static_cast<float>(table.taps[p][t].second);
        }
      }
    }
    std::memcpy(to.data(), entries.data(), entries.size() * sizeof(Entry));
    return {};
  }

  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(const ResizeWork work, resize_work(problem));
    const Operand& x = problem.inputs[0];
    const Operand& y = problem.outputs[0];
    const std::string_view type = c_type(x.dtype);
    std::vector<std::size_t> order;
    for (std::size_t d = 0; d < y.dims.size(); ++d) order.push_back(d);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return y.strides[a] > y.strides[b]; });
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return (y.dims[a] == 1) > (y.dims[b] == 1); });
    const int bytes = bit_width(x.dtype) / 8;
    // Neighbours along an innermost dim that is not resized move together.
    const std::size_t inner = order.back();
    const bool resized_inner = std::any_of(work.tables.begin(), work.tables.end(),
                                           [&](const AxisTable& table) { return table.axis == inner; });
    int widest = resized_inner || x.strides[inner] != 1 || y.strides[inner] != 1 ? 1 : std::max(16 / bytes, 1);
    for (std::size_t d = 0; d < y.dims.size(); ++d) {
      while (widest > 1 &&
             (d == inner ? y.dims[d] % widest != 0 : y.strides[d] % widest != 0 || x.strides[d] % widest != 0)) {
        widest /= 2;
      }
    }
    TextLaunch launch{
        .program = {.name = "resize", .text = joined_text({"chain"}) + "struct Entry { int at; float weight; };\n"},
        .args = {{AddressArg::Kind::kOutput, 0}, {AddressArg::Kind::kInput, 0}, {AddressArg::Kind::kPacked, 0}}};
    for (int width = widest;; width = 1) {
      const std::string group = strings::join("Group<", type, ", ", width, ">");
      std::string text = strings::join(
          "extern \"C\" __global__ void BLOCK_OF(", kThreads, ") resize_", width, "(", type, "* __restrict__ y, const ",
          type, "* __restrict__ x, const Entry* __restrict__ table) {\n  unsigned rest = blockIdx.x * ", kThreads,
          "u + threadIdx.x;\n  if (rest >= ", y.count() / width, "u) return;\n");
      for (std::size_t i = order.size(); i-- > 0;) {
        const bool last = i + 1 == order.size();
        const std::int64_t size = last ? y.dims[order[i]] / width : y.dims[order[i]];
        text +=
            strings::join("  const int p", order[i], " = (int)(rest % ", size, "u)",
                          last && width > 1 ? strings::join(" * ", width) : std::string(), "; rest /= ", size, "u;\n");
      }
      std::string to;
      std::string base;
      for (std::size_t d = 0; d < y.dims.size(); ++d) {
        to += strings::join(d == 0 ? "" : " + ", "p", d, " * (int64_t)", y.strides[d]);
        const bool resized = std::any_of(work.tables.begin(), work.tables.end(),
                                         [&](const AxisTable& table) { return table.axis == d; });
        if (!resized) base += strings::join(" + p", d, " * (int64_t)", x.strides[d]);
      }
      text += strings::join("  const ", type, "* const from = x", base, ";\n  float sum[", width, "] = {};\n  ", group,
                            " to = {};\n");
      std::string offset = "0";
      std::string weight = "1.f";
      std::string close;
      for (std::size_t t = 0; t < work.tables.size(); ++t) {
        const AxisTable& table = work.tables[t];
        text += strings::join(table.most <= 4 ? "#pragma unroll\n" : "", "  for (int t", t, " = 0; t", t, " < ",
                              table.most, "; ++t", t, ") {\n  const Entry e", t, " = table[", table.first, " + p",
                              table.axis, " * ", table.most, " + t", t, "];\n");
        offset += strings::join(" + e", t, ".at * (int64_t)", x.strides[table.axis]);
        weight += strings::join(" * e", t, ".weight");
        close += "  }\n";
      }
      text += strings::join("  const ", group, " group = *(const ", group, "*)(from + ", offset, ");\n");
      if (work.nearest) {
        text += strings::join("  to = group;\n", close);
      } else {
        text += strings::join("  const float weight = ", weight, ";\n#pragma unroll\n  for (int e = 0; e < ", width,
                              "; ++e) sum[e] += weight * to_f32(group.at[e]);\n", close,
                              "#pragma unroll\n  for (int e = 0; e < ", width, "; ++e) to.at[e] = Store<", type,
                              ">::from(sum[e]);\n");
      }
      text += strings::join("  *(", group, "*)(y + (", to, ")) = to;\n}\n");
      launch.program.text += text;
      const std::int64_t blocks = (y.count() / width + kThreads - 1) / kThreads;
      launch.forms.push_back({.function = strings::join("resize_", width),
                              .launch = {.grid = {static_cast<unsigned>(blocks), 1, 1}, .block = {kThreads, 1, 1}},
                              .alignment = static_cast<std::size_t>(width > 1 ? width * bytes : 1)});
      if (width == 1) break;
    }
    return std::unique_ptr<Kernel>(std::make_unique<TextKernel>(std::vector{std::move(launch)}));
  }
};

constexpr ResizeTactic kTactic;

}  // namespace

std::span<const Tactic* const> resize_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cuda
