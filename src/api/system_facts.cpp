#include <bolide/bolide.h>

#include "backend/cpu/isa.h"
#include "backend/cuda/driver/cuda_device.h"
#include "base/environment.h"
#include "base/thread_pool.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

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
    facts.emplace_back(what, attempt.reason.empty() ? strings::join(attempt.place, ": opened") : attempt.reason);
  }
}

/// What was tried to reach NVIDIA devices, in order, and which there are.
void add_cuda_facts(std::vector<std::pair<std::string, std::string>>& facts) {
  const auto driver = cuda::driver_api();
  add_attempts(facts, "cuda driver tried", cuda::driver_attempts());
  facts.emplace_back("cuda driver",
                     driver ? strings::join("for CUDA ", (*driver)->version / 1000, ".", (*driver)->version % 1000 / 10)
                            : driver.error().message);
  const auto nvrtc = cuda::nvrtc_api();
  add_attempts(facts, "nvrtc tried", cuda::nvrtc_attempts());
  facts.emplace_back("nvrtc", nvrtc ? strings::join((*nvrtc)->major, ".", (*nvrtc)->minor) : nvrtc.error().message);
  std::string devices = "cpu";
  const auto count = cuda::CudaDevice::count();
  for (int i = 0; count && i < *count; ++i) {
    const auto device = cuda::CudaDevice::open(i);
    if (!device) {
      facts.emplace_back(strings::join("cuda:", i), device.error().message);
      continue;
    }
    const cuda::DeviceFacts& known = (*device)->facts();
    facts.emplace_back(strings::join("cuda:", i),
                       strings::join(known.name, ", compute capability ", known.capability / 10, ".",
                                     known.capability % 10, ", ", known.multiprocessors, " multiprocessors, ",
                                     known.memory_bytes >> 20, " MiB, ", known.l2_bytes >> 10, " KiB L2"));
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
