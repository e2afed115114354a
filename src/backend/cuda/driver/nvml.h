/// What NVIDIA's management library knows of the cards, for `bolide doctor`; nothing else needs it.
/// Source: NVML API reference, 12 and 13.
#pragma once

#include "backend/cuda/driver/library.h"

namespace bolide::cuda {

/// Of one card; what it does not tell stays as it is here.
struct CardFacts {
  std::optional<bool> mig;                   ///< cut into instances
  std::optional<bool> persistent;            ///< the driver stays loaded between programs
  std::optional<unsigned> clock_mhz;         ///< of the multiprocessors, now
  std::optional<unsigned> most_clock_mhz;    ///< as above, at most
  std::optional<unsigned> power_limit_watt;  ///< beyond it the clocks fall
};

/// The version of the driver, as `nvidia-smi` prints it. Errors: NotFound with what was tried; Device.
Result<std::string> driver_package_version();
/// `bus` as "0000:3b:00.0". Errors: as above.
Result<CardFacts> card_facts(const std::string& bus);

}  // namespace bolide::cuda
