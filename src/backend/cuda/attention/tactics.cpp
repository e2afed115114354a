#include "backend/cuda/attention/tactics.h"

#include "backend/cuda/attention/attention_shape.h"
#include "backend/cuda/tactic_list.h"
#include "backend/cuda/text/kernel_text.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

/// attention.cu: Rows, Attention
struct DeviceRows {
  std::int64_t batch, head, row;
};
struct DeviceAttention {
  const void *q, *k, *v, *mask;
  void* y;
  DeviceRows qs, ks, vs, ys, ms;
  std::int64_t mask_key;
  float scale;
  int heads, queries, keys, d, e;
};

/// Warps of a block (16 queries each), keys of a tile, tiles in flight.
struct Tile {
  int warps, keys, stages;
};

std::int64_t shared_of(const AttentionShape& shape, const Tile& tile) {
  const std::int64_t pitch_k = shape.wide_d(16) * 2 + 16;
  return std::int64_t{tile.stages} * tile.keys * (pitch_k + shape.wide_e(16) * 2 + 16) + tile.warps * 16 * pitch_k;
}

DeviceRows device_rows(const Operand& operand) { return {operand.strides[0], operand.strides[1], operand.strides[2]}; }

bool vectors(const Problem& problem) {
  const auto unit = [](const Operand& operand) {
    return common_unit({operand.strides[0], operand.strides[1], operand.strides[2], operand.dims[3]}, 2);
  };
  return unit(problem.inputs[0]) == 16 && unit(problem.inputs[1]) == 16 && unit(problem.inputs[2]) == 16 &&
         unit(problem.outputs[0]) >= 4;
}

class AttentionKernel final : public ContractionKernel {
 public:
  AttentionKernel(const Problem& problem, const Tile& tile, const CudaTarget& target)
      : tile_(tile), mask_(has_mask(problem)), wide_(vectors(problem)), overlaps_(launches_overlap(target)) {
    const auto& op = *problem.op->as<bolide::Attention>();
    const AttentionShape shape = attention_shape(problem);
    bool gaps = false;
    for (std::size_t i = 0; i < 3; ++i) gaps |= !dense(problem.inputs[i]);
    gaps |= !dense(problem.outputs[0]);
    for (const bool wide : {wide_, false}) {
      Defines defines;
      defines.set("ELEM", *number_format(problem.inputs[0].dtype))
          .set("D", shape.wide_d(16))
          .set("E", shape.wide_e(16));
      defines.set("WARPS", tile.warps).set("KEYS", tile.keys).set("ST", tile.stages).set("VECQ", wide ? 16 : 2);
      defines.set("MASK", mask_ ? *number_format(problem.inputs[3].dtype) : -1);
      defines.set("MASKROWS", mask_ && mask_stride(problem.inputs[3], 2) != 0 ? 1 : 0);
      defines.set("CAUSAL", op.causal ? 1 : 0).set("PDL", overlaps_ ? 1 : 0).set("FASTMATH", 0);
      defines.set("POSITIVE", op.scale > 0 ? 1 : 0);
      // Registers for what each lane keeps: more blocks where heads are small and nothing is added to scores.
      const bool small = std::max(shape.wide_d(16), shape.wide_e(16)) <= 64 && tile.warps <= 4;
      const int together = mask_ ? 8 : op.causal || target.facts.capability > 90 ? 12 : 16;
      defines.set("MINB",
                  small ? std::max(1, (mask_ && mask_stride(problem.inputs[3], 2) == 0 && !op.causal ? 12 : together) /
                                          tile.warps)
                        : 1);
      texts_.push_back(defines.text() + joined_text({"contraction_numbers", "mma", "attention"}));
      if (!wide || !gaps) break;
    }
    shared_ = static_cast<std::size_t>(shared_of(shape, tile));
    args_.qs = device_rows(problem.inputs[0]);
    args_.ks = device_rows(problem.inputs[1]);
    args_.vs = device_rows(problem.inputs[2]);
    args_.ys = device_rows(problem.outputs[0]);
    set_scores(args_, problem, shape);
    args_.d = static_cast<int>(shape.d);
    args_.e = static_cast<int>(shape.e);
    const std::int64_t rows = std::int64_t{tile.warps} * 16;
    grid_ = {static_cast<unsigned>((shape.queries + rows - 1) / rows), static_cast<unsigned>(shape.batch * shape.heads),
             1};
  }

  std::vector<Use> programs() const override {
    std::vector<Use> out;
    for (const std::string& text : texts_) out.push_back({{"attention", text, {}}, "attention"});
    return out;
  }
  Status load(Device& device) override {
    auto& cuda = static_cast<CudaDevice&>(device);
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      TRY(functions_[i], cuda.function({"attention", texts_[i], {}}, "attention", shared_));
    }
    return {};
  }
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override {
    DeviceAttention args = args_;
    args.q = buffers.inputs[0];
    args.k = buffers.inputs[1];
    args.v = buffers.inputs[2];
    args.mask = mask_ ? buffers.inputs[3] : nullptr;
    args.y = buffers.outputs[0];
    const bool fits =
        !wide_ || (aligned(args.q, 16) && aligned(args.k, 16) && aligned(args.v, 16) && aligned(args.y, 4));
    if (!fits && texts_.size() < 2) return internal_error("an operand of attention is less aligned than its strides");
    return cuda::launch(static_cast<CudaStream&>(stream), functions_[fits ? 0 : 1],
                        {.grid = grid_,
                         .block = {static_cast<unsigned>(tile_.warps * 32), 1, 1},
                         .shared_bytes = shared_,
                         .overlaps = overlaps_},
                        args);
  }

 private:
  Tile tile_;
  DeviceAttention args_ = {};
  std::array<unsigned, 3> grid_ = {1, 1, 1};
  std::size_t shared_ = 0;
  std::vector<std::string> texts_;
  std::array<Function, 2> functions_ = {};
  bool mask_;
  bool wide_;
  bool overlaps_;
};

/// Needs     f16 or bf16, head sizes up to 256, neighbouring elements of a head; sm_80
/// Numerics  products and sums in f32, weights rounded to the dtype before the second product; keys in order, a tile at
///           a time
class AttentionTactic final : public Tactic {
 public:
  constexpr AttentionTactic(std::string_view name, const Tile& tile, std::int64_t most)
      : Tactic(name, 1), tile_(tile), most_(most) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    if (cuda.facts.capability < 80) return reject("compute capability ", cuda.facts.capability, "; needs 80");
    if (const auto fault = attention_fault(problem)) return reject(*fault);
    const AttentionShape shape = attention_shape(problem);
    const std::int64_t wide = std::max(shape.wide_d(16), shape.wide_e(16));
    if (wide > most_) return reject("heads of ", wide, " elements; at most ", most_);
    if (shape.batch * shape.heads > 65535) return reject(shape.batch * shape.heads, " heads; at most 65535");
    if (shared_of(shape, tile_) > cuda.facts.shared_bytes_per_block)
      return reject(shared_of(shape, tile_), " bytes of shared memory");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    const AttentionShape shape = attention_shape(problem);
    const std::int64_t rows = std::int64_t{tile_.warps} * 16;
    const std::int64_t blocks = (shape.queries + rows - 1) / rows * shape.batch * shape.heads;
    const std::int64_t fit = std::max<std::int64_t>(
        1, std::min<std::int64_t>(cuda.facts.shared_bytes_per_multiprocessor / (shared_of(shape, tile_) + 1024),
                                  12 / tile_.warps));
    const double waves =
        static_cast<double>((blocks + fit * cuda.facts.multiprocessors - 1) / (fit * cuda.facts.multiprocessors));
    const double tiles = static_cast<double>((shape.keys + tile_.keys - 1) / tile_.keys);
    const double one = static_cast<double>(tile_.keys * (shape.wide_d(16) + shape.wide_e(16))) * 1.5e-4;
    return std::max(3.0 + waves * (0.8 + tiles * std::max(0.6, one)),
                    estimate_cuda_us(cuda, 0, shape.operations(), 3e8));
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    return std::unique_ptr<Kernel>(std::make_unique<AttentionKernel>(problem, tile_, cuda_target(target)));
  }

 private:
  Tile tile_;
  std::int64_t most_;
};

constexpr AttentionTactic kForms[] = {
    {"cuda.attention.64x64", {4, 64, 2}, 128},      {"cuda.attention.64x32", {4, 32, 2}, 128},
    {"cuda.attention.32x64", {2, 64, 2}, 128},      {"cuda.attention.112x32", {7, 32, 2}, 128},
    {"cuda.attention.64x32.wide", {4, 32, 1}, 256},
};
constexpr auto kAll = tactic_list(kForms);

}  // namespace

std::unique_ptr<ContractionKernel> bind_narrow_attention(const Problem& problem, const CudaTarget& target) {
  return std::make_unique<AttentionKernel>(problem, Tile{4, 32, 1}, target);
}

std::span<const Tactic* const> attention_tactics() { return kAll; }

}  // namespace bolide::cuda
