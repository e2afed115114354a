/// Runs a schedule on a device with its own memory: recorded once for its addresses, then replayed.
///
/// Steps that run on the device, copies between memories included, are recorded into graphs; steps that run on the host
/// stand between them. A network without such steps is one graph: one call a run.
#pragma once

#include "runtime/executor.h"

namespace bolide {

/// One input or output of a run.
struct DevicePort {
  void* data = nullptr;
  bool on_device = false;  ///< in the device's memory: used in place
};

/// Memory of a context's runs, shared by its executors: grows, never shrinks.
struct DeviceWorkspace {
  std::unique_ptr<DeviceBlock> device;
  std::unique_ptr<DeviceBlock> host;
};

/// When a step ran on the device.
struct DeviceSpan {
  std::size_t step = 0;  ///< in the schedule
  int lane = 0;          ///< stream
  double start_us = 0;   ///< as of monotonic_microseconds()
  double us = 0;
};

/// One run at a time. Does not outlive the workspace's blocks that it was recorded for.
class DeviceExecutor {
 public:
  /// The bytes that it needs of both memories.
  struct Needs {
    std::size_t device = 0;
    std::size_t host = 0;
  };
  static Needs needs(const PreparedSchedule& prepared);
  /// Makes the host's part of a workspace ready, once after it was allocated.
  static void clear(const DeviceBlock& host);
  /// `workspace` has at least what needs() says. Touches none of it: it may be a lost device's.
  DeviceExecutor(std::shared_ptr<const PreparedSchedule> prepared, std::shared_ptr<Device> device,
                 const DeviceWorkspace& workspace, bool side_by_side);

  const PreparedSchedule& prepared() const { return steps_.prepared(); }
  /// Runs on `stream` and waits. Once the addresses of ports in the device's memory have been seen, it allocates
  /// nothing. Errors: what a step or the device reports.
  Status run(DeviceStream& stream, std::span<const DevicePort> inputs, std::span<const DevicePort> outputs,
             const HostScratch& scratch);
  /// The same without waiting, where nothing runs on the host, on `stream`; `recorder` is another of the device. Inputs
  /// in the host's memory are read before it returns; deliver() is for the outputs there.
  Status enqueue(DeviceStream& recorder, DeviceStream& stream, std::span<const DevicePort> inputs,
                 std::span<const DevicePort> outputs, const HostScratch& scratch);
  /// Hands over outputs in the host's memory once the run is over. Errors: what its kernels found wrong in the data.
  Status deliver(std::span<const DevicePort> outputs);
  /// The first step that runs on the host; null when there is none.
  const ScheduledStep* host_step() const;
  /// Does the last run again, step by step, and times each by replaying it alone, with warm caches.
  Status profile(DeviceStream& stream, const HostScratch& scratch, StepTimes& times);
  /// Does the last run again with an event before and after each step of the device; `observer` (may be null) sees the
  /// steps of the host.
  Status trace(DeviceStream& stream, const HostScratch& scratch, std::vector<DeviceSpan>& spans,
               StepObserver* observer);
  /// Kernels and copies of one run; 0 before the first.
  int graph_nodes() const { return recordings_.empty() ? 0 : recordings_.front().nodes; }

 private:
  /// Steps [begin, end), all on the device or one on the host.
  struct Segment {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool on_host = false;
    std::unique_ptr<DeviceGraph> graph;
  };
  struct Recording {
    std::vector<void*> addresses;  // of ports in the device's memory; null: staged
    std::vector<Segment> segments;
    int nodes = 0;
  };

  Result<Recording*> recording(DeviceStream& stream, std::span<const DevicePort> inputs,
                               std::span<const DevicePort> outputs);
  Status record(DeviceStream& stream, Recording& recording);
  Status record_steps(DeviceStream& stream, const Segment& segment);
  /// Where all buffers lie in a run; `ports` as Recording::addresses.
  void place_buffers(std::span<void* const> ports);
  Status launch_step(DeviceStream& stream, std::size_t index);
  Status repeat_step(DeviceStream& stream, std::size_t index);
  void stage(std::span<const DevicePort> inputs) const;
  Status go(DeviceStream& stream, Recording& recording, const HostScratch& scratch);
  /// What the kernels of runs that are over found wrong, once. Errors: InvalidArgument, as the host's kernels.
  Status found_wrong();

  StepRunner steps_;
  std::shared_ptr<Device> device_;
  std::byte* arena_ = nullptr;
  std::byte* host_arena_ = nullptr;
  std::vector<std::byte*> io_device_;  // by inputs, then outputs
  std::vector<std::byte*> io_host_;
  std::vector<std::size_t> io_bytes_;
  int lanes_used_ = 1;
  KernelFault* faults_ = nullptr;                      // by step; at the same place for all executors of a workspace
  std::vector<Recording> recordings_;                  // most recently made last
  std::vector<void*> ports_;                           // Recording::addresses of the last run
  std::vector<std::unique_ptr<DeviceStream>> lanes_;   // after the first, while recording
  std::vector<std::unique_ptr<DeviceGraph>> timings_;  // by step, for profile()
  std::vector<void*> timed_ports_;                     // that they are for
};

}  // namespace bolide
