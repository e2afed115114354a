/// Runs every CUDA tactic that accepts a case on the device of this machine, and compares with the operator's own
/// evaluation. Outputs start poisoned; what lies around and between their elements must stay so; gaps between input
/// elements hold NaN, and so does the workspace.
#pragma once

#include "backend/cpu/tactic_harness.h"
#include "backend/cuda/cuda_target.h"

namespace bolide::test {

/// Device 0; null where there is none, with the reason in `why`.
std::shared_ptr<cuda::CudaDevice> test_device(std::string& why);

/// Names of the tactics that ran, of those whose name starts with `prefix`. Two runs of a tactic must give the same
/// bits, and no kernel may use local memory.
std::vector<std::string> run_on_device(const Case& test, const std::shared_ptr<cuda::CudaDevice>& device, bool tf32,
                                       std::string_view prefix = "");

/// Compiles the text of every tactic whose name starts with `prefix` and that accepts the case on a typical device of
/// `capability`; the kernels may use no local memory. Returns how many tactics there were.
int compile_texts(const Case& test, int capability, std::string_view prefix, bool tf32);

}  // namespace bolide::test

/// Skips a test where there is no device.
#define BOLIDE_NEEDS_DEVICE(device)                              \
  std::string device##_why;                                      \
  const auto device = ::bolide::test::test_device(device##_why); \
  if (device == nullptr) GTEST_SKIP() << "no CUDA device: " << device##_why
