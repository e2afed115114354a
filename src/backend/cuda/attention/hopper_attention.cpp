#include "backend/cuda/attention/attention_shape.h"
#include "backend/cuda/attention/tactics.h"
#include "backend/cuda/contraction/hopper_device.h"
#include "backend/cuda/contraction/wgmma_text.h"
#include "backend/cuda/text/kernel_text.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

/// hopper_attention.cu: MaskRows, Attention
struct DeviceRows {
  std::int64_t batch, head, row;
};
struct DeviceAttention {
  const void* mask;
  DeviceRows ms;
  std::int64_t mask_key;
  float scale;
  int heads, queries, keys, rounds, units;
};

/// Keys of a tile: all of them in as few tiles as `most` allows, a multiple of 16.
std::int64_t keys_of_tile(std::int64_t keys, std::int64_t most) {
  const std::int64_t tiles = (keys + most - 1) / most;
  return ((keys + tiles - 1) / tiles + 15) / 16 * 16;
}
/// Tiles in flight, and the shared memory of a block.
struct Ring {
  std::int64_t stages = 0;
  std::int64_t shared = 0;
};
Ring ring_of(const AttentionShape& shape, std::int64_t keys, const CudaTarget& target) {
  const std::int64_t d = shape.wide_d(64);
  const std::int64_t e = shape.wide_e(64);
  const std::int64_t fixed = 1024 + 128 * (4 * d + 2 * e);
  const std::int64_t stage = keys * 2 * (d + e);
  const std::int64_t stages =
      std::clamp<std::int64_t>((target.facts.shared_bytes_per_block - 1024 - fixed) / stage, 2, 3);
  return {stages, fixed + stages * stage};
}

class HopperAttentionKernel final : public ContractionKernel {
 public:
  HopperAttentionKernel(const Problem& problem, std::int64_t most, const CudaTarget& target)
      : problem_(problem), shape_(attention_shape(problem)), keys_(keys_of_tile(shape_.keys, most)) {
    const auto& op = *problem.op->as<bolide::Attention>();
    format_ = *number_format(problem.inputs[0].dtype);
    bool gaps = !dense(problem.outputs[0]);
    for (std::size_t i = 0; i < 3; ++i) gaps |= !dense(problem.inputs[i]);
    if (gaps) slices_ = bind_narrow_attention(problem, target);
    mask_ = has_mask(problem);
    const Ring ring = ring_of(shape_, keys_, target);
    shared_ = static_cast<std::size_t>(ring.shared);
    Defines defines;
    defines.set("ELEM", format_).set("D", shape_.wide_d(64)).set("E", shape_.wide_e(64)).set("KEYS", keys_);
    defines.set("ST", ring.stages).set("ONE", shape_.keys <= keys_ ? 1 : 0).set("PDL", 1).set("FASTMATH", 0);
    defines.set("MASK", mask_ ? *number_format(problem.inputs[3].dtype) : -1);
    defines.set("MASKROWS", mask_ && mask_stride(problem.inputs[3], 2) != 0 ? 1 : 0);
    defines.set("CAUSAL", op.causal ? 1 : 0).set("POSITIVE", op.scale > 0 ? 1 : 0);
    text_ = defines.text() + joined_text({"contraction_numbers", "hopper_copies"}) +
            wgmma_text("multiply_keys", static_cast<int>(keys_), format_) +
            wgmma_registers_text("multiply_values", 64, format_) + std::string(kernel_text("hopper_attention"));
    set_scores(args_, problem, shape_);
    args_.rounds = static_cast<int>((shape_.queries + 127) / 128);
    args_.units = static_cast<int>(shape_.batch * shape_.heads) * args_.rounds;
    blocks_ = static_cast<unsigned>(std::min(args_.units, target.facts.multiprocessors));
    problem_.op = nullptr;  // not needed any more, and not ours
  }

  std::vector<Use> programs() const override {
    std::vector<Use> out = {{{"attention", text_, {}}, "attention"}};
    if (slices_) {
      for (Use& use : slices_->programs()) out.push_back(std::move(use));
    }
    return out;
  }
  Status load(Device& device) override {
    auto& cuda = static_cast<CudaDevice&>(device);
    if (cuda.api().tensor_map_tiled == nullptr) return unsupported("the driver has no tensor maps");
    TRY(function_, cuda.function({"attention", text_, {}}, "attention", shared_));
    if (slices_) TRY_OK(slices_->load(device));
    return {};
  }
  Status launch(DeviceStream& stream, const KernelBuffers& buffers) const override {
    const void* const y = buffers.outputs[0];
    bool fits = aligned(y, 16);
    for (int i = 0; i < 3; ++i) fits &= aligned(buffers.inputs[i], 16);
    if (!fits) {
      if (slices_) return slices_->launch(stream, buffers);
      return internal_error("an operand of attention is less aligned than its strides");
    }
    auto& cuda = static_cast<CudaStream&>(stream);
    const CudaDevice::Current current(cuda.device());  // tensor maps are made for it
    const DriverApi& api = cuda.device().api();
    TensorMap q = {};
    TensorMap k = {};
    TensorMap v = {};
    TensorMap out = {};
    TRY_OK(map(api, q, buffers.inputs[0], problem_.inputs[0], 64));
    TRY_OK(map(api, k, buffers.inputs[1], problem_.inputs[1], keys_));
    TRY_OK(map(api, v, buffers.inputs[2], problem_.inputs[2], keys_));
    TRY_OK(map(api, out, y, problem_.outputs[0], 64));
    DeviceAttention args = args_;
    args.mask = mask_ ? buffers.inputs[3] : nullptr;
    return cuda::launch(cuda, function_,
                        {.grid = {blocks_, 1, 1}, .block = {384, 1, 1}, .shared_bytes = shared_, .overlaps = true},
                        args, q, k, v, out);
  }

 private:
  /// Boxes of 64 columns and `rows` rows of a head.
  Status map(const DriverApi& api, TensorMap& to, const void* data, const Operand& operand, std::int64_t rows) const {
    std::array<std::uint64_t, 4> dims = {};
    std::array<std::uint64_t, 3> strides = {};
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t from = 3 - i;
      dims[i] = static_cast<std::uint64_t>(operand.dims[from]);
      // Dims of size 1 may have any stride; the driver wants multiples of 16 that are not 0.
      const std::int64_t bytes =
          operand.dims[from] == 1 ? (operand.dims[3] * 2 + 15) / 16 * 16 : operand.strides[from] * 2;
      if (i > 0) strides[i - 1] = static_cast<std::uint64_t>(bytes);
    }
    return tiled_map(api, to, data, format_, dims, strides, std::array{64U, static_cast<unsigned>(rows), 1U, 1U});
  }

  Problem problem_;  // operands only
  AttentionShape shape_;
  std::int64_t keys_;
  int format_ = 0;
  bool mask_ = false;
  DeviceAttention args_ = {};
  unsigned blocks_ = 1;
  std::size_t shared_ = 0;
  std::string text_;
  Function function_;
  std::unique_ptr<ContractionKernel> slices_;
};

/// Needs     sm_90; f16 or bf16; head sizes up to 128; rows of heads aligned to 16 bytes
/// Numerics  as of the other forms; where one tile holds all keys, nothing is scaled twice
class HopperAttention final : public Tactic {
 public:
  /// `most` keys in a tile.
  constexpr HopperAttention(std::string_view name, std::int64_t most) : Tactic(name, 1), most_(most) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    if (const auto fault = hopper_fault(cuda.facts)) return reject(*fault);
    if (const auto fault = attention_fault(problem)) return reject(*fault);
    const AttentionShape shape = attention_shape(problem);
    if (std::max(shape.d, shape.e) > 128) return reject("heads of ", std::max(shape.d, shape.e), "; at most 128");
    for (std::size_t i = 0; i < 4; ++i) {
      const Operand& operand = i < 3 ? problem.inputs[i] : problem.outputs[0];
      for (std::size_t dim = 0; dim < 3; ++dim) {
        if (operand.dims[dim] > 1 && (operand.strides[dim] % 8 != 0 || operand.strides[dim] <= 0))
          return reject("rows of heads are not aligned to 16 bytes, or repeated");
      }
    }
    const std::int64_t keys = keys_of_tile(shape.keys, most_);
    if (keys > 128 && std::max(shape.d, shape.e) > 64) return reject("sums of more numbers than registers");
    if (most_ > 128 && keys <= 128) return reject("a smaller tile holds all keys");
    const std::int64_t shared = ring_of(shape, keys, cuda).shared;
    if (shared + 1024 > cuda.facts.shared_bytes_per_block) return reject(shared, " bytes of shared memory");
    if (shape.batch * shape.heads * ((shape.queries + 127) / 128) >= std::int64_t{1} << 31)
      return reject("too many heads");
    return accept();
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const CudaTarget& cuda = cuda_target(target);
    const AttentionShape shape = attention_shape(problem);
    const std::int64_t units = shape.batch * shape.heads * ((shape.queries + 127) / 128);
    const auto rounds = static_cast<double>((units + cuda.facts.multiprocessors - 1) / cuda.facts.multiprocessors);
    const std::int64_t keys = keys_of_tile(shape.keys, most_);
    const auto tiles = static_cast<double>((shape.keys + keys - 1) / keys);
    const double one =
        0.25 + static_cast<double>(keys) * 4.5e-3 + static_cast<double>(keys * (shape.d + shape.e)) * 2e-5;
    const double bytes = 2.0 * static_cast<double>(shape.batch * shape.heads) *
                         static_cast<double>((shape.queries + shape.keys) * (shape.d + shape.e));
    return std::max(3.5 + rounds * (0.3 + tiles * one), estimate_cuda_us(cuda, bytes));
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    return std::unique_ptr<Kernel>(std::make_unique<HopperAttentionKernel>(problem, most_, cuda_target(target)));
  }

 private:
  std::int64_t most_;
};

constexpr HopperAttention kShort{"cuda.attention.wgmma.128", 128};
constexpr HopperAttention kLong{"cuda.attention.wgmma.208", 208};

}  // namespace

std::span<const Tactic* const> hopper_attention_tactics() {
  static constexpr std::array<const Tactic*, 2> kAll = {&kShort, &kLong};
  return kAll;
}

}  // namespace bolide::cuda
