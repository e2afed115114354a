#include "base/arena.h"
#include "base/clock.h"
#include "base/thread_pool.h"
#include "plan/layout.h"
#include "tune/fill.h"
#include "tune/measurer.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::size_t kPatternBytes = std::size_t{4} << 20;
constexpr int kRepeats = 10;  // of a kernel in one graph

class DeviceBench final : public Bench {
 public:
  DeviceBench(const Problem& problem, const Target& target, Device& device, DeviceStream& stream,
              AlignedBuffer& pattern)
      : problem_(problem), target_(target), device_(device), stream_(stream), pattern_(pattern) {}

  Status allocate() {
    TRY(from_, device_.make_event());
    TRY(to_, device_.make_event());
    for (const Operand& input : problem_.inputs) {
      if (input.absent) {
        inputs_.push_back(nullptr);
        continue;
      }
      TRY(std::byte* const at, add_operand(input));
      inputs_.push_back(at);
    }
    for (const Operand& output : problem_.outputs) {
      if (output.absent) {
        outputs_.push_back(nullptr);
        continue;
      }
      TRY(std::byte* const at, add_operand(output));
      outputs_.push_back(at);
    }
    return {};
  }

  Status add(const Tactic& tactic) override {
    Candidate candidate;
    TRY(candidate.kernel, tactic.bind(problem_, target_).within(tactic.name()));
    if (!candidate.kernel->on_device()) return unsupported(tactic.name(), " runs on the host");
    TRY_OK(static_cast<DeviceKernel&>(*candidate.kernel).load(device_).within(tactic.name()));
    if (const std::size_t bytes = tactic.packed_bytes(problem_, target_); bytes > 0) {
      TRY(AlignedBuffer packed, AlignedBuffer::allocate(bytes));
      TRY_OK(tactic.pack(problem_, target_, packed.bytes()).within(tactic.name()));
      TRY(candidate.packed, device_.allocate(bytes));
      TRY_OK(stream_.upload(candidate.packed->data(), packed.data(), bytes));
      TRY_OK(stream_.wait());
    }
    if (const std::size_t bytes = candidate.kernel->workspace_bytes(); bytes > 0) {
      TRY(candidate.workspace, device_.allocate(bytes));
    }
    const KernelBuffers buffers{.inputs = inputs_.data(),
                                .outputs = outputs_.data(),
                                .packed = candidate.packed == nullptr ? nullptr : candidate.packed->data(),
                                .workspace = candidate.workspace == nullptr ? nullptr : candidate.workspace->data()};
    TRY_OK(stream_.begin_recording());
    Status filled;
    for (int i = 0; i < kRepeats && filled; ++i) {
      filled = device_kernel(*candidate.kernel).launch(stream_, buffers);
    }
    auto graph = stream_.end_recording();
    TRY_OK(std::move(filled).within(tactic.name()));
    if (!graph) return std::move(graph).error();
    candidate.graph = *std::move(graph);
    candidates_.push_back(std::move(candidate));
    return {};
  }

  Result<double> time(std::size_t index) override {
    TRY_OK(stream_.record(*from_));
    TRY_OK(stream_.launch(*candidates_[index].graph));
    TRY_OK(stream_.record(*to_));
    TRY_OK(to_->wait());
    TRY(const double us, device_.microseconds(*from_, *to_));
    return us / kRepeats;
  }

 private:
  struct Candidate {
    std::unique_ptr<Kernel> kernel;
    std::unique_ptr<DeviceBlock> packed;
    std::unique_ptr<DeviceBlock> workspace;
    std::unique_ptr<DeviceGraph> graph;
  };

  /// Constants as they are, others with ordinary values that repeat.
  Result<std::byte*> add_operand(const Operand& operand) {
    const std::size_t bytes = packed_bytes(operand.dtype, extent(operand.dims, operand.strides));
    TRY(auto block, device_.allocate(bytes + 64));
    std::byte* const at = block->data();
    blocks_.push_back(std::move(block));
    if (operand.constant != nullptr) {
      TRY_OK(stream_.upload(at, operand.constant->data(), operand.constant->bytes()));
      TRY_OK(stream_.wait());
      return at;
    }
    const std::size_t first = std::min(bytes, kPatternBytes);
    fill_ordinary(operand.dtype, pattern_.bytes().first(first));
    TRY_OK(stream_.upload(at, pattern_.data(), first));
    for (std::size_t done = first; done < bytes; done += std::min(done, bytes - done)) {
      TRY_OK(stream_.copy(at + done, at, std::min(done, bytes - done)));
    }
    TRY_OK(stream_.wait());
    return at;
  }

  const Problem& problem_;
  const Target& target_;
  Device& device_;
  DeviceStream& stream_;
  AlignedBuffer& pattern_;
  std::vector<std::unique_ptr<DeviceBlock>> blocks_;
  std::vector<const void*> inputs_;
  std::vector<void*> outputs_;
  std::vector<Candidate> candidates_;
  std::unique_ptr<DeviceEvent> from_;
  std::unique_ptr<DeviceEvent> to_;
};

class DeviceMeasurer final : public Measurer {
 public:
  DeviceMeasurer(const Target& target, std::shared_ptr<Device> device) : target_(target), device_(std::move(device)) {}

  Status start() {
    TRY(stream_, device_->make_stream());
    TRY(pattern_, AlignedBuffer::allocate(kPatternBytes));
    return {};
  }

  Result<std::unique_ptr<Bench>> begin(const Problem& problem) override {
    for (const std::vector<Operand>* operands : {&problem.inputs, &problem.outputs}) {
      for (const Operand& operand : *operands) {
        if (operand.dtype == DataType::kString) return unsupported("operators on strings are not measured");
      }
    }
    auto bench = std::make_unique<DeviceBench>(problem, target_, *device_, *stream_, pattern_);
    TRY_OK(bench->allocate());
    return std::unique_ptr<Bench>(std::move(bench));
  }

  void prepare(std::span<const Upcoming> upcoming) override {
    const int threads = ThreadPool::usable_threads();
    ThreadPool::shared().ensure(threads);
    ThreadPool::shared().parallel_for(static_cast<std::int64_t>(upcoming.size()), threads, [&](std::int64_t i, int) {
      const auto& [problem, tactic] = upcoming[static_cast<std::size_t>(i)];
      auto kernel = tactic->bind(*problem, target_);
      // What fails here fails again, and is reported, when it is to be timed.
      if (kernel && (*kernel)->on_device()) (void)static_cast<DeviceKernel&>(**kernel).load(*device_);
    });
  }

  double now_us() override { return monotonic_microseconds(); }

 private:
  const Target& target_;
  std::shared_ptr<Device> device_;
  std::unique_ptr<DeviceStream> stream_;
  AlignedBuffer pattern_;
};

}  // namespace

Result<std::unique_ptr<Measurer>> make_device_measurer(const Target& target, std::shared_ptr<Device> device) {
  auto measurer = std::make_unique<DeviceMeasurer>(target, std::move(device));
  TRY_OK(measurer->start());
  return std::unique_ptr<Measurer>(std::move(measurer));
}

}  // namespace bolide
