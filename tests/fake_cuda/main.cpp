// Sets up the fake driver before anything calls it.
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

int main(int argc, char** argv) {
  const auto cache = std::filesystem::temp_directory_path() / ("bolide_fake_cuda_" + std::to_string(getpid()));
  setenv("BOLIDE_CUDA_PATH", BOLIDE_FAKE_CUDA, 1);
  setenv("BOLIDE_CACHE_DIR", cache.c_str(), 1);
  setenv("FAKE_CUDA", "devices=2,memory_mib=64", 1);
  testing::InitGoogleTest(&argc, argv);
  const int result = RUN_ALL_TESTS();
  std::filesystem::remove_all(cache);
  return result;
}
