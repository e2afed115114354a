/// Epilogues as libraries take them: act(product + vector + rows), or act(product + vector) + rows.
#pragma once

#include "backend/cuda/contraction/gemm_device.h"

namespace bolide::cuda {

enum class Activation : std::uint8_t { kNone, kRelu, kSilu, kSigmoid, kTanh, kGelu, kGeluTanh };

struct EpilogueForm {
  Activation activation = Activation::kNone;
  std::optional<double> upper;  ///< of kRelu: values above become this
  int vector = kNoOperand;      ///< of gemm.extras: one number a column
  int rows = kNoOperand;        ///< of gemm.extras: as large as the result
  bool rows_last = false;       ///< the rows are added to what the activation gives

  static constexpr int kNoOperand = -1;
};

/// Errors: Unsupported with what of the epilogue has no such form.
Result<EpilogueForm> epilogue_form(const GemmProblem& gemm);

}  // namespace bolide::cuda
