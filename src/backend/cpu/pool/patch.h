/// Pooling by windows that step by 1, patch by patch of a plane.
#pragma once

#include "backend/cpu/kernels/pool.h"
#include "backend/cpu/pool/work.h"
#include "backend/tactic.h"

namespace bolide::cpu {

/// Whether the windows step by 1 over one plane whose rows are contiguous, and a patch of it is small.
bool takes_patches(const PoolWork& work);

/// `patch` is the form for the work's reduction. Needs takes_patches(work).
std::unique_ptr<Kernel> make_patch_kernel(const PoolWork& work, PoolKernels::Patch patch);

}  // namespace bolide::cpu
