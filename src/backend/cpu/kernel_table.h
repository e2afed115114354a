/// The kernels for an ISA level.
#pragma once

#include "backend/cpu/isa.h"
#include "backend/cpu/kernels/kernels.h"

namespace bolide {

/// The table compiled for `isa`, or for the best level below it that has one. Calling its functions needs a processor
/// that has the level.
const KernelTable& kernel_table(Isa isa);

}  // namespace bolide
