#include "backend/cuda/contraction/wgmma_text.h"

#include "base/error.h"

#include <array>

namespace bolide::cuda {

std::string multiply_text(int columns, int format) {
  const int registers = columns / 2;
  std::string names;
  std::string operands;
  for (int i = 0; i < registers; ++i) {
    names += strings::join(i == 0 ? "" : ", ", "%", i);
    operands += strings::join(i == 0 ? "" : ", ", "\"+f\"(d[", i, "])");
  }
  static constexpr std::array<std::string_view, 3> kTypes = {"f16.f16", "bf16.bf16", "tf32.tf32"};
  return strings::join("DEVICE void multiply_tile(float (&d)[", registers,
                       "], u64 a, u64 b, int add) {\n  asm volatile(\"{\\n.reg .pred p;\\nsetp.ne.b32 p, %",
                       registers + 2, ", 0;\\nwgmma.mma_async.sync.aligned.m64n", columns, "k", format == 2 ? 8 : 16,
                       ".f32.", kTypes[static_cast<std::size_t>(format)], " {", names, "}, %", registers, ", %",
                       registers + 1, ", p, ", format == 2 ? "1, 1" : "1, 1, 0, 0", ";\\n}\\n\" : ", operands,
                       " : \"l\"(a), \"l\"(b), \"r\"(add));\n}\n");
}

}  // namespace bolide::cuda
