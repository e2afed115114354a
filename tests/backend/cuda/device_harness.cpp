#include "backend/cuda/device_harness.h"

#include "backend/cuda/contraction/gemm_device.h"
#include "backend/cuda/tactics.h"
#include "base/thread_pool.h"

#include <cstring>

namespace bolide::test {
namespace {

using cuda::CudaDevice;

std::vector<const Tactic*> tactics_for(const Op& op) {
  std::vector<const Tactic*> out;
  for (const CudaTacticFamily& family : cuda_tactic_families()) {
    if (!family.covers(op)) continue;
    for (const Tactic* tactic : family.tactics()) out.push_back(tactic);
  }
  return out;
}

std::unique_ptr<DeviceBlock> uploaded(CudaDevice& device, DeviceStream& stream, const std::byte* data,
                                      std::size_t bytes) {
  auto block = device.allocate(std::max<std::size_t>(bytes, 1));
  EXPECT_TRUE(block) << (block ? "" : block.error().message);
  if (!block) return nullptr;
  EXPECT_TRUE(bytes == 0 || stream.upload((*block)->data(), data, bytes));
  EXPECT_TRUE(stream.wait());
  return *std::move(block);
}

void run_one(const Tactic& tactic, const CudaTarget& target, const Case& test, PreparedCase& prepared,
             std::unique_ptr<Kernel> bound, const std::string& where) {
  CudaDevice& device = *target.device;
  auto stream = device.make_stream();
  ASSERT_TRUE(stream) << where << ": " << stream.error().message;
  const Problem& problem = prepared.problem;
  std::vector<std::byte> packed(tactic.packed_bytes(problem, target));
  const Status status = tactic.pack(problem, target, packed);
  ASSERT_TRUE(status) << where << ": " << status.error().message;
  auto& kernel = static_cast<DeviceKernel&>(*bound);
  const Status loaded = kernel.load(device);
  ASSERT_TRUE(loaded) << where << ": " << loaded.error().message;
  if (const auto* texts = dynamic_cast<const cuda::ContractionKernel*>(&kernel)) {
    for (const auto& use : texts->programs()) {
      const auto function = device.function(use.program, use.function);
      ASSERT_TRUE(function) << where << ": " << function.error().message;
      EXPECT_EQ(function->local_bytes, 0) << where << ": " << use.function << " uses local memory";
    }
  }

  std::vector<std::unique_ptr<DeviceBlock>> blocks;
  std::vector<const void*> inputs;
  for (std::size_t i = 0; i < prepared.inputs.size(); ++i) {
    const CaseInput& input = prepared.inputs[i];
    inputs.push_back(nullptr);
    if (input.operand.absent || tactic.packs_input(problem, static_cast<int>(i))) continue;
    const auto* first = static_cast<const std::byte*>(input.data);
    blocks.push_back(uploaded(device, **stream, input.bytes.data(), input.bytes.size()));
    ASSERT_NE(blocks.back(), nullptr) << where;
    inputs.back() = blocks.back()->data() + (first - input.bytes.data());
  }
  const auto weights = uploaded(device, **stream, packed.data(), packed.size());
  std::vector<std::byte> nans(kernel.workspace_bytes(), std::byte{0xFF});
  const auto workspace = uploaded(device, **stream, nans.data(), nans.size());
  ASSERT_TRUE(weights != nullptr && workspace != nullptr) << where;

  std::vector<std::vector<std::byte>> before;
  for (int run = 0; run < 2; ++run) {
    std::vector<void*> outputs;
    std::vector<std::unique_ptr<DeviceBlock>> results;
    for (CaseOutput& output : prepared.outputs) {
      output.poison();
      results.push_back(uploaded(device, **stream, output.bytes.data(), output.bytes.size()));
      ASSERT_NE(results.back(), nullptr) << where;
      outputs.push_back(results.back()->data() + output.first_byte());
    }
    const KernelBuffers buffers{inputs.data(), outputs.data(), weights->data(), workspace->data(), nullptr};
    // The second run is recorded first, as a network's are.
    if (run == 1) {
      ASSERT_TRUE((*stream)->begin_recording()) << where;
    }
    const Status launched = kernel.launch(**stream, buffers);
    std::unique_ptr<DeviceGraph> graph;
    if (run == 1) {
      auto recorded = (*stream)->end_recording();
      ASSERT_TRUE(recorded) << where << ": " << recorded.error().message;
      graph = *std::move(recorded);
    }
    ASSERT_TRUE(launched) << where << ": " << launched.error().message;
    if (graph != nullptr) {
      ASSERT_TRUE((*stream)->launch(*graph)) << where;
    }
    const Status done = (*stream)->wait();
    ASSERT_TRUE(done) << where << ": " << done.error().message;
    for (std::size_t o = 0; o < results.size(); ++o) {
      CaseOutput& output = prepared.outputs[o];
      ASSERT_TRUE((*stream)->download(output.bytes.data(), results[o]->data(), output.bytes.size())) << where;
    }
    ASSERT_TRUE((*stream)->wait()) << where;
    expect_results(test, prepared, where);
    for (std::size_t o = 0; o < results.size(); ++o) {
      if (run == 0) before.push_back(prepared.outputs[o].bytes);
      EXPECT_EQ(before[o], prepared.outputs[o].bytes) << where << ": two runs differ";
    }
  }
}

}  // namespace

std::shared_ptr<CudaDevice> test_device(std::string& why) {
  auto device = CudaDevice::open(0);
  if (device) return *device;
  why = device.error().message;
  return nullptr;
}

std::vector<std::string> run_on_device(const Case& test, const std::shared_ptr<CudaDevice>& device, bool tf32,
                                       std::string_view prefix) {
  PreparedCase prepared = prepare_case(test);
  const CudaTarget target = make_cuda_target(device, tf32);
  std::vector<std::string> ran;
  std::vector<const Tactic*> tactics;
  for (const Tactic* tactic : tactics_for(test.op)) {
    if (tactic->name().substr(0, prefix.size()) != prefix) continue;
    if (tactic->accepts(prepared.problem, target).accepted) tactics.push_back(tactic);
  }
  // Compiled several at once; what goes wrong is told when each is run.
  const int threads = ThreadPool::usable_threads();
  ThreadPool::shared().ensure(threads);
  ThreadPool::shared().parallel_for(static_cast<std::int64_t>(tactics.size()), threads, [&](std::int64_t i, int) {
    auto kernel = tactics[static_cast<std::size_t>(i)]->bind(prepared.problem, target);
    if (kernel) static_cast<void>(static_cast<DeviceKernel&>(**kernel).load(*device));
  });
  for (const Tactic* tactic : tactics) {
    EXPECT_GT(tactic->estimate_us(prepared.problem, target), 0.0) << tactic->name();
    const std::string where = strings::join(tactic->name(), ", ", prepared.problem.key());
    auto kernel = tactic->bind(prepared.problem, target);
    // A library may propose fewer engines, or one that then does not take the problem.
    if (!kernel && tactic->is_library() && kernel.error().code == Code::kUnsupported) continue;
    EXPECT_TRUE(kernel) << where << ": " << kernel.error().message;
    if (!kernel) continue;
    run_one(*tactic, target, test, prepared, *std::move(kernel), where);
    ran.emplace_back(tactic->name());
  }
  return ran;
}

int compile_texts(const Case& test, int capability, std::string_view prefix, bool tf32) {
  const PreparedCase prepared = prepare_case(test);
  const auto target = make_cuda_target(capability, tf32);
  EXPECT_TRUE(target) << (target ? "" : target.error().message);
  if (!target) return 0;
  const std::shared_ptr<CudaDevice> device = CudaDevice::for_recording(target->facts, true);
  struct Job {
    const Tactic* tactic;
    std::unique_ptr<Kernel> kernel;
    Status loaded;
  };
  std::vector<Job> jobs;
  for (const Tactic* tactic : tactics_for(test.op)) {
    if (tactic->name().substr(0, prefix.size()) != prefix) continue;
    if (!tactic->accepts(prepared.problem, *target).accepted) continue;
    auto kernel = tactic->bind(prepared.problem, *target);
    EXPECT_TRUE(kernel) << tactic->name();
    if (kernel) jobs.push_back({tactic, *std::move(kernel), {}});
  }
  const int threads = ThreadPool::usable_threads();
  ThreadPool::shared().ensure(threads);
  ThreadPool::shared().parallel_for(static_cast<std::int64_t>(jobs.size()), threads, [&](std::int64_t i, int) {
    Job& job = jobs[static_cast<std::size_t>(i)];
    job.loaded = static_cast<DeviceKernel&>(*job.kernel).load(*device);
  });
  for (const Job& job : jobs) {
    const std::string where = strings::join(job.tactic->name(), " for ", capability, ", ", prepared.problem.key());
    EXPECT_TRUE(job.loaded) << where << ": " << (job.loaded ? "" : job.loaded.error().message);
    const auto* texts = dynamic_cast<const cuda::ContractionKernel*>(job.kernel.get());
    if (texts == nullptr || !job.loaded) continue;
    for (const auto& use : texts->programs()) {
      const auto function = device->function(use.program, use.function);
      EXPECT_TRUE(function && function->local_bytes == 0) << where << ": " << use.function << " uses local memory";
    }
  }
  return static_cast<int>(jobs.size());
}

}  // namespace bolide::test
