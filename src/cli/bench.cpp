#include "cli/inputs.h"
#include "cli/json_output.h"
#include "cli/model_options.h"
#include "cli/per_layer.h"
#include "cli/table.h"

#include <sys/resource.h>
#include <nlohmann/json.hpp>

#include <bolide/device.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <numeric>
#include <optional>

namespace bolide::cli {
namespace {

struct BenchArgs {
  ModelOptions model;
  FillOptions fill;
  ImageOptions images;
  std::vector<std::string> inputs;
  double duration_s = 2;
  bool per_layer = false;
  bool json = false;
};

double peak_rss_mib() {
  // VmHWM is this program's own; ru_maxrss may carry over from the parent that forked it.
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

struct Figures {
  std::vector<double> ms;  // sorted
  double quantile(double q) const {
    return ms[std::min(ms.size() - 1, static_cast<std::size_t>(q * static_cast<double>(ms.size())))];
  }
  double mean() const { return std::accumulate(ms.begin(), ms.end(), 0.0) / static_cast<double>(ms.size()); }
};

using Clock = std::chrono::steady_clock;
double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

Result<Figures> time_runs(const std::function<Status()>& run, double duration_s) {
  for (int i = 0; i < 2; ++i) {
    if (Status ran = run(); !ran) return std::move(ran).error();
  }
  Figures figures;
  const auto end = Clock::now() + std::chrono::duration<double>(duration_s);
  while (figures.ms.size() < 3 || Clock::now() < end) {
    const auto start = Clock::now();
    if (Status ran = run(); !ran) return std::move(ran).error();
    figures.ms.push_back(ms_since(start));
  }
  std::sort(figures.ms.begin(), figures.ms.end());
  return figures;
}

/// Inputs and outputs in the memory of a device.
struct OnDevice {
  std::vector<DeviceBuffer> buffers;
  Figures latency;             ///< a run given to the device and waited for
  double back_to_back_ms = 0;  ///< a run among many that wait for nothing but each other
};

/// Times runs whose inputs and outputs stay on the device. Errors: Unsupported where a step runs on the host or only
/// the data decide sizes.
Result<OnDevice> time_on_device(const Engine& engine, const NamedInputs& inputs, double duration_s) {
  Result<ExecutionContext> context = engine.make_context();
  if (!context) return std::move(context).error();
  OnDevice out;
  for (const auto& [input, tensor] : inputs) {
    Result<DeviceBuffer> buffer = DeviceBuffer::allocate(engine, tensor.bytes());
    if (!buffer) return std::move(buffer).error();
    if (Status done = buffer->upload(tensor.data(), tensor.bytes()); !done) return std::move(done).error();
    if (Status set = context->set_device_input(input, tensor.dtype(), tensor.dims(), buffer->data()); !set) {
      return std::move(set).error();
    }
    out.buffers.push_back(*std::move(buffer));
  }
  for (const TensorInfo& info : engine.outputs()) {
    Result<Dims> dims = context->output_dims(info.name);
    if (!dims && dims.error().code == Code::kInvalidArgument) {
      return Error{Code::kUnsupported, dims.error().message};  // known after a run only
    }
    if (!dims) return std::move(dims).error();
    std::size_t bytes = static_cast<std::size_t>(bit_width(info.dtype)) / 8;
    for (const std::int64_t size : *dims) bytes *= static_cast<std::size_t>(size);
    Result<DeviceBuffer> buffer = DeviceBuffer::allocate(engine, bytes);
    if (!buffer) return std::move(buffer).error();
    if (Status set = context->set_device_output(info.name, buffer->data(), bytes); !set) return std::move(set).error();
    out.buffers.push_back(*std::move(buffer));
  }
  const auto run = [&]() -> Status {
    Status given = context->enqueue();
    return given ? context->synchronize() : given;
  };
  Result<Figures> latency = time_runs(run, duration_s / 2);
  if (!latency) return std::move(latency).error();
  out.latency = *std::move(latency);
  std::vector<double> rounds;
  const int each = std::clamp(static_cast<int>(20 / std::max(out.latency.quantile(0.5), 0.01)), 4, 1000);
  const auto end = Clock::now() + std::chrono::duration<double>(duration_s / 2);
  while (rounds.size() < 3 || Clock::now() < end) {
    const auto start = Clock::now();
    for (int i = 0; i < each; ++i) {
      if (Status given = context->enqueue(); !given) return std::move(given).error();
    }
    if (Status done = context->synchronize(); !done) return std::move(done).error();
    rounds.push_back(ms_since(start) / each);
  }
  std::sort(rounds.begin(), rounds.end());
  out.back_to_back_ms = rounds[rounds.size() / 2];
  return out;
}

int bench(const BenchArgs& args) {
  Result<Engine> engine = open_engine(args.model, true);
  if (!engine) return report(engine.error());
  Result<NamedInputs> given = read_inputs(args.inputs, engine->inputs(), args.images);
  if (!given) return report(given.error());
  Result<NamedInputs> inputs = complete_inputs(*std::move(given), *engine, args.model, args.fill);
  if (!inputs) return report(inputs.error());
  InputShapes shapes;
  for (const auto& [input, tensor] : *inputs) shapes.emplace_back(input, tensor.dims());
  Result<ExecutionContext> context = engine->make_context();
  if (!context) return report(context.error());
  context->set_time_limit(args.model.time_limit_s);
  for (const auto& [input, tensor] : *inputs) {
    if (Status set = context->set_input(input, tensor); !set) return report(set.error());
  }
  Result<Figures> figures = time_runs([&] { return context->run(); }, args.duration_s);
  if (!figures) return report(figures.error());
  std::optional<OnDevice> device;
  std::optional<Figures> from_host;  // with copies from and to the host's memory
  if (engine->facts()["device"] != "cpu") {
    if (Result<OnDevice> timed = time_on_device(*engine, *inputs, args.duration_s); timed) {
      device = *std::move(timed);
      from_host = *figures;
      figures = device->latency;
    } else if (timed.error().code != Code::kUnsupported) {
      return report(timed.error());
    }
  }
  const double rss = peak_rss_mib();
  StepMedians steps;
  if (args.per_layer) {
    context->set_profiler(&steps);
    for (int i = 0; i < 20; ++i) {
      steps.next_run();
      if (Status ran = context->run(); !ran) return report(ran.error());
    }
  }
  Result<PlanInfo> plan = engine->plan(shapes);
  PlanInfo none;
  const PlanInfo& info = plan ? *plan : none;
  std::int64_t batch = 1;
  if (!shapes.empty() && !shapes.front().second.empty()) batch = std::max<std::int64_t>(shapes.front().second[0], 1);
  const double median = figures->quantile(0.5);
  const double per_run_ms = device ? device->back_to_back_ms : median;
  const auto facts = engine->facts();
  const auto fact = [&](const char* key) {
    const auto f = facts.find(key);
    return f == facts.end() ? std::string() : f->second;
  };
  std::optional<Limits> limits;
  if (args.per_layer) {
    Result<Limits> measured = Limits::measure(*engine, info.threads);
    if (!measured) return report(measured.error());
    limits = *std::move(measured);
  }
  if (Status traced = write_trace(args.model, *engine, *context, shapes); !traced) return report(traced.error());
  if (args.json) {
    nlohmann::json document = {{"latency_ms",
                                {{"median", median},
                                 {"mean", figures->mean()},
                                 {"p90", figures->quantile(0.9)},
                                 {"p99", figures->quantile(0.99)},
                                 {"min", figures->ms.front()}}},
                               {"throughput_per_s", static_cast<double>(batch) * 1e3 / per_run_ms},
                               {"runs", figures->ms.size()},
                               {"batch", batch},
                               {"threads", info.threads},
                               {"device", fact("device")},
                               {"precision", fact("precision")},
                               {"peak_rss_mib", rss},
                               {"reference_steps", info.reference_steps},
                               {"host_steps", info.host_steps},
                               {"copies", info.copies},
                               {"steps", info.steps.size()},
                               {"kernels", info.kernels},
                               {"streams", info.streams},
                               {"batch_slices", info.batch_slices},
                               {"arena_mib", static_cast<double>(info.arena_bytes) / (1 << 20)},
                               {"seed", args.fill.seed}};
    if (device) {
      document["back_to_back_ms"] = device->back_to_back_ms;
      document["from_host_ms"] = from_host->quantile(0.5);
    }
    if (args.per_layer) {
      document["layers"] = layers_json(info, steps, *limits);
      document["machine"] = limits->json();
    }
    print_json(document);
    return kDone;
  }
  for (const auto& [input, dims] : shapes) {
    std::cout << "input " << input;
    for (std::size_t i = 0; i < dims.size(); ++i) std::cout << (i == 0 ? "  " : "x") << dims[i];
    std::cout << '\n';
  }
  std::cout << "device " << fact("device") << ", " << info.threads << " threads, precision " << fact("precision")
            << ", seed " << args.fill.seed << "\n";
  std::cout << "latency  median " << number(median, 3) << " ms, mean " << number(figures->mean(), 3) << ", p90 "
            << number(figures->quantile(0.9), 3) << ", p99 " << number(figures->quantile(0.99), 3) << ", min "
            << number(figures->ms.front(), 3) << " (" << figures->ms.size() << " runs)\n";
  if (device) {
    std::cout << "on the device  " << number(device->back_to_back_ms, 3)
              << " ms a run back to back; from and to the host " << number(from_host->quantile(0.5), 3) << " ms\n";
  }
  std::cout << "throughput  " << number(static_cast<double>(batch) * 1e3 / per_run_ms, 1) << " per second\n";
  std::cout << "memory  peak " << number(rss, 1) << " MiB, arena " << human_bytes(static_cast<double>(info.arena_bytes))
            << "\n";
  std::cout << "plan  " << info.steps.size() << " steps, " << info.copies << " copies, " << info.reference_steps
            << " by the reference";
  if (info.host_steps > 0) std::cout << ", " << info.host_steps << " on the host";
  if (info.batch_slices > 1) std::cout << ", " << info.batch_slices << " parts of the batch one after the other";
  std::cout << '\n';
  if (args.per_layer) {
    std::cout << limits->text() << "\n\n";
    print_layers(std::cout, info, steps, *limits);
  }
  return kDone;
}

}  // namespace

std::function<int()> add_bench(CLI::App& app) {
  auto args = std::make_shared<BenchArgs>();
  add_model_path(app, args->model, "MODEL|ENGINE");
  add_build_options(app, args->model);
  add_trace_option(app, args->model);
  add_time_limit_option(app, args->model);
  add_fill_options(app, args->fill);
  add_input_options(app, args->inputs, args->images);
  app.add_option("--duration", args->duration_s, "seconds to time; at least three runs are counted")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--per-layer", args->per_layer, "time every step");
  app.add_flag("--json", args->json, "print one JSON document");
  return [args] { return bench(*args); };
}

}  // namespace bolide::cli
