/// Names for stretches of the host's time in NVIDIA's tools (Nsight Systems). Source: NVTX 3 documentation.
#pragma once

#include "backend/cuda/driver/library.h"

#include <string>

namespace bolide::cuda {

/// From its making to its end, on this thread; ranges nest. Does nothing where NVTX is not there, and costs some
/// nanoseconds where no tool listens. The library is looked for once per process, by the first range.
class NvtxRange {
 public:
  explicit NvtxRange(const std::string& name);
  ~NvtxRange();
  NvtxRange(const NvtxRange&) = delete;
  NvtxRange& operator=(const NvtxRange&) = delete;
};

/// The library that ranges go to. Errors: NotFound with what was tried; Device when it lacks a call.
Result<std::string> nvtx_library();

}  // namespace bolide::cuda
