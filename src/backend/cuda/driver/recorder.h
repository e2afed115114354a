/// A device that is not there, on which kernels are loaded and launched to see what they would do.
///
///     TRY(auto device, CudaDevice::for_recording(facts, true));
///     LaunchRecorder recorder;
///     CudaStream stream(device, recorder.handle(), false);
///     TRY_OK(kernel.load(*device));
///     TRY_OK(kernel.launch(stream, buffers));
///     use(recorder.launches());
#pragma once

#include "backend/cuda/driver/driver_api.h"

#include <array>
#include <vector>

namespace bolide::cuda {

/// One piece of work that a stream was given.
struct RecordedLaunch {
  std::string name;  ///< "program.function", or "copy", "fill"
  std::array<unsigned, 3> grid = {0, 0, 0};
  std::array<unsigned, 3> block = {0, 0, 0};
  std::array<unsigned, 3> cluster = {0, 0, 0};  ///< 0: none
  std::int64_t shared_bytes = 0;                ///< of a block, what the kernel declares included where it is known
  bool overlaps = false;                        ///< may start before the kernel before it has ended
  int registers = -1;                           ///< -1: not known, the kernel is not compiled
  int local_bytes = -1;
};

/// What a function's handle points at where nothing is loaded.
struct RecordedFunction {
  std::string name;
  int registers = -1;
  int local_bytes = -1;
  int shared_bytes = 0;
};

/// The work of one stream. One thread.
class LaunchRecorder {
 public:
  /// What a CudaStream takes that writes here.
  StreamHandle handle() { return reinterpret_cast<StreamHandle>(this); }
  const std::vector<RecordedLaunch>& launches() const { return launches_; }
  void add(RecordedLaunch launch) { launches_.push_back(std::move(launch)); }

 private:
  std::vector<RecordedLaunch> launches_;
};

/// The driver's calls that kernels make while they load and launch: each succeeds, work goes to the stream's recorder.
const DriverApi& recording_api();

}  // namespace bolide::cuda
