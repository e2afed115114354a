#include "backend/cuda/contraction/wgmma_text.h"

#include "base/error.h"

#include <array>

namespace bolide::cuda {
namespace {

constexpr std::array<std::string_view, 3> kTypes = {"f16.f16", "bf16.bf16", "tf32.tf32"};

/// "%0, %1, ..." and the constraints of `count` sums.
struct Sums {
  std::string names;
  std::string operands;
  explicit Sums(int count) {
    for (int i = 0; i < count; ++i) {
      names += strings::join(i == 0 ? "" : ", ", "%", i);
      operands += strings::join(i == 0 ? "" : ", ", "\"+f\"(d[", i, "])");
    }
  }
};

}  // namespace

std::string wgmma_text(std::string_view name, int columns, int format) {
  const int registers = columns / 2;
  const Sums sums(registers);
  return strings::join("DEVICE void ", name, "(float (&d)[", registers,
                       "], u64 a, u64 b, int add) {\n  asm volatile(\"{\\n.reg .pred p;\\nsetp.ne.b32 p, %",
                       registers + 2, ", 0;\\nwgmma.mma_async.sync.aligned.m64n", columns, "k", format == 2 ? 8 : 16,
                       ".f32.", kTypes[static_cast<std::size_t>(format)], " {", sums.names, "}, %", registers, ", %",
                       registers + 1, ", p, ", format == 2 ? "1, 1" : "1, 1, 0, 0", ";\\n}\\n\" : ", sums.operands,
                       " : \"l\"(a), \"l\"(b), \"r\"(add));\n}\n");
}

std::string wgmma_registers_text(std::string_view name, int columns, int format) {
  const int registers = columns / 2;
  const Sums sums(registers);
  return strings::join("DEVICE void ", name, "(float (&d)[", registers,
                       "], const u32 (&a)[4], u64 b) {\n  asm volatile(\"{\\n.reg .pred p;\\nsetp.eq.b32 p, 0, 0;\\n"
                       "wgmma.mma_async.sync.aligned.m64n",
                       columns, "k16.f32.", kTypes[static_cast<std::size_t>(format)], " {", sums.names, "}, {%",
                       registers, ", %", registers + 1, ", %", registers + 2, ", %", registers + 3, "}, %",
                       registers + 4, ", p, 1, 1, 1;\\n}\\n\" : ", sums.operands,
                       " : \"r\"(a[0]), \"r\"(a[1]), \"r\"(a[2]), \"r\"(a[3]), \"l\"(b));\n}\n");
}

}  // namespace bolide::cuda
