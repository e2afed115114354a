#pragma once

#include <cstdint>

namespace bolide {

/// Calls of operator new in this program so far, from all threads. Stays 0 in builds with a sanitizer.
std::int64_t allocation_count();

}  // namespace bolide
