/// One run at a time over a shared engine: inputs and outputs, one arena, the plan of the present shape.
#pragma once

#include "runtime/device_executor.h"
#include "runtime/engine.h"

#include <atomic>

namespace bolide {

class RegionRunner;

/// Not for two threads at once (a second run while one is under way is refused); any number of contexts may share an
/// engine.
class ContextCore {
 public:
  explicit ContextCore(std::shared_ptr<EngineCore> engine);
  ~ContextCore();
  ContextCore(const ContextCore&) = delete;
  ContextCore& operator=(const ContextCore&) = delete;

  const EngineCore& engine() const { return *engine_; }

  /// Borrows `data` until the next run has ended; it lies in the device's memory if `on_device`. Of a
  /// sequence, optional or map it is the Tensor itself.
  /// Errors: InvalidArgument naming the input for a wrong dtype or rank, or where the device has no memory of its own;
  /// Unsupported in the device's memory where only the data decide sizes.
  Status set_input(int index, DataType dtype, const Dims& dims, const void* data, bool on_device = false);
  /// Borrows `data` of `bytes`; without it the context owns the output's memory, which is the host's.
  Status set_output(int index, void* data, std::size_t bytes, bool on_device = false);
  /// Plans for the sizes of the inputs that are set (cached), allocates the arena when it grows.
  Status prepare();
  /// Runs. A steady state of equal shapes allocates nothing. Errors: missing inputs, too small outputs, what steps
  /// report.
  Status run();
  /// Of each run from now on; not above 0: none. A run that takes longer ends with Cancelled after the step (or part of
  /// a step without a kernel, iteration of a loop) that it is in.
  void limit_time(double seconds) { most_seconds_ = seconds; }
  /// Ends the run that is under way likewise. Any thread.
  void cancel() { cancelled_ = true; }
  /// Runs, and returns the outputs in memory that later runs leave alone. `kept` holds such memory between runs; it is
  /// taken again once no one else holds it, and grows. Outputs that are marked in `on_device` (by output; empty: none)
  /// lie in the device's memory, where their data() must not be followed.
  Result<Tensors> run_owned(Tensors& kept, const std::vector<bool>& on_device = {});

  /// Gives one run to `native` (a CUstream; null: the context's own stream) and returns. Runs of a context come one
  /// after the other whatever streams they are given to. Inputs in the host's memory are read before it returns;
  /// outputs there are written by wait(), or by the next run. Errors: Unsupported where a step runs on the host
  /// (named), only the data decide sizes, or the device is the host; InvalidArgument while another run is being given.
  Status enqueue(void* native);
  /// Waits for the runs that were given, and hands over their outputs.
  Status wait();
  /// Whether they are over.
  Result<bool> finished();
  /// On the context's own stream: later runs start after `event` (a CUevent); or `event` comes after the runs so far.
  Status wait_for_event(void* event);
  Status record_event(void* event);

  /// Memory for activations instead of the context's own, 256-byte aligned, at least device_memory_bytes() for every
  /// shape that is run; null: its own again. Errors: InvalidArgument.
  Status set_device_memory(void* data, std::size_t bytes);
  /// What a run with the present sizes of inputs needs of the device beside weights. Errors: as prepare(); Unsupported
  /// where the device is the host.
  Result<std::size_t> device_memory_bytes();

  /// Sizes of an output for the inputs that are set; after run() where only the data decide.
  Result<Dims> output_dims(int index);
  /// Sizes of an output of the last run. Errors: InvalidArgument when none has succeeded since sizes were planned.
  Result<Dims> result_dims(int index) const;
  /// Its elements, of a sequence, optional or map the Tensor itself; meaningful where result_dims() succeeds.
  const void* output_data(int index) const;
  /// Present plan; null before prepare() and for networks whose sizes only the data decide.
  /// A batch in slices: that of one slice.
  const PreparedSchedule* prepared() const {
    if (on_device_ != nullptr) return &on_device_->prepared();
    return executor_ ? &executor_->prepared() : nullptr;
  }
  const Schedule* schedule() const { return prepared() == nullptr ? nullptr : &prepared()->schedule(); }
  /// Kernels and copies that a run gives to a device with its own memory.
  int graph_nodes() const { return on_device_ != nullptr ? on_device_->graph_nodes() : 0; }
  /// Per-step times of the next runs go here; null switches off.
  void profile(StepTimes* times) { times_ = times; }
  /// Runs, and once more on a device with memory of its own to tell when each step ran there; who observe() named sees
  /// the steps of the host. Errors: as run().
  Status trace(std::vector<DeviceSpan>& spans);
  /// Sees the steps of the next runs on the host; null switches off.
  void observe(StepObserver* observer) { observer_ = observer; }
  std::int64_t arena_bytes() const {
    return static_cast<std::int64_t>(workspace_.device != nullptr ? workspace_.device->size() : arena_.size());
  }

 private:
  struct Port {
    Dims dims;
    const void* data = nullptr;
    bool set = false;
    bool on_device = false;
  };
  struct OutputPort {
    void* data = nullptr;
    std::size_t bytes = 0;
    bool borrowed = false;
    bool on_device = false;
    AlignedBuffer owned;
    Tensor dynamic;  // result of a network whose sizes only the data decide
  };
  /// Marks the context as running for a scope; `taken` when another thread does it already.
  struct Running {
    explicit Running(std::atomic<bool>& running) : flag(running), taken(running.exchange(true)) {}
    ~Running() {
      if (!taken) flag = false;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    Status check() const;
    std::atomic<bool>& flag;
    const bool taken;
  };
  Status run_now();
  Status run_dynamic();
  /// Sizes of all inputs. Errors: InvalidArgument for one that is not set.
  Result<std::vector<Dims>> input_sizes() const;
  Status takes_device_memory(std::string_view what) const;
  Status make_own_stream();
  Status give_run(void* native);
  Status set_memory(void* data, std::size_t bytes);
  Status wait_and_deliver();
  void fill_ports();
  Dims planned_dims(int value) const;
  Status prepare_device(std::shared_ptr<const PreparedSchedule> prepared);
  Status run_on_device();
  Status check_outputs(const Schedule& schedule) const;
  std::size_t slice_bytes(const Schedule& schedule, int value) const;
  HostScratch scratch_of(const Schedule& schedule);

  std::shared_ptr<EngineCore> engine_;
  std::vector<Port> inputs_;
  std::vector<OutputPort> outputs_;
  std::vector<const void*> input_data_;
  std::vector<void*> output_data_;
  std::unique_ptr<Executor> executor_;
  std::unique_ptr<RegionRunner> regions_;  // of a network that is not planned as a whole
  std::vector<DevicePort> input_ports_;
  std::vector<DevicePort> output_ports_;
  std::unique_ptr<DeviceStream> stream_;
  std::unique_ptr<DeviceStream> borrowed_;  // of the last enqueue() with the caller's stream
  void* borrowed_native_ = nullptr;
  std::unique_ptr<DeviceEvent> enqueued_;  // after the last run that was given
  bool pending_ = false;                   // it has not been waited for
  void* pending_native_ = nullptr;         // where it was given
  std::vector<DevicePort> pending_outputs_;
  DeviceWorkspace workspace_;
  bool given_memory_ = false;
  std::list<std::unique_ptr<DeviceExecutor>> device_executors_;  // by shape, most recently used first
  DeviceExecutor* on_device_ = nullptr;                          // of the present shape
  AlignedBuffer arena_;
  AlignedBuffer scratch_;
  std::int64_t slices_ = 1;   // runs of the plan that make one run; see EngineCore::cut_batch()
  bool stale_ = true;         // input sizes changed since prepare()
  bool has_results_ = false;  // the last run succeeded, and its memory is as it left it
  std::atomic<bool> running_ = false;
  StepTimes* times_ = nullptr;
  StepObserver* observer_ = nullptr;
  double most_seconds_ = 0;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace bolide
