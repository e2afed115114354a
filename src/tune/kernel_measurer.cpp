#include "base/arena.h"
#include "base/clock.h"
#include "plan/layout.h"
#include "plan/run_kernel.h"
#include "tune/fill.h"
#include "tune/measurer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace bolide {
namespace {

constexpr std::size_t kColdBytes = std::size_t{32} << 20;
constexpr std::size_t kMostCopies = 64;
constexpr double kShortestSample = 20;  // microseconds; shorter runs are repeated

std::size_t operand_bytes(const Operand& operand) {
  return packed_bytes(operand.dtype, extent(operand.dims, operand.strides));
}

class KernelBench final : public Bench {
 public:
  KernelBench(const Problem& problem, const Target& target, bool cold_weights)
      : problem_(problem), target_(target), cold_weights_(cold_weights) {}

  Status allocate() {
    for (const Operand& input : problem_.inputs) {
      if (input.constant != nullptr || input.absent) {
        inputs_.push_back(input.constant != nullptr ? input.constant->data() : nullptr);
        continue;
      }
      TRY(AlignedBuffer * buffer, add_buffer(operand_bytes(input)));
      fill_ordinary(input.dtype, buffer->bytes());
      inputs_.push_back(buffer->data());
    }
    for (const Operand& output : problem_.outputs) {
      if (output.absent) {
        outputs_.push_back(nullptr);
        continue;
      }
      TRY(AlignedBuffer * buffer, add_buffer(operand_bytes(output)));
      std::ranges::fill(buffer->bytes(), std::byte{0});
      outputs_.push_back(buffer->data());
    }
    return {};
  }

  Status add(const Tactic& tactic) override {
    Candidate candidate;
    TRY(candidate.kernel, tactic.bind(problem_, target_).within(tactic.name()));
    candidate.cuts = cut_phases(host_kernel(*candidate.kernel), target_.threads, tactic.estimate_us(problem_, target_));
    candidate.packed_bytes = tactic.packed_bytes(problem_, target_);
    if (candidate.packed_bytes > 0) {
      candidate.packed_stride = scratch_stride(candidate.packed_bytes);
      candidate.copies =
          cold_weights_ ? std::clamp<std::size_t>(kColdBytes / candidate.packed_stride, 1, kMostCopies) : 1;
      TRY(candidate.packed, AlignedBuffer::allocate(candidate.packed_stride * candidate.copies));
      TRY_OK(
          tactic.pack(problem_, target_, candidate.packed.bytes().first(candidate.packed_bytes)).within(tactic.name()));
      for (std::size_t copy = 1; copy < candidate.copies; ++copy) {
        std::memcpy(candidate.packed.data() + copy * candidate.packed_stride, candidate.packed.data(),
                    candidate.packed_bytes);
      }
    }
    TRY(candidate.workspace, AlignedBuffer::allocate(candidate.kernel->workspace_bytes()));
    const std::size_t scratch =
        scratch_stride(host_kernel(*candidate.kernel).scratch_bytes()) * static_cast<std::size_t>(target_.threads);
    TRY(candidate.scratch, AlignedBuffer::allocate(scratch));
    candidates_.push_back(std::move(candidate));
    return {};
  }

  Result<double> time(std::size_t index) override {
    Candidate& candidate = candidates_[index];
    const double start = monotonic_microseconds();
    for (int run = 0; run < candidate.repeats; ++run) TRY_OK(run_once(candidate));
    const double us = (monotonic_microseconds() - start) / candidate.repeats;
    candidate.repeats = static_cast<int>(std::clamp(std::ceil(kShortestSample / std::max(us, 0.1)), 1.0, 64.0));
    return us;
  }

 private:
  struct Candidate {
    std::unique_ptr<Kernel> kernel;
    std::vector<Cut> cuts;
    AlignedBuffer packed;
    std::size_t packed_bytes = 0;
    std::size_t packed_stride = 0;
    std::size_t copies = 1;
    std::size_t next_copy = 0;
    AlignedBuffer workspace;
    AlignedBuffer scratch;
    int repeats = 1;
  };

  Result<AlignedBuffer*> add_buffer(std::size_t bytes) {
    // Kernels may touch up to one vector past the end of a row.
    TRY(AlignedBuffer buffer, AlignedBuffer::allocate(bytes + 64));
    buffers_.push_back(std::make_unique<AlignedBuffer>(std::move(buffer)));
    return buffers_.back().get();
  }

  Status run_once(Candidate& candidate) {
    KernelBuffers buffers{.inputs = inputs_.data(),
                          .outputs = outputs_.data(),
                          .workspace = candidate.workspace.data(),
                          .scratch = candidate.scratch.data()};
    if (candidate.packed_bytes > 0) {
      buffers.packed = candidate.packed.data() + candidate.next_copy * candidate.packed_stride;
      candidate.next_copy = (candidate.next_copy + 1) % candidate.copies;
    }
    return run_kernel(host_kernel(*candidate.kernel), candidate.cuts, buffers,
                      scratch_stride(host_kernel(*candidate.kernel).scratch_bytes()), target_.threads);
  }

  const Problem& problem_;
  const Target& target_;
  bool cold_weights_;
  std::vector<std::unique_ptr<AlignedBuffer>> buffers_;
  std::vector<const void*> inputs_;
  std::vector<void*> outputs_;
  std::vector<Candidate> candidates_;
};

class KernelMeasurer final : public Measurer {
 public:
  KernelMeasurer(const Target& target, bool cold_weights) : target_(target), cold_weights_(cold_weights) {}
  Result<std::unique_ptr<Bench>> begin(const Problem& problem) override {
    for (const std::vector<Operand>* operands : {&problem.inputs, &problem.outputs}) {
      for (const Operand& operand : *operands) {
        if (operand.dtype == DataType::kString) return unsupported("operators on strings are not measured");
      }
    }
    auto bench = std::make_unique<KernelBench>(problem, target_, cold_weights_);
    TRY_OK(bench->allocate());
    return std::unique_ptr<Bench>(std::move(bench));
  }
  bool disturbed() const override { return true; }
  double now_us() override { return monotonic_microseconds(); }

 private:
  const Target& target_;
  bool cold_weights_;
};

}  // namespace

std::unique_ptr<Measurer> make_kernel_measurer(const Target& target, bool cold_weights) {
  return std::make_unique<KernelMeasurer>(target, cold_weights);
}

}  // namespace bolide
