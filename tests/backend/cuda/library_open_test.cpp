#include "backend/cuda/library/cublaslt_api.h"
#include "backend/cuda/library/cudnn_api.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bolide::cuda {
namespace {

constexpr int kDriver13 = 13000;

/// BOLIDE_CUDA_PATH for a scope.
class CudaPath {
 public:
  explicit CudaPath(const std::string& folders) { ::setenv("BOLIDE_CUDA_PATH", folders.c_str(), 1); }
  ~CudaPath() { ::unsetenv("BOLIDE_CUDA_PATH"); }
};

/// Where the stand-ins of fake_library.cpp lie.
std::string folder(const char* which) { return strings::join(BOLIDE_FAKE_LIBRARIES, "/", which); }

TEST(CudnnOpening, TakesVersionNineFromTheFoldersThatTheUserNames) {
  const CudaPath path(folder("whole"));
  std::vector<Attempt> attempts;
  const auto api = open_cudnn(kDriver13, attempts);
  ASSERT_TRUE(api) << api.error().message;
  EXPECT_EQ(api->path, folder("whole/libcudnn.so.9"));
  EXPECT_EQ(api->version, 91200);
  EXPECT_EQ(api->version_text(), "9.12.0");
  EXPECT_EQ(api->cudart_version, 12090);
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].place, folder("whole/libcudnn.so.9"));
  EXPECT_EQ(attempts[0].reason, "");
}

TEST(CudnnOpening, RefusesAnotherMajorVersionAndSaysWhich) {
  const CudaPath path(folder("other"));
  std::vector<Attempt> attempts;
  const auto api = open_cudnn(kDriver13, attempts);
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().code, Code::kDevice);
  EXPECT_EQ(api.error().message,
            strings::join("cuDNN ", folder("other/libcudnn.so.9"), " has major version 8; 9 is needed"));
}

TEST(CudnnOpening, NamesTheCallsThatAreMissing) {
  const CudaPath path(folder("lacking"));
  std::vector<Attempt> attempts;
  const auto api = open_cudnn(kDriver13, attempts);
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().message, strings::join("cuDNN ", folder("lacking/libcudnn.so.9"),
                                               " lacks cudnnBackendFinalize, cudnnBackendExecute"));
}

TEST(CudnnOpening, RefusesOneForANewerCudaThanTheDrivers) {
  const CudaPath path(folder("newer"));
  std::vector<Attempt> attempts;
  const auto api = open_cudnn(12080, attempts);
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().message,
            strings::join("cuDNN ", folder("newer/libcudnn.so.9"), " is made for CUDA 13, the driver is for CUDA 12"));
  EXPECT_TRUE(open_cudnn(kDriver13, attempts));
  EXPECT_TRUE(open_cudnn(0, attempts)) << "the driver is not known";
}

TEST(CudnnOpening, GoesOnAfterAFileThatIsNoLibrary) {
  const auto damaged = std::filesystem::path(testing::TempDir()) / "bolide_damaged_cudnn";
  std::filesystem::create_directories(damaged);
  std::ofstream(damaged / "libcudnn.so.9") << "not a library";
  const CudaPath path(strings::join(damaged.native(), ":", folder("whole")));
  std::vector<Attempt> attempts;
  const auto api = open_cudnn(kDriver13, attempts);
  ASSERT_TRUE(api) << api.error().message;
  EXPECT_EQ(api->path, folder("whole/libcudnn.so.9"));
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].place, (damaged / "libcudnn.so.9").native());
  EXPECT_NE(attempts[0].reason, "");
  std::filesystem::remove_all(damaged);
}

TEST(CudnnErrors, TellUnsupportedFromOthersInItsWords) {
  const CudaPath path(folder("whole"));
  std::vector<Attempt> attempts;
  const auto api = open_cudnn(kDriver13, attempts);
  ASSERT_TRUE(api) << api.error().message;
  EXPECT_TRUE(api->check(0, "cudnnCreate"));
  const Status refused = api->check(3000, "cudnnBackendFinalize of a plan");
  EXPECT_EQ(refused.error().code, Code::kUnsupported);
  EXPECT_EQ(refused.error().message, "cudnnBackendFinalize of a plan: CUDNN_STATUS_NOT_SUPPORTED (3000): why");
  EXPECT_EQ(api->check(4004, "cudnnCreate").error().code, Code::kOutOfMemory);
  EXPECT_EQ(api->check(5001, "cudnnBackendExecute").error().code, Code::kDevice);
}

TEST(CublasLtOpening, TakesVersionsFromTwelveOn) {
  const CudaPath path(folder("whole"));
  std::vector<Attempt> attempts;
  const auto api = open_cublaslt(kDriver13, attempts);
  ASSERT_TRUE(api) << api.error().message;
  EXPECT_EQ(api->path, folder("whole/libcublasLt.so.12"));
  EXPECT_EQ(api->version_text(), "12.8.4");
  EXPECT_EQ(api->check(15, "cublasLtMatmul").error().code, Code::kUnsupported);
  EXPECT_EQ(api->check(3, "cublasLtCreate").error().code, Code::kOutOfMemory);
  EXPECT_EQ(api->check(14, "cublasLtMatmul").error().code, Code::kDevice);
}

TEST(CublasLtOpening, RefusesOlderOnesAndThoseThatLackCalls) {
  std::vector<Attempt> attempts;
  {
    const CudaPath path(folder("other"));
    const auto api = open_cublaslt(kDriver13, attempts);
    ASSERT_FALSE(api);
    EXPECT_EQ(api.error().message, strings::join("cuBLASLt ", folder("other/libcublasLt.so.12"),
                                                 " has version 11905; 120000 (12.0) or later is needed"));
  }
  const CudaPath path(folder("lacking"));
  const auto api = open_cublaslt(kDriver13, attempts);
  ASSERT_FALSE(api);
  EXPECT_EQ(api.error().message,
            strings::join("cuBLASLt ", folder("lacking/libcublasLt.so.12"), " lacks cublasLtMatmul"));
}

}  // namespace
}  // namespace bolide::cuda
