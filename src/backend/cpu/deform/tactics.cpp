#include "backend/cpu/deform/tactics.h"

#include "backend/cpu/conv/tactics.h"
#include "backend/cpu/estimate.h"
#include "ops/deform_conv.h"
#include "ops/sampling.h"

namespace bolide::cpu {
namespace {

/// A deformable convolution as a 1 x 1 convolution over the samples that every output point reads, which lie one after
/// the other: channel c * taps + t is tap t of channel c.
struct SampledConv {
  std::shared_ptr<const Op> op;
  std::shared_ptr<const Tensor> w;
  Problem problem;  ///< x is [n, c * taps, points, 1]
  const Tactic* tactic = nullptr;
};

Result<SampledConv> sampled_conv(const Problem& problem, const Target& target) {
  const auto* deform = problem.op->as<DeformConv>();
  if (deform == nullptr) return unsupported("not a DeformConv");
  const Operand& x = problem.inputs[0];
  const Operand& w = problem.inputs[1];
  const Operand& y = problem.outputs[0];
  if (x.dtype != DataType::kF32 || x.rank() < 3 || x.rank() > 5) return unsupported("x is ", x.dtype, x.dims);
  if (y.count() == 0 || x.count() == 0) return unsupported("no elements");
  std::int64_t taps = 1;
  std::int64_t points = 1;
  for (std::size_t d = 2; d < y.dims.size(); ++d) {
    taps *= w.dims[d];
    points *= y.dims[d];
    if (d > 2 && y.strides[d - 1] != y.dims[d] * y.strides[d]) return unsupported("gaps between rows of y");
  }
  if (!w.contiguous()) return unsupported("gaps in the weights");
  const std::int64_t depth = x.dims[1] * taps;
  SampledConv out;
  out.op = std::make_shared<const Op>(Conv{.groups = deform->groups});
  out.problem.op = out.op.get();
  out.problem.threads = problem.threads;
  out.problem.inputs.push_back({.dims = {x.dims[0], depth, points, 1}, .strides = {points * depth, 1, depth, depth}});
  Operand weights{.dims = {w.dims[0], depth / deform->groups, 1, 1}};
  weights.strides = contiguous_strides(weights.dims);
  if (w.constant != nullptr) {
    TRY(Tensor flat, w.constant->reshaped(weights.dims));
    out.w = std::make_shared<const Tensor>(std::move(flat));
    weights.constant = out.w.get();
  }
  out.problem.inputs.push_back(std::move(weights));
  if (problem.inputs.size() > 3 && !problem.inputs[3].absent) out.problem.inputs.push_back(problem.inputs[3]);
  out.problem.outputs.push_back({.dims = {y.dims[0], y.dims[1], points, 1},
                                 .strides = {y.strides[0], y.strides[1], y.strides.back(), y.strides.back()}});
  std::string reason = "no convolution takes the samples";
  for (const Tactic* tactic : conv_tactics()) {
    const Verdict verdict = tactic->accepts(out.problem, target);
    if (!verdict.accepted) {
      reason = verdict.reason;
      continue;
    }
    out.tactic = tactic;
    return out;
  }
  return unsupported(reason);
}

struct Corner {
  std::int64_t at = 0;
  float weight = 0;
};

class DeformKernel final : public HostKernel {
 public:
  static Result<std::unique_ptr<Kernel>> make(const Problem& problem, SampledConv conv, const Target& target) {
    const DeformConv& op = *problem.op->as<DeformConv>();
    const Dims kernel(problem.inputs[1].dims.begin() + 2, problem.inputs[1].dims.end());
    auto out = std::unique_ptr<DeformKernel>(new DeformKernel());
    TRY(out->axes_, window_axes("DeformConv", op.window(), kernel, std::span(problem.inputs[0].dims).subspan(2)));
    TRY(out->inner_, conv.tactic->bind(conv.problem, target));
    out->offset_groups_ = op.offset_groups;
    out->x_ = problem.inputs[0];
    out->offset_ = problem.inputs[2];
    out->has_bias_ = conv.problem.inputs.size() > 2;
    if (problem.inputs.size() > 4) out->mask_ = problem.inputs[4];
    out->points_ = conv.problem.inputs[0].dims[2];
    out->depth_ = conv.problem.inputs[0].dims[1];
    out->conv_ = std::move(conv);
    return std::unique_ptr<Kernel>(std::move(out));
  }

  std::size_t workspace_bytes() const override { return samples_bytes() + inner().workspace_bytes(); }
  std::size_t scratch_bytes() const override { return inner().scratch_bytes(); }
  int phases() const override { return 1 + inner().phases(); }
  Grid grid(int phase) const override {
    return phase == 0 ? Grid{.rows = x_.dims[0] * points_, .row_grain = 8} : inner().grid(phase - 1);
  }

  Status run(int phase, const KernelBuffers& buffers, Range rows, Range channels) const override {
    if (phase > 0) {
      const std::array<const void*, 3> inputs = {buffers.workspace, buffers.inputs[1],
                                                 has_bias_ ? buffers.inputs[3] : nullptr};
      KernelBuffers own = buffers;
      own.inputs = inputs.data();
      own.workspace = buffers.workspace + samples_bytes();
      return inner().run(phase - 1, own, rows, channels);
    }
    auto* const samples = reinterpret_cast<float*>(buffers.workspace);
    for (std::int64_t row = rows.begin; row < rows.end; ++row) read_point(buffers, row, samples + row * depth_);
    return ok();
  }

 private:
  DeformKernel() = default;
  const HostKernel& inner() const { return host_kernel(*inner_); }
  std::size_t samples_bytes() const {
    return static_cast<std::size_t>((x_.dims[0] * points_ * depth_ * 4 + 63) / 64 * 64);
  }

  void read_point(const KernelBuffers& buffers, std::int64_t row, float* out) const {
    const std::int64_t n = row / points_;
    const std::size_t rank = axes_.size();
    std::array<std::int64_t, 3> position{};
    std::int64_t rest = row % points_;
    std::int64_t taps = 1;
    for (std::size_t d = rank; d-- > 0; rest /= axes_[d].out) {
      position[d] = rest % axes_[d].out;
      taps *= axes_[d].kernel;
    }
    const std::int64_t of_group = x_.dims[1] / offset_groups_;
    for (std::int64_t t = 0; t < taps * offset_groups_; ++t) {
      std::array<Corner, 8> corners;
      const int count = corners_of(buffers, n, t, t % taps, position, corners);
      const std::int64_t first = t / taps * of_group;
      const float* x = static_cast<const float*>(buffers.inputs[0]) + n * x_.strides[0] + first * x_.strides[1];
      float* to = out + first * taps + t % taps;
      for (std::int64_t c = 0; c < of_group; ++c, x += x_.strides[1], to += taps) {
        float sum = 0;
        for (int i = 0; i < count; ++i) {
          const Corner& corner = corners[static_cast<std::size_t>(i)];
          sum += corner.weight * x[corner.at];
        }
        *to = sum;
      }
    }
  }

  /// The elements of x that tap t (of all offset groups) reads at a position, with the mask in their weights.
  int corners_of(const KernelBuffers& buffers, std::int64_t n, std::int64_t t, std::int64_t tap,
                 const std::array<std::int64_t, 3>& position, std::array<Corner, 8>& out) const {
    const std::size_t rank = axes_.size();
    const auto place = [&](const Operand& operand, std::int64_t channel) {
      std::int64_t at = n * operand.strides[0] + channel * operand.strides[1];
      for (std::size_t d = 0; d < rank; ++d) at += position[d] * operand.strides[d + 2];
      return at;
    };
    const auto* offsets = static_cast<const float*>(buffers.inputs[2]);
    out[0] = {0, mask_.absent ? 1.0F : static_cast<const float*>(buffers.inputs[4])[place(mask_, t)]};
    int count = 1;
    std::array<std::int64_t, 3> taps{};
    for (std::size_t d = rank; d-- > 0; tap /= axes_[d].kernel) taps[d] = tap % axes_[d].kernel;
    for (std::size_t d = 0; d < rank; ++d) {
      const WindowAxis& axis = axes_[d];
      const std::int64_t fixed = position[d] * axis.stride - axis.before + taps[d] * axis.dilation;
      const float moved = offsets[place(offset_, t * static_cast<std::int64_t>(rank) + static_cast<std::int64_t>(d))];
      const AxisTaps line = linear_taps(static_cast<double>(fixed) + static_cast<double>(moved), axis.in);
      const std::int64_t stride = x_.strides[d + 2];
      std::array<Corner, 8> next;
      int made = 0;
      for (int i = 0; i < count; ++i) {
        for (std::size_t j = 0; j < 2; ++j) {
          if (line.index[j] < 0) continue;
          const Corner& corner = out[static_cast<std::size_t>(i)];
          next[static_cast<std::size_t>(made++)] = {corner.at + line.index[j] * stride,
                                                    corner.weight * static_cast<float>(line.weight[j])};
        }
      }
      out = next;
      count = made;
    }
    return count;
  }

  SampledConv conv_;
  std::unique_ptr<Kernel> inner_;
  std::vector<WindowAxis> axes_;
  std::int64_t offset_groups_ = 1;
  std::int64_t points_ = 1;
  std::int64_t depth_ = 1;  ///< samples of a point
  bool has_bias_ = false;
  Operand x_;
  Operand offset_;
  Operand mask_{.absent = true};
};

/// Needs     f32 of up to three spatial dims; what a 1 x 1 convolution asks of weights, bias and y
/// Packed    as that convolution
/// Numerics  samples and products in f32
class DeformTactic final : public Tactic {
 public:
  constexpr DeformTactic() : Tactic("cpu.deform.samples", 2) {}

  Verdict accepts(const Problem& problem, const Target& target) const override {
    for (const Operand& input : problem.inputs) {
      if (!input.absent && input.dtype != DataType::kF32) return reject("an input of ", input.dtype);
    }
    const Result<SampledConv> conv = sampled_conv(problem, target);
    return conv ? accept() : reject(conv.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const SampledConv conv = *sampled_conv(problem, target);
    const double samples = static_cast<double>(conv.problem.inputs[0].count());
    return cpu::estimate_us(cpu_target(target), samples * 8, samples * 3e-3) +
           conv.tactic->estimate_us(conv.problem, target);
  }
  std::size_t packed_bytes(const Problem& problem, const Target& target) const override {
    const SampledConv conv = *sampled_conv(problem, target);
    return conv.tactic->packed_bytes(conv.problem, target);
  }
  Status pack(const Problem& problem, const Target& target, std::span<std::byte> out) const override {
    TRY(const SampledConv conv, sampled_conv(problem, target));
    return conv.tactic->pack(conv.problem, target, out);
  }
  std::string pack_key(const Problem& problem, const Target& target) const override {
    const SampledConv conv = *sampled_conv(problem, target);
    return conv.tactic->pack_key(conv.problem, target);
  }
  bool packs_input(const Problem& problem, int input) const override {
    return input == 1 && problem.inputs[1].constant != nullptr;
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(SampledConv conv, sampled_conv(problem, target));
    return DeformKernel::make(problem, std::move(conv), target);
  }
};

constexpr DeformTactic kTactic;

}  // namespace

std::span<const Tactic* const> deform_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
