// Stands in for NVIDIA's libraries where a test opens them: versions, and calls that are there or not.
// FAKE_CUDNN: the version that cudnnGetVersion gives. FAKE_CUBLASLT: that of cublasLtGetVersion. FAKE_CUDART: the CUDA
// that the library says it was made for. FAKE_LACKS_CALLS: those that run something are missing.
#include <cstddef>

extern "C" {

#define FAKE_CALL(name) \
  int name() { return 0; }

#ifdef FAKE_CUDNN
std::size_t cudnnGetVersion() { return FAKE_CUDNN; }
std::size_t cudnnGetCudartVersion() { return FAKE_CUDART; }
const char* cudnnGetErrorString(int status) { return status == 3000 ? "CUDNN_STATUS_NOT_SUPPORTED" : "CUDNN_STATUS"; }
void cudnnGetLastErrorString(char* text, std::size_t size) {
  if (size > 3) text[0] = 'w', text[1] = 'h', text[2] = 'y', text[3] = '\0';
}
FAKE_CALL(cudnnCreate)
FAKE_CALL(cudnnDestroy)
FAKE_CALL(cudnnSetStream)
FAKE_CALL(cudnnBackendCreateDescriptor)
FAKE_CALL(cudnnBackendDestroyDescriptor)
FAKE_CALL(cudnnBackendSetAttribute)
FAKE_CALL(cudnnBackendGetAttribute)
#ifndef FAKE_LACKS_CALLS
FAKE_CALL(cudnnBackendFinalize)
FAKE_CALL(cudnnBackendExecute)
#endif
#endif

#ifdef FAKE_CUBLASLT
std::size_t cublasLtGetVersion() { return FAKE_CUBLASLT; }
std::size_t cublasLtGetCudartVersion() { return FAKE_CUDART; }
const char* cublasLtGetStatusString(int) { return "not supported"; }
FAKE_CALL(cublasLtCreate)
FAKE_CALL(cublasLtDestroy)
FAKE_CALL(cublasLtMatrixLayoutCreate)
FAKE_CALL(cublasLtMatrixLayoutDestroy)
FAKE_CALL(cublasLtMatrixLayoutSetAttribute)
FAKE_CALL(cublasLtMatmulDescCreate)
FAKE_CALL(cublasLtMatmulDescDestroy)
FAKE_CALL(cublasLtMatmulDescSetAttribute)
FAKE_CALL(cublasLtMatmulPreferenceCreate)
FAKE_CALL(cublasLtMatmulPreferenceDestroy)
FAKE_CALL(cublasLtMatmulPreferenceSetAttribute)
FAKE_CALL(cublasLtMatmulAlgoGetHeuristic)
#ifndef FAKE_LACKS_CALLS
FAKE_CALL(cublasLtMatmul)
#endif
#endif
}
