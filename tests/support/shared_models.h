/// Models of other projects, which lie outside of the repository.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace bolide::test {

/// models/ in the folder that BOLIDE_SHARED names, or in the one beside the repository.
inline std::filesystem::path shared_models() {
  const char* named = std::getenv("BOLIDE_SHARED");
  return std::filesystem::path(named != nullptr ? named : BOLIDE_DEFAULT_SHARED) / "models";
}

/// Tests on these models: not run where the folder is absent, and failed there in CI.
class SharedModels : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::filesystem::is_directory(models_)) return;
    const char* ci = std::getenv("CI");
    if (ci != nullptr && std::string_view(ci) == "true") FAIL() << models_ << " is not there";
    GTEST_SKIP() << models_ << " is not there; set BOLIDE_SHARED";
  }
  const std::filesystem::path models_ = shared_models();
};

}  // namespace bolide::test
