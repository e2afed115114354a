#include "backend/cuda/driver/nvtx.h"

#include <gtest/gtest.h>

namespace bolide::cuda {
namespace {

TEST(Nvtx, RangesNestAndAreSilentWithOrWithoutTheLibrary) {
  nvtx_push("outer");
  nvtx_push("inner");
  nvtx_pop();
  nvtx_pop();
  const auto library = nvtx_library();
  if (!library) GTEST_SKIP() << "not run with the library: " << library.error().message;
  EXPECT_FALSE(library->empty());
}

}  // namespace
}  // namespace bolide::cuda
