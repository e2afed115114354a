// What a CUDA engine costs beside its kernels: opening the device, loading the file, the first run, memory, launches.
//
//     runtime_times ENGINE   times in ms, memory in MiB, one JSON object
#include "backend/cuda/cuda_backend.h"
#include "base/clock.h"
#include "plan/sizes.h"
#include "runtime/context.h"
#include "runtime/load.h"

#include <algorithm>
#include <cstdio>

namespace bolide {
namespace {

struct Mark {
  double start = monotonic_microseconds();
  double ms() {
    const double now = monotonic_microseconds();
    return (now - std::exchange(start, now)) / 1e3;
  }
};

double used_mib(Device& device) {
  const auto memory = device.memory();
  return memory ? static_cast<double>(memory->second - memory->first) / (1 << 20) : -1;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Status measure(const char* path) {
  Mark mark;
  TRY(auto device, cuda::CudaDevice::open(0));
  const double driver_ms = mark.ms();
  const double before = used_mib(*device);
  TRY(auto stream, device->make_stream());
  const double context_ms = mark.ms();
  const double base = used_mib(*device);
  mark.ms();
  TRY(auto mapped, MappedFile::open(path));
  TRY(EngineFile file, read_engine(std::move(mapped)));
  const double read_ms = mark.ms();
  const auto kept = file.metadata.find("precision");
  auto backend =
      std::make_shared<CudaBackend>(make_cuda_target(device, kept != file.metadata.end() && kept->second == "tf32"));
  const double target_ms = mark.ms();
  TRY(auto engine, load_engine(file, backend));
  const double bind_ms = mark.ms();
  // The first tuned shape, else the smallest.
  TRY(std::vector<Dims> sizes, complete_sizes(engine->graph(), {}));
  if (!engine->variants().empty()) sizes = engine->variants()[0].inputs;
  TRY(auto prepared, engine->prepare(sizes));
  const double prepare_ms = mark.ms();
  const double loaded = used_mib(*device);
  mark.ms();
  ContextCore context(engine);
  std::vector<std::vector<std::byte>> inputs;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto& value = engine->graph().values[static_cast<std::size_t>(engine->graph().inputs[i])];
    TRY(const std::int64_t count, element_count(sizes[i]));
    inputs.emplace_back(packed_bytes(value.type.dtype, count));
    TRY_OK(context.set_input(static_cast<int>(i), value.type.dtype, sizes[i], inputs.back().data()));
  }
  TRY_OK(context.prepare());
  const double context_prepare_ms = mark.ms();
  TRY_OK(context.run());
  const double first_run_ms = mark.ms();
  const double running = used_mib(*device);
  std::vector<double> runs;
  for (int i = 0; i < 100; ++i) {
    mark.ms();
    TRY_OK(context.run());
    runs.push_back(mark.ms());
  }
  std::vector<std::unique_ptr<ContextCore>> more;
  for (int c = 0; c < 4; ++c) {
    more.push_back(std::make_unique<ContextCore>(engine));
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const auto& value = engine->graph().values[static_cast<std::size_t>(engine->graph().inputs[i])];
      TRY_OK(more.back()->set_input(static_cast<int>(i), value.type.dtype, sizes[i], inputs[i].data()));
    }
    TRY_OK(more.back()->run());
  }
  const double five = used_mib(*device);
  TRY(auto serial_engine, load_engine(file, backend, {.side_by_side = false}));
  ContextCore serial(serial_engine);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto& value = engine->graph().values[static_cast<std::size_t>(engine->graph().inputs[i])];
    TRY_OK(serial.set_input(static_cast<int>(i), value.type.dtype, sizes[i], inputs[i].data()));
  }
  TRY_OK(serial.run());
  std::vector<double> serial_runs;
  std::vector<double> parallel_runs;
  for (int round = 0; round < 200; ++round) {
    mark.ms();
    TRY_OK(serial.run());
    serial_runs.push_back(mark.ms());
    TRY_OK(context.run());
    parallel_runs.push_back(mark.ms());
  }
  const Schedule& schedule = prepared->schedule();
  std::printf(
      "{\"driver_ms\": %.1f, \"context_ms\": %.1f, \"read_ms\": %.1f, \"target_ms\": %.1f, \"bind_ms\": %.1f, "
      "\"prepare_ms\": %.1f, \"context_prepare_ms\": %.1f, \"first_run_ms\": %.1f, \"run_ms\": %.4f, \"serial_ms\": "
      "%.4f, \"side_by_side_ms\": %.4f, \"nodes\": %d, "
      "\"lanes\": %d, \"used_at_start_mib\": %.1f, \"used_with_stream_mib\": %.1f, \"loaded_mib\": %.1f, "
      "\"running_mib\": %.1f, \"five_contexts_mib\": %.1f, \"weights_mib\": %.1f, \"arena_mib\": %.1f}\n",
      driver_ms, context_ms, read_ms, target_ms, bind_ms, prepare_ms, context_prepare_ms, first_run_ms, median(runs),
      median(serial_runs), median(parallel_runs), context.graph_nodes(), schedule.lanes, before, base, loaded - base,
      running - base, five - base, static_cast<double>(engine->packed_bytes()) / (1 << 20),
      static_cast<double>(context.arena_bytes()) / (1 << 20));
  return {};
}

}  // namespace
}  // namespace bolide

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: runtime_times ENGINE\n");
    return 2;
  }
  const bolide::Status done = bolide::measure(argv[1]);
  if (!done) std::fprintf(stderr, "error: %s\n", done.error().message.c_str());
  return done ? 0 : 1;
}
