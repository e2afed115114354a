#pragma once

#include <cstdint>

namespace bolide::testing {

/// Calls of malloc and its kin and of mmap in this process so far, from all threads and libraries.
std::int64_t allocations();

}  // namespace bolide::testing
