/// Running engines: loading, contexts, inputs and outputs by name.
///
///     auto engine = bolide::Runtime().load("model.engine");
///     auto context = engine->make_context();
///     (void)context->set_input("image", image);
///     if (bolide::Status ran = context->run(); !ran) ...
///     bolide::HostTensor scores = *context->output("scores");
#pragma once

#include <bolide/network.h>

#include <array>
#include <map>

namespace bolide {

class Profiler;
class ExecutionContext;

/// A kernel that a step gives to a device with memory of its own.
struct KernelInfo {
  std::string name;      ///< "copy" and "fill" are the driver's own
  bool library = false;  ///< NVIDIA's cuDNN or cuBLASLt launches it: `name` says what was asked for, no more is known
  std::array<unsigned, 3> grid = {0, 0, 0};
  std::array<unsigned, 3> block = {0, 0, 0};
  std::array<unsigned, 3> cluster = {0, 0, 0};  ///< 0: none
  std::int64_t shared_bytes = 0;  ///< of a block; without what the kernel declares while it is not compiled
  bool overlaps = false;          ///< may start before the kernel before it has ended
  int registers = -1;             ///< of a thread; -1: not known, the kernel is not compiled
  int local_bytes = -1;           ///< of a thread, in slow memory; not 0 means spilled registers
};

/// A stretch of memory that a run uses.
struct BufferInfo {
  std::string kind;                 ///< "arena", "host arena", "input", "output", "weights"
  std::vector<std::string> values;  ///< that lie in it
  std::int64_t offset = 0;          ///< in its arena
  std::int64_t bytes = 0;
  int first = 0;  ///< steps between which it is live
  int last = 0;
};

/// What a step of an engine's plan is and does.
struct StepInfo {
  std::string name;
  std::string op;
  std::string tactic;
  std::vector<std::string> members;  ///< the user's layers whose work it does
  std::vector<std::string> inputs;   ///< "name f32[1,64,56,56] nhwc"
  std::vector<std::string> outputs;
  std::int64_t bytes = 0;   ///< read and written
  double operations = 0;    ///< multiplications and additions; 0 where they are not what costs
  double microseconds = 0;  ///< measured or estimated when it was planned
  bool measured = false;
  bool reference = false;  ///< runs the slow defining form
  bool copy = false;       ///< only moves data between layouts or memories
  bool on_host = false;    ///< runs on the host beside a device with its own memory
  /// Of what it multiplies: the first input's, else the first output's.
  DataType dtype = DataType::kF32;
  int stream = 0;                   ///< of a device with its own memory
  std::vector<KernelInfo> kernels;  ///< in order, where the device runs kernels that can be seen
};

/// What planning decided for one shape.
struct PlanInfo {
  std::vector<StepInfo> steps;
  std::int64_t arena_bytes = 0;
  std::int64_t arena_lower_bound = 0;
  std::int64_t weight_bytes = 0;
  std::int64_t packed_bytes = 0;
  int reference_steps = 0;
  int host_steps = 0;  ///< on the host beside a device with its own memory
  int copies = 0;
  int threads = 1;
  int streams = 1;                 ///< of a device with its own memory, inside one run
  std::vector<BufferInfo> memory;  ///< by kind, then offset
  std::int64_t kernels = 0;        ///< of all steps
  /// Runs of the plan that make one run: a large batch goes through in equal parts, so that less memory is live. Sizes
  /// and arena are those of a part; bytes, operations and times of steps are those of all parts.
  int batch_slices = 1;
  double total_microseconds = 0;
};

/// An immutable, tuned network. Copies share everything. Any thread.
class BOLIDE_API Engine {
 public:
  std::vector<TensorInfo> inputs() const;
  std::vector<TensorInfo> outputs() const;
  /// Sizes of every input: the given ones, else the declared ones with names taken from the given sizes and 1 elsewhere
  /// (the smallest workable power of two where the network could not run with 1). Errors: NotFound, InvalidArgument.
  Result<std::vector<std::pair<std::string, Dims>>> complete_shapes(
      const std::vector<std::pair<std::string, Dims>>& given = {}) const;
  /// Contexts share the engine's weights; each has its own activations. Release order is free.
  Result<ExecutionContext> make_context() const;
  /// Writes the engine file, all or nothing.
  Status save(const std::filesystem::path& path) const;
  /// The plan for these input sizes (named dims not given are 1). Kernels of a device are seen without it; their
  /// registers are known where they are compiled, which `compile_kernels` does here (with NVRTC).
  Result<PlanInfo> plan(const std::vector<std::pair<std::string, Dims>>& shapes = {},
                        bool compile_kernels = false) const;
  /// What the build did, for people: passes with counts, fusions with members, candidates with times and reasons.
  std::string build_report() const;
  /// The same as one JSON document.
  std::string build_report_json() const;
  /// Facts by key: "device", "fingerprint", "threads", "source", "precision", "steps", "tuned"; "kept_fp32" where steps
  /// stay in FP32 beside a narrower type, "also for" where the file holds choices for other devices.
  std::map<std::string, std::string> facts() const;

  struct State;
  explicit Engine(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  const State& state() const { return *state_; }

 private:
  std::shared_ptr<const State> state_;
};

/// Something that took time: a step of a run, or a part of one on a thread.
struct TraceSpan {
  std::string name;
  std::string track;    ///< "steps", "thread 0", "stream 0", "host"
  double start_us = 0;  ///< of std::chrono::steady_clock
  double us = 0;
  int step = -1;  ///< of Engine::plan(); -1: none
};

/// One run at a time; not for two threads at once. Keeps its engine alive.
class BOLIDE_API ExecutionContext {
 public:
  ~ExecutionContext();
  ExecutionContext(ExecutionContext&&) noexcept;
  ExecutionContext& operator=(ExecutionContext&&) noexcept;

  /// The tensor's elements are read by the next runs: keep them alive and in place.
  /// Errors: NotFound for the name (with the names there are), InvalidArgument for dtype, rank or size.
  Status set_input(std::string_view name, const HostTensor& tensor);
  Status set_input(std::string_view name, DataType type, const Dims& dims, const void* data);
  /// Where the output is to be written; without this the context owns it.
  Status set_output(std::string_view name, void* data, std::size_t bytes);
  /// The same with elements in the memory of the engine's device (a CUdeviceptr as a pointer). Errors: also
  /// InvalidArgument where the device is the host; Unsupported where only the data decide sizes.
  Status set_device_input(std::string_view name, DataType type, const Dims& dims, const void* data);
  Status set_device_output(std::string_view name, void* data, std::size_t bytes);
  /// Gives one run to a stream of the caller's (a CUstream; null: a stream of the context's own) and returns without
  /// waiting. Runs of one context come one after the other, whatever streams they are given to. Inputs and outputs in
  /// the device's memory stay in place until the run is over. Inputs in the host's memory are read before this returns;
  /// outputs there are written by synchronize(), and a run that has any waits for the run before it.
  /// Errors: Unsupported where a step runs on the host (the message names it; with run() it works), only the data
  /// decide sizes, or the device is the host.
  Status enqueue(void* stream = nullptr);
  /// Waits for the runs that were given. Errors: what they did wrong.
  Status synchronize();
  /// Whether they are over; does not wait.
  Result<bool> finished();
  /// On the context's own stream: runs given from now on start after `event`, a CUevent of the caller's; or `event` is
  /// recorded after the runs given so far.
  Status wait_event(void* event);
  Status record_event(void* event);
  /// Device memory for activations, 256-byte aligned, in place of the context's own; null: its own again. It may serve
  /// several contexts whose runs do not overlap. Errors: InvalidArgument for less than a run needs, when it is run.
  Status set_device_memory(void* data, std::size_t bytes);
  /// What a run with the sizes of the inputs that are set needs. Errors: Unsupported where the device is the host.
  Result<std::size_t> device_memory_bytes();
  /// Sizes of an output for the inputs that are set.
  Result<Dims> output_dims(std::string_view name);
  /// Runs and waits. A steady state of equal shapes allocates nothing.
  Status run();
  /// Of each later run, in seconds; not above 0 (as at first): none. A run that takes longer ends with Cancelled after
  /// the step, iteration of a loop or part of a step without a fast kernel that it is in. Runs given to a stream do not
  /// ask.
  void set_time_limit(double seconds);
  /// Ends the run that is under way with Cancelled, likewise. Any thread.
  void cancel();
  /// The result of the last run; valid until the next run or the end of the context.
  Result<HostTensor> output(std::string_view name) const;
  /// Times every step of the next runs; null switches off.
  void set_profiler(Profiler* profiler);
  /// Runs once and tells when each step ran, those of the branch that If takes included, and where: on the host by
  /// thread, on a device by stream (with events around every step, which cost some microseconds each). Errors: as
  /// run(); Unsupported where only the data decide sizes.
  Result<std::vector<TraceSpan>> trace();
  std::int64_t arena_bytes() const;

  struct State;
  explicit ExecutionContext(std::unique_ptr<State> state);

 private:
  std::unique_ptr<State> state_;
};

/// What is running the process, as `bolide doctor` prints it: ordered pairs of name and value.
BOLIDE_API std::vector<std::pair<std::string, std::string>> system_facts();

/// True when the file starts as an engine file does. False also when it cannot be read.
BOLIDE_API bool is_engine_file(const std::filesystem::path& path);

/// Reads engine files.
class BOLIDE_API Runtime {
 public:
  struct Options {
    int threads = 0;  ///< 0: the smaller of CPU affinity and cgroup quota
    std::string device = "cpu";
  };
  /// Errors: NotFound, BadFile (what is damaged), Unsupported (other major format version, device not there).
  Result<Engine> load(const std::filesystem::path& path, const Options& options) const;
  Result<Engine> load(const std::filesystem::path& path) const { return load(path, Options{}); }
};

}  // namespace bolide
