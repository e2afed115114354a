/// Which instructions this process may use, and the facts of the processor that decide what runs on it.
#pragma once

#include "backend/tactic.h"

#include <optional>

namespace bolide {

/// Each level has everything the levels before it have. kAvx2 means AVX2 + FMA + F16C; kAvx512 means F, BW, DQ, VL, CD.
enum class Isa : std::uint8_t { kBaseline, kAvx2, kAvx512, kAvx512Vnni, kAvx512Bf16, kAmx };
inline constexpr int kIsaCount = 6;

/// As in BOLIDE_MAX_ISA: "baseline", "avx2", "avx512", "avx512_vnni", "avx512_bf16", "amx".
std::string_view name(Isa isa);
std::optional<Isa> parse_isa(std::string_view text);
inline void append(std::string& out, Isa isa) { out += name(isa); }

/// The best level that processor and operating system both support.
Isa hardware_isa();
/// hardware_isa(), lowered to `max` when it is given, else to BOLIDE_MAX_ISA (an unknown name there is ignored with a
/// warning). Never raised.
Isa detect_isa(std::optional<Isa> max = std::nullopt);

/// The processor as tactics see it.
struct CpuTarget : Target {
  Isa isa = Isa::kBaseline;
  std::int64_t l1_bytes = 32 << 10;  ///< data, of one core
  std::int64_t l2_bytes = 1 << 20;   ///< of one core
  std::int64_t l3_bytes = 16 << 20;  ///< shared
  double ghz = 3.0;                  ///< a guess for estimates, never measured
};

/// `threads` 0: all that are usable. The fingerprint holds model name, isa in use and cache sizes.
CpuTarget make_cpu_target(std::optional<Isa> max = std::nullopt, int threads = 0);

/// The CpuTarget that tactics of the CPU backend were given.
inline const CpuTarget& cpu_target(const Target& target) { return static_cast<const CpuTarget&>(target); }

}  // namespace bolide
