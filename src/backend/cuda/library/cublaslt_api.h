/// The calls of cuBLASLt in use, declared by ourselves after its documented binary interface, and opened at run time.
/// Source: cuBLAS documentation, cuBLASLt API, 12 and 13.
#pragma once

#include "backend/cuda/driver/driver_api.h"

namespace bolide::cuda {

struct CublasLtHandle_;
struct CublasLtLayout_;
struct CublasLtProduct_;
struct CublasLtPreference_;
using CublasLtHandle = CublasLtHandle_*;
using CublasLtLayout = CublasLtLayout_*;
using CublasLtProduct = CublasLtProduct_*;
using CublasLtPreference = CublasLtPreference_*;
using CublasStatus = int;

enum class CublasType : int { kF32 = 0, kF16 = 2, kBF16 = 14 };
enum class CublasCompute : int { kF32 = 68, kF32FastTf32 = 77 };
enum class CublasLtEpilogue : int { kNone = 1, kRelu = 2, kBias = 4, kReluBias = 6, kGelu = 32, kGeluBias = 36 };

enum class CublasLtLayoutAttribute : int { kBatchCount = 5, kBatchStride = 6 };
enum class CublasLtProductAttribute : int { kTransposeA = 3, kEpilogue = 7, kBiasPointer = 8, kBiasType = 26 };
enum class CublasLtPreferenceAttribute : int {
  kMostWorkspace = 1,
  kReductions = 3,
  kAlignmentA = 5,
  kAlignmentB = 6,
  kAlignmentC = 7,
  kAlignmentD = 8,
};

/// An algorithm with its settings, to be copied about; means something to the library's version that made it only.
struct CublasLtAlgorithm {
  std::uint64_t words[8];
};
struct CublasLtChoice {
  CublasLtAlgorithm algorithm;
  std::size_t workspace;
  CublasStatus status;
  float waves;
  int reserved[4];
};
static_assert(sizeof(CublasLtChoice) == 96);

/// Matrices are column-major.
struct CublasLtApi {
  std::size_t (*get_version)();
  std::size_t (*get_cudart_version)();
  const char* (*status_string)(CublasStatus status);
  CublasStatus (*create)(CublasLtHandle* handle);
  CublasStatus (*destroy)(CublasLtHandle handle);
  CublasStatus (*layout_create)(CublasLtLayout* layout, CublasType type, std::uint64_t rows, std::uint64_t columns,
                                std::int64_t distance);
  CublasStatus (*layout_destroy)(CublasLtLayout layout);
  CublasStatus (*layout_set)(CublasLtLayout layout, CublasLtLayoutAttribute attribute, const void* value,
                             std::size_t bytes);
  CublasStatus (*product_create)(CublasLtProduct* product, CublasCompute compute, CublasType scale);
  CublasStatus (*product_destroy)(CublasLtProduct product);
  CublasStatus (*product_set)(CublasLtProduct product, CublasLtProductAttribute attribute, const void* value,
                              std::size_t bytes);
  CublasStatus (*preference_create)(CublasLtPreference* preference);
  CublasStatus (*preference_destroy)(CublasLtPreference preference);
  CublasStatus (*preference_set)(CublasLtPreference preference, CublasLtPreferenceAttribute attribute,
                                 const void* value, std::size_t bytes);
  CublasStatus (*choose)(CublasLtHandle handle, CublasLtProduct product, CublasLtLayout a, CublasLtLayout b,
                         CublasLtLayout c, CublasLtLayout d, CublasLtPreference preference, int most,
                         CublasLtChoice* choices, int* found);
  /// d = epilogue(alpha * op(a) * b + beta * c)
  CublasStatus (*multiply)(CublasLtHandle handle, CublasLtProduct product, const void* alpha, const void* a,
                           CublasLtLayout a_layout, const void* b, CublasLtLayout b_layout, const void* beta,
                           const void* c, CublasLtLayout c_layout, void* d, CublasLtLayout d_layout,
                           const CublasLtAlgorithm* algorithm, void* workspace, std::size_t workspace_bytes,
                           StreamHandle stream);

  std::string path;
  int version = 0;  ///< 130100 is 13.1.0
  int cudart_version = 0;

  /// "13.1.0"
  std::string version_text() const;
  /// The error of a call in cuBLAS' words: Unsupported where it cannot do it, OutOfMemory, else Device.
  Status check(CublasStatus status, std::string_view call) const;
};

/// Opens a cuBLASLt without remembering it. Errors: NotFound with what was tried; Device for a version before 12, one
/// that lacks a call, or one made for a newer CUDA than the driver's (0: not known).
Result<CublasLtApi> open_cublaslt(int driver_version, std::vector<Attempt>& attempts);

/// The one of this process, opened on first use. Errors: as above.
Result<const CublasLtApi*> cublaslt_api();
std::vector<Attempt> cublaslt_attempts();

}  // namespace bolide::cuda
