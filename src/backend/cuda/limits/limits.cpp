#include "backend/cuda/limits/limits.h"

#include "backend/cuda/contraction/wgmma_text.h"
#include "backend/cuda/text/kernel_text.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

constexpr int kAttempts = 5;
constexpr std::size_t kWgmmaShared = 1024 + (2 * 64 + 256) * 128;

/// ELEM of limits.cu.
enum Format : int { kF16, kBf16, kTf32, kF32 };
constexpr std::array<std::string_view, 4> kNames = {"fp16", "bf16", "tf32", "fp32"};

/// Operations of one block in one round.
double operations(int capability, Format format) {
  if (format == kF32) return 256.0 * 16 * 8 * 2;
  const double k = (format == kTf32 ? 8 : 16) * (capability < 80 ? 0.5 : 1);
  if (capability == 90) return 2.0 * 4 * 64 * 256 * k * 2;
  return 8.0 * 8 * 16 * 8 * k * 2;
}

Program program_of(int capability, Format format) {
  const bool wgmma = capability == 90 && format != kF32;
  std::string text =
      strings::join("#define KIND ",
                    format == kF32 ? 0
                    : wgmma        ? 2
                                   : 1,
                    "\n#define ELEM ", static_cast<int>(format), "\n", kernel_text("contraction_numbers"));
  if (wgmma) text += wgmma_text("multiply_tile", 256, format);
  text += kernel_text("limits");
  return {"limits", std::move(text), {}};
}

Program reading_program() {
  return {"limits", strings::join("#define KIND 3\n", kernel_text("contraction_numbers"), kernel_text("limits")), {}};
}

bool exists(int capability, Format format) {
  return format == kF32 || capability >= 80 || (format == kF16 && capability >= 75);
}

class Bench {
 public:
  explicit Bench(CudaDevice& device) : device_(device) {}

  Status start() {
    TRY(stream_, device_.make_stream());
    TRY(from_, device_.make_event());
    TRY(to_, device_.make_event());
    TRY(out_, device_.allocate(4096));
    return {};
  }

  Result<double> gflop_per_s(Format format) {
    const DeviceFacts& facts = device_.facts();
    // Translated code has no instructions of the very capability.
    const int capability = facts.translated ? std::min(facts.capability, 89) : facts.capability;
    const bool wgmma = capability == 90 && format != kF32;
    const std::size_t shared = wgmma ? kWgmmaShared : 0;
    TRY(const Function function, device_.function(program_of(capability, format), "measure", shared));
    const auto blocks = static_cast<unsigned>(facts.multiprocessors * (wgmma ? 1 : 4));
    const Launch how{.grid = {blocks, 1, 1}, .block = {256, 1, 1}, .shared_bytes = shared};
    int rounds = 64;
    double best = 0;
    for (int attempt = 0; attempt < kAttempts;) {
      TRY(const double us, timed([&] { return launch(stream(), function, how, out_->data(), rounds); }));
      if (us < 1500 && rounds < (1 << 20)) {
        rounds *= 4;
        continue;
      }
      best = std::max(best, operations(facts.capability, format) * rounds * blocks / (us * 1e3));
      ++attempt;
    }
    return best;
  }

  Result<double> gbyte_per_s() {
    TRY(const auto memory, device_.memory());
    const std::size_t bytes = std::min<std::size_t>(std::size_t{512} << 20, memory.first / 4) / 4096 * 4096;
    TRY(const auto block, device_.allocate(bytes));
    TRY_OK(stream().fill(block->data(), 1, bytes));
    TRY(const Function function, device_.function(reading_program(), "measure"));
    const auto blocks = static_cast<unsigned>(device_.facts().multiprocessors * 4);
    const auto count = static_cast<std::int64_t>(bytes / 16);
    double best = 0;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      TRY(const double reading, timed([&] {
            return launch(stream(), function, {.grid = {blocks, 1, 1}, .block = {512, 1, 1}}, out_->data(),
                          block->data(), count);
          }));
      TRY(const double copying,
          timed([&] { return stream().copy(block->data(), block->data() + bytes / 2, bytes / 2); }));
      best = std::max(best, static_cast<double>(bytes) / (std::min(reading, copying) * 1e3));
    }
    return best;
  }

 private:
  CudaStream& stream() { return static_cast<CudaStream&>(*stream_); }

  template <class Work>
  Result<double> timed(const Work& work) {
    TRY_OK(stream_->record(*from_));
    TRY_OK(work());
    TRY_OK(stream_->record(*to_));
    TRY_OK(to_->wait());
    return device_.microseconds(*from_, *to_);
  }

  CudaDevice& device_;
  std::unique_ptr<DeviceStream> stream_;
  std::unique_ptr<DeviceEvent> from_;
  std::unique_ptr<DeviceEvent> to_;
  std::unique_ptr<DeviceBlock> out_;
};

}  // namespace

std::vector<std::pair<std::string, Program>> limit_programs(int capability) {
  std::vector<std::pair<std::string, Program>> out;
  for (const Format format : {kF16, kBf16, kTf32, kF32}) {
    if (exists(capability, format)) {
      out.emplace_back(kNames[static_cast<std::size_t>(format)], program_of(capability, format));
    }
  }
  out.emplace_back("reading", reading_program());
  return out;
}

Result<DeviceLimits> measure_limits(CudaDevice& device) {
  Bench bench(device);
  TRY_OK(bench.start());
  const int capability = device.facts().capability;
  const auto measured = [&](Format format) -> Result<double> {
    return exists(capability, format) ? bench.gflop_per_s(format) : 0.0;
  };
  DeviceLimits limits;
  TRY(limits.fp32_gflop_per_s, measured(kF32));
  TRY(limits.tf32_gflop_per_s, measured(kTf32));
  TRY(limits.bf16_gflop_per_s, measured(kBf16));
  TRY(limits.fp16_gflop_per_s, measured(kF16));
  TRY(limits.gbyte_per_s, bench.gbyte_per_s());
  return limits;
}

}  // namespace bolide::cuda
