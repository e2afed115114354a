/// Names for stretches of the host's time in NVIDIA's tools (Nsight Systems). Source: NVTX 3 documentation.
#pragma once

#include "backend/cuda/driver/library.h"

#include <string>

namespace bolide::cuda {

/// Begin and end of a range of this thread; ranges nest. They do nothing where NVTX is not there, and cost some
/// nanoseconds where no tool listens. The library is looked for once per process, by the first range.
void nvtx_push(const std::string& name);
void nvtx_pop();

/// The library that ranges go to. Errors: NotFound with what was tried; Device when it lacks a call.
Result<std::string> nvtx_library();

}  // namespace bolide::cuda
