/// Runs every CUDA tactic that accepts a problem and compares with the operator's own evaluation; without a device only
/// compiles them. Outputs start poisoned and have guards around; gaps between input elements hold NaN.
#pragma once

#include "backend/cuda/cuda_backend.h"

#include <gtest/gtest.h>

namespace bolide::test {

struct CudaOperand {
  Dims dims;
  DataType dtype = DataType::kF32;
  bool channels_last = false;
  std::int64_t gap = 0;  ///< elements left out after the innermost run
  bool constant = false;
  bool absent = false;
  double low = -2;  ///< of values drawn
  double high = 2;
  Tensor value = {};  ///< instead of drawn ones, when it has a dtype and elements
};

struct CudaCase {
  std::string name;
  Op op;
  std::vector<CudaOperand> inputs;
  std::vector<CudaOperand> outputs = {};  ///< layouts only; missing ones are row-major
  double tolerance = 1e-5;                ///< of the largest |result| + 1
  int outputs_wanted = 1;
};

/// The same case with its FP32 operands and attributes in another float type, and the tolerance that fits.
CudaCase with_dtype(CudaCase test, DataType dtype);

/// The kernels of this folder's own families: edge sizes, strides, broadcasts.
std::vector<CudaCase> generic_cases();
/// Operators whose elements are computed one by one.
std::vector<CudaCase> element_cases();
/// NonMaxSuppression.
std::vector<CudaCase> box_cases();
/// Det, Inverse, DFT, STFT, TreeEnsemble and DeformConv.
std::vector<CudaCase> transform_cases();
/// RNN, GRU and LSTM.
std::vector<CudaCase> recurrent_cases();
/// Contractions of 8-bit integers.
std::vector<CudaCase> integer_cases();

/// Compiles the kernels of every accepting tactic, several at once; failures name case, tactic and capability.
void expect_compiles(std::span<const CudaCase> cases, int capability);
void expect_compiles(std::span<const CudaCase> cases, const std::shared_ptr<cuda::CudaDevice>& device);
/// Runs every accepting tactic on the device. A case that only the reference accepts fails.
void expect_agrees(const CudaCase& test, const std::shared_ptr<cuda::CudaDevice>& device);

}  // namespace bolide::test
