#include "backend/cpu/kernel_table.h"

namespace bolide {

namespace isa_baseline {
extern const KernelTable kTable;
}
#if defined(__x86_64__)
namespace isa_avx2 {
extern const KernelTable kTable;
}
namespace isa_avx512 {
extern const KernelTable kTable;
}
namespace isa_avx512_vnni {
extern const KernelTable kTable;
}
#endif

const KernelTable& kernel_table(Isa isa) {
#if defined(__x86_64__)
  switch (isa) {
    case Isa::kBaseline: return isa_baseline::kTable;
    case Isa::kAvx2: return isa_avx2::kTable;
    case Isa::kAvx512: return isa_avx512::kTable;
    case Isa::kAvx512Vnni:
    case Isa::kAvx512Bf16:
    case Isa::kAmx: return isa_avx512_vnni::kTable;
  }
#else
  (void)isa;
#endif
  return isa_baseline::kTable;
}

}  // namespace bolide
