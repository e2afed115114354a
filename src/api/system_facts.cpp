#include <bolide/bolide.h>

#include "backend/cpu/isa.h"
#include "backend/cuda/driver/cuda_device.h"
#include "backend/cuda/driver/nvml.h"
#include "backend/cuda/driver/nvtx.h"
#include "backend/cuda/library/cublaslt_api.h"
#include "backend/cuda/library/cudnn_api.h"
#include "base/environment.h"
#include "base/thread_pool.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

namespace bolide {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line.empty() ? "not set" : line;
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string affinity_count() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return "unknown";
  return std::to_string(CPU_COUNT(&set));
}

void add_attempts(std::vector<std::pair<std::string, std::string>>& facts, const std::string& what,
                  const std::vector<cuda::Attempt>& attempts) {
  for (const cuda::Attempt& attempt : attempts) {
    const bool elsewhere = !attempt.file.empty() && attempt.file != attempt.place;
    facts.emplace_back(what, !attempt.reason.empty() ? attempt.reason
                                                     : strings::join(attempt.place, ": opened", elsewhere ? ", " : "",
                                                                     elsewhere ? attempt.file : std::string()));
  }
}

/// Where NVIDIA's libraries are looked for, in order.
void add_search_order(std::vector<std::pair<std::string, std::string>>& facts) {
  const std::string what = "cuda folders tried";
  const cuda::SearchFolders folders = cuda::search_folders();
  for (const std::string& folder : folders.before) facts.emplace_back(what, folder + " (BOLIDE_CUDA_PATH)");
  facts.emplace_back(what, "the loader's path");
  for (const std::string& folder : folders.after) facts.emplace_back(what, folder);
}

/// Modes of a device that decide whether and how fast programs run on it, with what they mean.
void add_modes(std::vector<std::pair<std::string, std::string>>& facts, const cuda::DriverApi& api, int index) {
  int device = 0;
  if (api.device_get(&device, index) != cuda::kSuccess) return;
  const auto get = [&](cuda::DeviceAttribute which) {
    int value = 0;
    return api.device_attribute(&value, which, device) == cuda::kSuccess ? value : -1;
  };
  const std::string what = strings::join("cuda:", index, " ");
  switch (get(cuda::kComputeMode)) {
    case 0: facts.emplace_back(what + "compute mode", "default: any number of programs at a time"); break;
    case 2:
      facts.emplace_back(what + "compute mode", "prohibited: no program may use it (nvidia-smi -c DEFAULT)");
      break;
    case 3:
      facts.emplace_back(what + "compute mode", "exclusive: one program at a time (nvidia-smi -c DEFAULT)");
      break;
    default: break;
  }
  std::array<char, 32> bus{};
  std::snprintf(bus.data(), bus.size(), "%04x:%02x:%02x.0", static_cast<unsigned>(std::max(get(cuda::kPciDomain), 0)),
                static_cast<unsigned>(std::max(get(cuda::kPciBus), 0)),
                static_cast<unsigned>(std::max(get(cuda::kPciDevice), 0)));
  facts.emplace_back(what + "bus", bus.data());
  const auto card = cuda::card_facts(bus.data());
  if (!card) {
    facts.emplace_back(what + "modes", card.error().message);
    return;
  }
  if (card->mig) {
    facts.emplace_back(what + "mig", *card->mig
                                         ? "on: this is a slice of the card, with its own memory and multiprocessors"
                                         : "off: the whole card");
  }
  if (card->clock_mhz && card->most_clock_mhz) {
    facts.emplace_back(what + "clock",
                       strings::join(*card->clock_mhz, " MHz now, at most ", *card->most_clock_mhz, " MHz"));
  }
  if (card->power_limit_watt) facts.emplace_back(what + "power limit", strings::join(*card->power_limit_watt, " W"));
  if (card->persistent) {
    facts.emplace_back(
        what + "persistence",
        *card->persistent ? "on" : "off: the first program after a pause waits for the driver (nvidia-smi -pm 1)");
  }
}

/// The architectures that NVRTC makes code for.
std::string architectures(const cuda::NvrtcApi& api) {
  std::string out;
  for (const int capability : api.supported) out += strings::join(out.empty() ? "sm_" : ", sm_", capability);
  return out;
}

/// What was tried to reach NVIDIA devices, in order, and which there are.
void add_cuda_facts(std::vector<std::pair<std::string, std::string>>& facts) {
  add_search_order(facts);
  const auto driver = cuda::driver_api();
  add_attempts(facts, "cuda driver tried", cuda::driver_attempts());
  facts.emplace_back("cuda driver",
                     driver ? strings::join("for CUDA ", (*driver)->version / 1000, ".", (*driver)->version % 1000 / 10)
                            : driver.error().message);
  const auto package = cuda::driver_package_version();
  facts.emplace_back("nvidia driver", package ? *package : package.error().message);
  const auto nvrtc = cuda::nvrtc_api();
  add_attempts(facts, "nvrtc tried", cuda::nvrtc_attempts());
  if (nvrtc) facts.emplace_back("nvrtc makes code for", architectures(**nvrtc));
  facts.emplace_back("nvrtc", nvrtc ? strings::join((*nvrtc)->major, ".", (*nvrtc)->minor) : nvrtc.error().message);
  if (const auto nvtx = cuda::nvtx_library(); driver) {
    facts.emplace_back("nvtx", nvtx ? *nvtx : strings::join("no ranges for NVIDIA's tools: ", nvtx.error().message));
  }
  const auto library = [&](const std::string& what, const std::vector<cuda::Attempt>& attempts, const auto& api) {
    add_attempts(facts, what + " tried", attempts);
    facts.emplace_back(what, api ? strings::join((*api)->version_text(), ", for CUDA ", (*api)->cudart_version / 1000,
                                                 ".", (*api)->cudart_version % 1000 / 10)
                                 : strings::join("no tactics of it: ", api.error().message));
  };
  const auto cudnn = cuda::cudnn_api();
  library("cudnn", cuda::cudnn_attempts(), cudnn);
  const auto cublaslt = cuda::cublaslt_api();
  library("cublaslt", cuda::cublaslt_attempts(), cublaslt);
  std::string devices = "cpu";
  const auto count = cuda::CudaDevice::count();
  for (int i = 0; count && i < *count; ++i) {
    const auto device = cuda::CudaDevice::open(i);
    if (!device) {
      facts.emplace_back(strings::join("cuda:", i), device.error().message);
      if (driver) add_modes(facts, **driver, i);
      continue;
    }
    const cuda::DeviceFacts& known = (*device)->facts();
    facts.emplace_back(strings::join("cuda:", i),
                       strings::join(known.name, ", compute capability ", known.capability / 10, ".",
                                     known.capability % 10, ", ", known.multiprocessors, " multiprocessors, ",
                                     known.memory_bytes >> 20, " MiB, ", known.l2_bytes >> 10, " KiB L2"));
    if (driver) add_modes(facts, **driver, i);
    if (nvrtc && std::ranges::find((*nvrtc)->supported, known.capability) == (*nvrtc)->supported.end()) {
      facts.emplace_back(
          strings::join("cuda:", i, " nvrtc"),
          strings::join("NVRTC ", (*nvrtc)->major, ".", (*nvrtc)->minor, " knows no sm_", known.capability,
                        ": kernels are compiled for an older one as PTX, without its new instructions"));
    }
    devices += strings::join(", cuda:", i);
  }
  facts.emplace_back("devices", devices);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> system_facts() {
  const CpuTarget target = make_cpu_target();
  utsname system{};
  uname(&system);
  std::vector<std::pair<std::string, std::string>> facts = {
      {"bolide", std::string(version())},
      {"engine format", "1"},
      {"compiler", __VERSION__},
      {"system", strings::join(system.sysname, ' ', system.release, ' ', system.machine)},
      {"cpu", cpu_model()},
      {"instructions of the cpu", std::string(name(hardware_isa()))},
      {"instructions in use", strings::join(target.isa, environment::max_isa() ? " (BOLIDE_MAX_ISA)" : "")},
      {"caches", strings::join(target.l1_bytes >> 10, " KiB L1, ", target.l2_bytes >> 10, " KiB L2, ",
                               target.l3_bytes >> 10, " KiB L3")},
      {"cores online", strings::join(sysconf(_SC_NPROCESSORS_ONLN))},
      {"cores by affinity", affinity_count()},
      {"cgroup cpu.max", first_line("/sys/fs/cgroup/cpu.max")},
      {"cgroup memory.max", first_line("/sys/fs/cgroup/memory.max")},
      {"threads used by default", strings::join(ThreadPool::usable_threads())},
      {"memory mib", strings::join(sysconf(_SC_PHYS_PAGES) / 256 * (sysconf(_SC_PAGESIZE) / 4096))},
  };
  const auto cache = environment::cache_folder();
  facts.emplace_back("cache folder", cache ? cache->string() : "none (set BOLIDE_CACHE_DIR or HOME)");
  facts.emplace_back("BOLIDE_MAX_ISA", environment::max_isa().value_or("not set"));
  facts.emplace_back("BOLIDE_LOG", environment::log_level().value_or("not set"));
  facts.emplace_back("BOLIDE_CUDA_PATH", environment::cuda_path().value_or("not set"));
  add_cuda_facts(facts);
  return facts;
}

}  // namespace bolide
