#pragma once

#include "backend/cuda/driver/nvrtc_api.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

namespace bolide::test {

inline bool in_ci() {
  const char* ci = std::getenv("CI");
  return ci != nullptr && std::string_view(ci) == "true";
}

}  // namespace bolide::test

/// Skips a test where there is no NVRTC, and fails it in CI, where kernel text must not go uncompiled unseen.
#define BOLIDE_NEEDS_NVRTC()                                                                                         \
  if (const auto nvrtc = ::bolide::cuda::nvrtc_api(); !nvrtc) {                                                      \
    if (::bolide::test::in_ci()) FAIL() << "CI=true, and kernel text cannot be compiled: " << nvrtc.error().message; \
    GTEST_SKIP() << "not run: " << nvrtc.error().message;                                                            \
  }
