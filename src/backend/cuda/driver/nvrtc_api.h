/// The calls of NVRTC, the compiler of kernel text, opened at run time. Source: NVRTC documentation, 12 and 13.
#pragma once

#include "backend/cuda/driver/library.h"

namespace bolide::cuda {

struct NvrtcProgram_;
using NvrtcProgram = NvrtcProgram_*;

struct NvrtcApi {
  const char* (*error_string)(int result);
  int (*version)(int* major, int* minor);
  int (*arch_count)(int* count);
  int (*archs)(int* numbers);
  int (*create)(NvrtcProgram* program, const char* text, const char* name, int headers, const char* const* header_texts,
                const char* const* header_names);
  int (*destroy)(NvrtcProgram* program);
  int (*compile)(NvrtcProgram program, int count, const char* const* options);
  int (*cubin_size)(NvrtcProgram program, std::size_t* size);
  int (*cubin)(NvrtcProgram program, char* to);
  int (*ptx_size)(NvrtcProgram program, std::size_t* size);
  int (*ptx)(NvrtcProgram program, char* to);
  int (*log_size)(NvrtcProgram program, std::size_t* size);
  int (*log)(NvrtcProgram program, char* to);

  std::string path;
  int major = 0;
  int minor = 0;
  std::vector<int> supported;  ///< compute capabilities it makes code for: 75, 80, ...
};

/// Opens NVRTC once per process. Errors: NotFound with what was tried; Device when it lacks a call.
Result<const NvrtcApi*> nvrtc_api();
std::vector<Attempt> nvrtc_attempts();

}  // namespace bolide::cuda
