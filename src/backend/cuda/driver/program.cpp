#include "backend/cuda/driver/program.h"

#include "backend/cuda/driver/kernel_image.h"
#include "base/log.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>

namespace bolide::cuda {
namespace {

namespace fs = std::filesystem;

/// Before the code in a file: what it is, and whether it is whole.
struct Header {
  char magic[8];
  std::uint64_t bytes;
  Digest digest;
};
constexpr std::string_view kMagic = "bldkern1";

bool knows(const NvrtcApi& api, int capability) {
  return std::find(api.supported.begin(), api.supported.end(), capability) != api.supported.end();
}

Error unknown(const NvrtcApi& api, int capability) {
  return unsupported("NVRTC ", api.major, ".", api.minor, " makes no code for compute capability ", capability / 10,
                     ".", capability % 10, " (", api.path, ")");
}

struct Arch {
  std::string option;
  bool ptx = false;
};
Result<Arch> choose_arch(const NvrtcApi& api, const CodeTarget& target) {
  if (!knows(api, target.capability)) return unknown(api, target.capability);
  if (target.translated) return Arch{strings::join("--gpu-architecture=compute_", target.capability), true};
  return Arch{strings::join("--gpu-architecture=", target.arch())};
}

Digest key_of(const Program& program, const Arch& arch, const NvrtcApi& api) {
  std::string all = strings::join(kMagic, "|", api.major, ".", api.minor, "|", arch.option, "|");
  for (const std::string& option : program.options) strings::append(all, strings::join(option, "|"));
  all += program.text;
  return digest(all);
}

Result<CodePtr> compile_once(const Program& program, const Arch& arch, const NvrtcApi& api, const char* more_option) {
  NvrtcProgram handle = nullptr;
  const auto check = [&](int result, const char* call) -> Status {
    if (result == 0) return {};
    return make_error(Code::kDevice, call, " of '", program.name, "': ", api.error_string(result));
  };
  const std::string file = program.name + ".cu";
  TRY_OK(check(api.create(&handle, program.text.c_str(), file.c_str(), 0, nullptr, nullptr), "nvrtcCreateProgram"));
  struct Destroy {
    const NvrtcApi& api;
    NvrtcProgram handle;
    ~Destroy() { api.destroy(&handle); }
  } const destroy{api, handle};
  std::vector<const char*> options = {arch.option.c_str(), "--std=c++17", "-default-device"};
  for (const std::string& option : program.options) options.push_back(option.c_str());
  if (more_option != nullptr) options.push_back(more_option);
  if (const int result = api.compile(handle, static_cast<int>(options.size()), options.data()); result != 0) {
    std::size_t size = 0;
    std::string log;
    if (api.log_size(handle, &size) == 0 && size > 1) {
      log.resize(size);
      api.log(handle, log.data());
      log.resize(std::min<std::size_t>(std::strlen(log.c_str()), 4000));
    }
    std::string given;
    for (const char* option : options) given += strings::join(" ", option);
    return internal_error("kernel '", program.name, "' does not compile (", api.error_string(result), ", options",
                          given, "):\n", log);
  }
  std::size_t size = 0;
  TRY_OK(check(arch.ptx ? api.ptx_size(handle, &size) : api.cubin_size(handle, &size), "nvrtcGetCUBINSize"));
  auto code = std::make_shared<std::vector<std::byte>>(size);
  auto* to = reinterpret_cast<char*>(code->data());
  TRY_OK(check(arch.ptx ? api.ptx(handle, to) : api.cubin(handle, to), "nvrtcGetCUBIN"));
  return CodePtr(std::move(code));
}

int most_local_bytes(std::span<const std::byte> code) {
  int most = 0;
  for (const auto& [name, facts] : kernel_facts(code)) most = std::max(most, facts.local_bytes);
  return most;
}

Result<CodePtr> compile_for(const Program& program, const Arch& arch, const NvrtcApi& api) {
  TRY(CodePtr code, compile_once(program, arch, api, nullptr));
  // ptxas may rather spill a few registers than have fewer blocks at a time; common.cu says how it is kept from it.
  const int local = most_local_bytes(*code);
  const auto has = [&](const char* part) { return program.text.find(part) != std::string::npos; };
  if (local == 0 || !(has("void BLOCK_OF(") || has("void ROW_BOUNDS("))) return code;
  TRY(CodePtr again, compile_once(program, arch, api, "-DONE_BLOCK"));
  return most_local_bytes(*again) < local ? again : code;
}

}  // namespace

Result<int> newest_known(const NvrtcApi& api, int capability) {
  int best = 0;
  for (const int known : api.supported) {
    if (known <= capability) best = std::max(best, known);
  }
  if (best == 0) return unknown(api, capability);
  return best;
}

CodePtr KernelCache::find(const Digest& key) const {
  const fs::path path = folder_ / (text(key) + ".bin");
  std::ifstream file(path, std::ios::binary);
  Header header{};
  if (!file.read(reinterpret_cast<char*>(&header), sizeof(header))) return nullptr;
  std::error_code error;
  const std::uint64_t size = fs::file_size(path, error);
  if (error || std::string_view(header.magic, 8) != kMagic || size != sizeof(header) + header.bytes) return nullptr;
  auto code = std::make_shared<std::vector<std::byte>>(header.bytes);
  if (!file.read(reinterpret_cast<char*>(code->data()), static_cast<std::streamsize>(code->size()))) return nullptr;
  if (digest(*code) != header.digest) return nullptr;
  const auto now = fs::file_time_type::clock::now();
  if (const auto used = fs::last_write_time(path, error); !error && now - used > std::chrono::hours(1)) {
    fs::last_write_time(path, now, error);
  }
  return code;
}

Status KernelCache::store(const Digest& key, std::span<const std::byte> code) const {
  static std::atomic<unsigned> number = 0;
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return bad_file("kernel cache ", folder_.string(), ": ", error.message());
  Header header{.bytes = code.size(), .digest = digest(code)};
  std::copy(kMagic.begin(), kMagic.end(), header.magic);
  // Not forced to the disk: what a crash leaves half written has a wrong digest and counts as absent.
  const fs::path path = folder_ / (text(key) + ".bin");
  const fs::path temporary = folder_ / strings::join(text(key), ".", getpid(), ".", number++, ".tmp");
  {
    std::ofstream file(temporary, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&header), sizeof(header));
    file.write(reinterpret_cast<const char*>(code.data()), static_cast<std::streamsize>(code.size()));
    file.close();
    if (!file) {
      fs::remove(temporary, error);
      return bad_file("kernel cache ", folder_.string(), ": cannot write ", temporary.filename().string());
    }
  }
  fs::rename(temporary, path, error);
  if (error) {
    const std::string reason = error.message();
    fs::remove(temporary, error);
    return bad_file("kernel cache ", folder_.string(), ": ", reason);
  }
  if (number % 64 == 1) trim();
  return {};
}

void KernelCache::trim() const {
  struct Entry {
    fs::path path;
    std::int64_t bytes;
    fs::file_time_type time;
  };
  std::vector<Entry> entries;
  std::int64_t total = 0;
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    std::error_code each;
    const auto bytes = static_cast<std::int64_t>(it->file_size(each));
    const auto time = it->last_write_time(each);
    if (each) continue;
    if (it->path().extension() == ".tmp" && fs::file_time_type::clock::now() - time > std::chrono::hours(1)) {
      fs::remove(it->path(), each);  // of a process that was killed
      continue;
    }
    entries.push_back({it->path(), bytes, time});
    total += bytes;
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.time < b.time; });
  for (const Entry& entry : entries) {
    if (total <= max_bytes_) break;
    fs::remove(entry.path, error);
    total -= entry.bytes;
  }
}

Result<CodePtr> compile(const Program& program, const CodeTarget& target) {
  TRY(const NvrtcApi* api, nvrtc_api());
  TRY(const Arch arch, choose_arch(*api, target));
  return compile_for(program, arch, *api);
}

Result<CodePtr> compile_cached(const Program& program, const CodeTarget& target, const KernelCache* cache) {
  if (cache == nullptr) return compile(program, target);
  TRY(const NvrtcApi* api, nvrtc_api());
  TRY(const Arch arch, choose_arch(*api, target));
  const Digest key = key_of(program, arch, *api);
  if (CodePtr found = cache->find(key)) return found;
  TRY(CodePtr code, compile_for(program, arch, *api));
  if (Status stored = cache->store(key, *code); !stored) {
    // Without a cache all is slower and nothing else: once is enough.
    static std::atomic<bool> said = false;
    if (!said.exchange(true)) log(LogLevel::kWarn, stored.error().message);
  }
  return code;
}

CodePtr find_compiled(const Program& program, const CodeTarget& target, const KernelCache& cache) {
  const auto api = nvrtc_api();
  if (!api) return nullptr;
  const auto arch = choose_arch(**api, target);
  return arch ? cache.find(key_of(program, *arch, **api)) : nullptr;
}

}  // namespace bolide::cuda
