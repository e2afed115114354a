#include "backend/cpu/movement/pieces.h"
#include "backend/cpu/movement/tactics.h"
#include "backend/cuda/cuda_target.h"
#include "backend/cuda/elementwise/tactics.h"
#include "backend/cuda/text/kernel_text.h"
#include "backend/cuda/text/nest_text.h"
#include "backend/cuda/text/text_kernel.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

constexpr int kThreads = 256;
constexpr std::int64_t kTile = 32;

std::string_view raw_type(int bytes) {
  switch (bytes) {
    case 1: return "uint8_t";
    case 2: return "uint16_t";
    case 4: return "uint32_t";
    case 8: return "uint64_t";
    case 16: return "Pair64";
    default: return {};
  }
}

/// Where the destination and the source run along different dims, both long enough to be worth a tile.
struct Tiling {
  std::size_t to_dim = 0;
  std::size_t from_dim = 0;
};
std::optional<Tiling> tiling_of(const NestText& nest) {
  if (nest.strides[0].back() != 1 || nest.strides[1].back() == 1 || nest.dims.size() < 2) return std::nullopt;
  const std::size_t inner = nest.dims.size() - 1;
  for (std::size_t d = 0; d < inner; ++d) {
    if (nest.strides[1][d] == 1 && nest.dims[d] >= 8 && nest.dims[inner] >= 8) return Tiling{inner, d};
  }
  return std::nullopt;
}

std::string tile_text(const NestText& nest, const Tiling& tiling, std::string_view function, std::string_view type) {
  const std::int64_t a = nest.dims[tiling.to_dim];
  const std::int64_t b = nest.dims[tiling.from_dim];
  std::string text = strings::join("extern \"C\" __global__ void BLOCK_OF(256) ", function, "(", type,
                                   "* __restrict__ y, const ", type, "* __restrict__ x) {\n  __shared__ ", type,
                                   " tile[32][33];\n  int64_t rest = blockIdx.x;\n  const int ta = (int)(rest % ",
                                   (a + kTile - 1) / kTile, ") * 32;\n  rest /= ", (a + kTile - 1) / kTile,
                                   ";\n  const int tb = (int)(rest % ", (b + kTile - 1) / kTile,
                                   ") * 32;\n  rest /= ", (b + kTile - 1) / kTile, ";\n  int64_t to = 0, from = 0;\n");
  for (std::size_t d = nest.dims.size(); d-- > 0;) {
    if (d == tiling.to_dim || d == tiling.from_dim) continue;
    text += strings::join("  to += rest % ", nest.dims[d], " * ", nest.strides[0][d], "ll; from += rest % ",
                          nest.dims[d], " * ", nest.strides[1][d], "ll; rest /= ", nest.dims[d], ";\n");
  }
  text += strings::join(
      "  const int lane = threadIdx.x & 31, row = threadIdx.x >> 5;\n#pragma unroll\n"
      "  for (int j = 0; j < 32; j += 8) {\n    const int ia = ta + row + j, ib = tb + lane;\n"
      "    if (ia < ",
      a, " && ib < ", b, ") tile[row + j][lane] = x[from + ia * ", nest.strides[1][tiling.to_dim],
      "ll + ib];\n  }\n  __syncthreads();\n#pragma unroll\n"
      "  for (int j = 0; j < 32; j += 8) {\n    const int ia = ta + lane, ib = tb + row + j;\n"
      "    if (ia < ",
      a, " && ib < ", b, ") y[to + ia + ib * ", nest.strides[0][tiling.from_dim],
      "ll] = tile[lane][row + j];\n  }\n}\n");
  return text;
}

std::string row_text(const NestText& nest, bool zeros, std::string_view function, std::string_view type, int width) {
  const std::string_view offset = nest.offset_type();
  std::string text = strings::join(
      "extern \"C\" __global__ void BLOCK_OF(", kThreads, ") ", function, "_", width, "(", type, "* __restrict__ y",
      zeros ? std::string() : strings::join(", const ", type, "* __restrict__ x"), ") {\n  const ", offset,
      " group = (", offset, ")blockIdx.x * ", kThreads, " + threadIdx.x;\n  if (group >= ", nest.count() / width,
      ") return;\n", nest.offsets("group", width));
  const std::string group = strings::join("Group<", type, ", ", width, ">");
  if (zeros) {
    text += strings::join("  *(", group, "*)(y + o0) = ", group, "{};\n}\n");
  } else if (nest.strides[1].back() == 1) {
    text += strings::join("  *(", group, "*)(y + o0) = *(const ", group, "*)(x + o1);\n}\n");
  } else {
    text += strings::join("  ", group, " to;\n  for (int e = 0; e < ", width, "; ++e) to.at[e] = x[o1];\n  *(", group,
                          "*)(y + o0) = to;\n}\n");
  }
  return text;
}

class CopyTactic final : public Tactic {
 public:
  constexpr CopyTactic() : Tactic("cuda.copy", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<std::vector<cpu::Piece>> pieces = cpu::pieces_of(problem);
    if (!pieces) return reject(pieces.error().message);
    if (pieces->size() > 64) return reject(pieces->size(), " parts");
    if (problem.outputs[0].dtype == DataType::kString) return reject("strings");
    return accept();
  }

  double estimate_us(const Problem& problem, const Target& target) const override {
    const Result<std::vector<cpu::Piece>> pieces = cpu::pieces_of(problem);
    if (!pieces) return 1e6;
    double us = 0;
    for (const cpu::Piece& piece : *pieces) {
      const NestText nest = NestText::make(piece.view.dims, {piece.view.to_strides, piece.view.from_strides});
      const double bytes = 2.0 * static_cast<double>(piece.move.bytes());
      const bool scattered = nest.strides[0].back() != 1 || (nest.strides[1].back() > 1 && !tiling_of(nest));
      us += estimate_cuda_us(cuda_target(target), scattered ? 3 * bytes : bytes);
    }
    return us;
  }

  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(const std::vector<cpu::Piece> pieces, cpu::pieces_of(problem));
    std::vector<TextLaunch> launches;
    std::string text = joined_text({"chain"}) + "typedef Group<uint64_t, 2> Pair64;\n";
    for (const cpu::Piece& piece : pieces) {
      const int bytes = bit_width(problem.outputs[static_cast<std::size_t>(piece.output)].dtype) / 8;
      const NestText nest = NestText::make(piece.view.dims, {piece.view.to_strides, piece.view.from_strides});
      if (nest.count() == 0) continue;
      const bool zeros = piece.input == cpu::Piece::kZeros;
      const std::string function = strings::join("copy", launches.size());
      TextLaunch launch;
      launch.args.push_back({AddressArg::Kind::kOutput, piece.output, piece.to * bytes});
      if (!zeros) launch.args.push_back({AddressArg::Kind::kInput, piece.input, piece.from * bytes});
      const std::string_view type = raw_type(bytes);
      const auto form = [&](std::string name, std::int64_t blocks, int width) -> Status {
        if (blocks >= INT64_C(1) << 31) return unsupported(nest.count(), " elements in one launch");
        launch.forms.push_back({.function = std::move(name),
                                .launch = {.grid = {static_cast<unsigned>(blocks), 1, 1}, .block = {kThreads, 1, 1}},
                                .alignment = static_cast<std::size_t>(width > 1 ? width * bytes : 1)});
        return {};
      };
      if (const auto tiling = tiling_of(nest); tiling && !zeros) {
        text += tile_text(nest, *tiling, function, type);
        const std::int64_t a = nest.dims[tiling->to_dim];
        const std::int64_t b = nest.dims[tiling->from_dim];
        const std::int64_t batch = nest.count() / a / b;
        TRY_OK(form(function, batch * ((a + kTile - 1) / kTile) * ((b + kTile - 1) / kTile), 1));
      } else {
        for (int width = nest.width(bytes);; width = 1) {
          text += row_text(nest, zeros, function, type, width);
          TRY_OK(form(strings::join(function, "_", width), (nest.count() / width + kThreads - 1) / kThreads, width));
          if (width == 1) break;
        }
      }
      launches.push_back(std::move(launch));
    }
    for (TextLaunch& launch : launches) launch.program = {.name = "copy", .text = text};
    return std::unique_ptr<Kernel>(std::make_unique<TextKernel>(std::move(launches)));
  }
};

constexpr CopyTactic kTactic;

}  // namespace

std::span<const Tactic* const> copy_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cuda
