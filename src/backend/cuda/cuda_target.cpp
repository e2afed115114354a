#include "backend/cuda/cuda_target.h"

#include <algorithm>

namespace bolide {
namespace {

void name_target(CudaTarget& target) {
  const cuda::DeviceFacts& facts = target.facts;
  target.backend = "cuda";
  target.threads = 1;
  // Clocks and memory tell cards of one name apart; the driver and the compiler may change what a kernel needs.
  const auto nvrtc = cuda::nvrtc_api();
  target.fingerprint = strings::join(
      "cuda ", facts.name, " sm_", facts.capability, " ", facts.multiprocessors, "x", facts.clock_khz / 1000, "MHz ",
      facts.memory_clock_khz / 1000, "MHz/", facts.memory_bus_bits, " driver ", facts.driver_version, " nvrtc ",
      nvrtc ? strings::join((*nvrtc)->major, ".", (*nvrtc)->minor) : std::string("none"), target.tf32 ? " tf32" : "");
}

}  // namespace

CudaTarget make_cuda_target(std::shared_ptr<cuda::CudaDevice> device, bool tf32) {
  CudaTarget target;
  target.facts = device->facts();
  target.tf32 = tf32;
  target.device = std::move(device);
  name_target(target);
  return target;
}

Result<CudaTarget> make_cuda_target(int capability, bool tf32) {
  CudaTarget target;
  TRY(target.facts, cuda::typical_facts(capability));
  target.tf32 = tf32;
  name_target(target);
  return target;
}

double estimate_cuda_us(const CudaTarget& target, double bytes, double operations, double operations_per_us) {
  constexpr double kLaunch = 2.0;  // a kernel in a graph, filling and draining included
  const double memory = bytes / (0.8 * target.facts.bytes_per_us());
  return kLaunch + std::max(memory, operations / operations_per_us);
}

}  // namespace bolide
