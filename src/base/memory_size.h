/// How much memory the machine has.
#pragma once

#include <cstdint>

namespace bolide {

/// Bytes of physical memory; more than any one result can take.
std::int64_t physical_memory();

}  // namespace bolide
