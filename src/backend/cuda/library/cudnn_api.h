/// The calls of cuDNN 9 in use (its backend interface: descriptors with attributes), declared by ourselves after its
/// documented binary interface, and opened at run time. Source: cuDNN backend API reference, 9.
#pragma once

#include "backend/cuda/driver/driver_api.h"

namespace bolide::cuda {

struct CudnnHandle_;
using CudnnHandle = CudnnHandle_*;
using CudnnDescriptor = void*;
using CudnnStatus = int;

/// What a descriptor describes.
enum class CudnnKind : int {
  kPointwise = 0,
  kConvolution = 1,
  kEngine = 2,
  kEngineConfig = 3,
  kHeuristics = 4,
  kPlan = 5,
  kConvolutionForward = 10,
  kPointwiseOperation = 13,
  kOperationGraph = 15,
  kVariantPack = 16,
  kTensor = 17,
};

enum class CudnnAttribute : int {
  kPointwiseMode = 0,
  kPointwisePrecision = 1,
  kPointwiseUpperClip = 4,
  kPointwiseSwishBeta = 8,
  kConvolutionPrecision = 100,
  kConvolutionMode = 101,
  kConvolutionDilations = 102,
  kConvolutionStrides = 103,
  kConvolutionAfter = 104,
  kConvolutionBefore = 105,
  kConvolutionSpatialDims = 106,
  kHeuristicsMode = 200,
  kHeuristicsGraph = 201,
  kHeuristicsResults = 202,
  kConfigEngine = 300,
  kPlanHandle = 400,
  kPlanConfig = 401,
  kPlanWorkspace = 402,
  kPlanText = 405,
  kForwardAlpha = 700,
  kForwardBeta = 701,
  kForwardConvolution = 702,
  kForwardW = 703,
  kForwardX = 704,
  kForwardY = 705,
  kPointwiseDescriptor = 750,
  kPointwiseX = 751,
  kPointwiseB = 752,
  kPointwiseY = 753,
  kGraphHandle = 800,
  kGraphOperations = 801,
  kTensorAlignment = 900,
  kTensorType = 901,
  kTensorDims = 902,
  kTensorStrides = 903,
  kTensorId = 906,
  kTensorVirtual = 907,
  kPackIds = 1000,
  kPackPointers = 1001,
  kPackWorkspace = 1003,
  kEngineIndex = 1301,
  kEngineNumericalNotes = 1303,
};

/// The type of an attribute's elements.
enum class CudnnElement : int {
  kHandle = 0,
  kDataType = 1,
  kBoolean = 2,
  kInt64 = 3,
  kFloat = 4,
  kDouble = 5,
  kPointer = 6,
  kConvolutionMode = 7,
  kHeuristicsMode = 8,
  kNumericalNote = 11,
  kPointwiseMode = 14,
  kDescriptor = 15,
  kChar = 24,
};

enum class CudnnType : int { kFloat = 0, kHalf = 2, kBfloat16 = 9 };
enum class CudnnConvolutionMode : int { kConvolution = 0, kCrossCorrelation = 1 };
enum class CudnnHeuristics : int { kInstant = 0, kFallback = 2, kA = 3 };
enum class CudnnPointwise : int {
  kAdd = 0,
  kRelu = 100,
  kTanh = 101,
  kSigmoid = 102,
  kGelu = 104,
  kSwish = 106,
  kGeluTanh = 107,
};
enum class CudnnNumericalNote : int {
  kTensorCore = 0,
  kDownConverts = 1,
  kNarrowReduction = 2,
  kFourier = 3,
  kNondeterministic = 4,
  kWinograd = 5,
  kWinograd4 = 6,
  kWinograd6 = 7,
  kWinograd13 = 8,
};

struct CudnnApi {
  std::size_t (*get_version)();
  std::size_t (*get_cudart_version)();
  const char* (*error_string)(CudnnStatus status);
  void (*last_error)(char* text, std::size_t size);
  CudnnStatus (*create)(CudnnHandle* handle);
  CudnnStatus (*destroy)(CudnnHandle handle);
  CudnnStatus (*set_stream)(CudnnHandle handle, StreamHandle stream);
  CudnnStatus (*create_descriptor)(CudnnKind kind, CudnnDescriptor* descriptor);
  CudnnStatus (*destroy_descriptor)(CudnnDescriptor descriptor);
  CudnnStatus (*set)(CudnnDescriptor descriptor, CudnnAttribute attribute, CudnnElement type, std::int64_t count,
                     const void* elements);
  CudnnStatus (*get)(CudnnDescriptor descriptor, CudnnAttribute attribute, CudnnElement type, std::int64_t room,
                     std::int64_t* count, void* elements);
  CudnnStatus (*finalize)(CudnnDescriptor descriptor);
  CudnnStatus (*execute)(CudnnHandle handle, CudnnDescriptor plan, CudnnDescriptor pack);

  std::string path;
  int version = 0;         ///< 91900 is 9.19.0
  int cudart_version = 0;  ///< of the CUDA that it was made with: 13000 is 13.0

  /// "9.19.0"
  std::string version_text() const;
  /// The error of a call in cuDNN's words, the details of its last error included. Unsupported where cuDNN says that it
  /// cannot do it, OutOfMemory, else Device.
  Status check(CudnnStatus status, std::string_view call) const;
};

/// Opens a cuDNN without remembering it. Errors: NotFound with what was tried; Device for another major version, a
/// version that lacks a call, or one that needs a newer driver than `driver_version` (13000; 0: not known).
Result<CudnnApi> open_cudnn(int driver_version, std::vector<Attempt>& attempts);

/// The one of this process, opened on first use. Errors: as above.
Result<const CudnnApi*> cudnn_api();
std::vector<Attempt> cudnn_attempts();

}  // namespace bolide::cuda
