#include "backend/cpu/isa.h"

#include "base/environment.h"
#include "base/log.h"
#include "base/thread_pool.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace bolide {

namespace {

constexpr std::array<std::string_view, kIsaCount> kNames = {"baseline",    "avx2",        "avx512",
                                                            "avx512_vnni", "avx512_bf16", "amx"};

#if defined(__x86_64__)

struct Registers {
  unsigned a = 0, b = 0, c = 0, d = 0;
};
Registers cpuid(unsigned leaf, unsigned sub = 0) {
  Registers r;
  if (__get_cpuid_count(leaf, sub, &r.a, &r.b, &r.c, &r.d) == 0) return {};
  return r;
}
bool bit(unsigned word, int index) { return ((word >> index) & 1U) != 0; }

/// The register states that the operating system saves (XCR0).
std::uint64_t saved_states() {
  if (!bit(cpuid(1).c, 27)) return 0;  // OSXSAVE
  unsigned low = 0;
  unsigned high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<std::uint64_t>(high) << 32) | low;
}

Isa probe() {
  const Registers one = cpuid(1);
  const Registers seven = cpuid(7);
  const std::uint64_t saved = saved_states();
  const auto saves = [&](std::uint64_t mask) { return (saved & mask) == mask; };
  const bool avx2 = saves(0x6) && bit(one.c, 12) && bit(one.c, 28) && bit(one.c, 29) && bit(seven.b, 5);
  if (!avx2) return Isa::kBaseline;
  const bool avx512 =
      saves(0xe6) && bit(seven.b, 16) && bit(seven.b, 17) && bit(seven.b, 28) && bit(seven.b, 30) && bit(seven.b, 31);
  if (!avx512) return Isa::kAvx2;
  if (!bit(seven.c, 11)) return Isa::kAvx512;
  if (!bit(cpuid(7, 1).a, 5)) return Isa::kAvx512Vnni;
  const bool amx = saves(0x60000) && bit(seven.d, 22) && bit(seven.d, 24) && bit(seven.d, 25);
  return amx ? Isa::kAmx : Isa::kAvx512Bf16;
}

std::string model_name() {
  std::array<char, 49> text{};
  for (unsigned i = 0; i < 3; ++i) {
    const Registers r = cpuid(0x80000002U + i);
    std::memcpy(text.data() + std::size_t{16} * i, &r, sizeof(r));
  }
  const Registers one = cpuid(1);
  std::string out(text.data());
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return strings::join(out, " ", one.a);  // family, model and stepping, for clouds that hide the name
}

#else

Isa probe() { return Isa::kBaseline; }
std::string model_name() { return "unknown processor"; }

#endif

std::int64_t cache_bytes(int name, std::int64_t fallback) {
  const long value = sysconf(name);
  return value > 0 ? static_cast<std::int64_t>(value) : fallback;
}

}  // namespace

std::string_view name(Isa isa) { return kNames[static_cast<std::size_t>(isa)]; }

std::optional<Isa> parse_isa(std::string_view text) {
  const auto at = std::find(kNames.begin(), kNames.end(), text);
  if (at == kNames.end()) return std::nullopt;
  return static_cast<Isa>(at - kNames.begin());
}

Isa hardware_isa() {
  static const Isa kFound = probe();
  return kFound;
}

Isa detect_isa(std::optional<Isa> max) {
  if (!max) {
    if (const std::optional<std::string> wanted = environment::max_isa()) {
      max = parse_isa(*wanted);
      if (!max) log(LogLevel::kWarn, "BOLIDE_MAX_ISA: unknown level '", *wanted, "' is ignored");
    }
  }
  return max ? std::min(*max, hardware_isa()) : hardware_isa();
}

CpuTarget make_cpu_target(std::optional<Isa> max, int threads) {
  CpuTarget target;
  target.backend = "cpu";
  target.isa = detect_isa(max);
  target.threads = threads > 0 ? threads : ThreadPool::usable_threads();
  target.l1_bytes = cache_bytes(_SC_LEVEL1_DCACHE_SIZE, target.l1_bytes);
  target.l2_bytes = cache_bytes(_SC_LEVEL2_CACHE_SIZE, target.l2_bytes);
  target.l3_bytes = cache_bytes(_SC_LEVEL3_CACHE_SIZE, target.l3_bytes);
  target.fingerprint = strings::join("cpu ", model_name(), " isa=", name(target.isa), " l1=", target.l1_bytes,
                                     " l2=", target.l2_bytes, " l3=", target.l3_bytes);
  return target;
}

}  // namespace bolide
