#include "backend/cpu/kernels/kernels.h"
#include "backend/cpu/kernels/vec.h"

namespace bolide::BOLIDE_ISA_NS {

extern const GemmKernels kGemm;
extern const EltwiseKernels kEltwise;
extern const DepthwiseKernels kDepthwise;
extern const RowKernels kRows;
extern const PoolKernels kPool;
extern const AttentionKernels kAttention;
extern const WideProductKernels kWideProduct;
extern const IntegerEltwiseKernels kIntegerEltwise;
extern const CodeKernels kCodes;

extern const KernelTable kTable;
const KernelTable kTable = {kLanes, &kGemm,      &kEltwise,     &kDepthwise,      &kRows,
                            &kPool, &kAttention, &kWideProduct, &kIntegerEltwise, &kCodes};

}  // namespace bolide::BOLIDE_ISA_NS
