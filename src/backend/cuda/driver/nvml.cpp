#include "backend/cuda/driver/nvml.h"

#include "backend/cuda/driver/opened.h"

#include <array>

namespace bolide::cuda {
namespace {

struct Card_;
using Card = Card_*;

struct NvmlApi {
  int (*init)();
  int (*driver_version)(char* version, unsigned length);
  int (*card)(const char* bus, Card* card);
  int (*mig)(Card card, unsigned* now, unsigned* next);
  int (*persistence)(Card card, unsigned* on);
  int (*clock)(Card card, int kind, unsigned* mhz);
  int (*most_clock)(Card card, int kind, unsigned* mhz);
  int (*power_limit)(Card card, unsigned* milliwatt);
};
constexpr int kMultiprocessorClock = 1;

Result<NvmlApi> open(std::vector<Attempt>& attempts) {
  static constexpr std::array<std::string_view, 2> kNames = {"libnvidia-ml.so.1", "libnvidia-ml.so"};
  TRY(const Library library, Library::open("NVML (libnvidia-ml.so.1)", kNames, attempts));
  NvmlApi api{};
  Calls calls(library);
  calls.find(api.init, "nvmlInit_v2");
  calls.find(api.driver_version, "nvmlSystemGetDriverVersion");
  calls.find(api.card, "nvmlDeviceGetHandleByPciBusId_v2");
  if (!calls.missing().empty()) return make_error(Code::kDevice, "NVML ", library.path(), " lacks a call");
  calls.find_optional(api.mig, "nvmlDeviceGetMigMode");
  calls.find_optional(api.persistence, "nvmlDeviceGetPersistenceMode");
  calls.find_optional(api.clock, "nvmlDeviceGetClockInfo");
  calls.find_optional(api.most_clock, "nvmlDeviceGetMaxClockInfo");
  calls.find_optional(api.power_limit, "nvmlDeviceGetEnforcedPowerLimit");
  if (const int result = api.init(); result != 0) {
    return make_error(Code::kDevice, "NVML ", library.path(), " does not start (", result, ")");
  }
  return api;
}

}  // namespace

Result<std::string> driver_package_version() {
  TRY(const NvmlApi* const api, opened<open>().api());
  std::array<char, 96> version{};
  if (const int result = api->driver_version(version.data(), version.size() - 1); result != 0) {
    return make_error(Code::kDevice, "NVML does not tell the driver's version (", result, ")");
  }
  return std::string(version.data());
}

Result<CardFacts> card_facts(const std::string& bus) {
  TRY(const NvmlApi* const api, opened<open>().api());
  Card card = nullptr;
  if (const int result = api->card(bus.c_str(), &card); result != 0) {
    return not_found("NVML knows no card at ", bus, " (", result, ")");
  }
  CardFacts facts;
  unsigned value = 0;
  unsigned next = 0;
  if (api->mig != nullptr && api->mig(card, &value, &next) == 0) facts.mig = value != 0;
  if (api->persistence != nullptr && api->persistence(card, &value) == 0) facts.persistent = value != 0;
  if (api->clock != nullptr && api->clock(card, kMultiprocessorClock, &value) == 0) facts.clock_mhz = value;
  if (api->most_clock != nullptr && api->most_clock(card, kMultiprocessorClock, &value) == 0) {
    facts.most_clock_mhz = value;
  }
  if (api->power_limit != nullptr && api->power_limit(card, &value) == 0) facts.power_limit_watt = value / 1000;
  return facts;
}

}  // namespace bolide::cuda
