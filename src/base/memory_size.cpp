#include "base/memory_size.h"

#include <unistd.h>

namespace bolide {

std::int64_t physical_memory() {
  static const std::int64_t bytes = std::int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  return bytes;
}

}  // namespace bolide
