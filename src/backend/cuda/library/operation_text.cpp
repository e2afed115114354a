#include "backend/cuda/library/operation_text.h"

#include "backend/cuda/library/cublaslt_product.h"
#include "backend/cuda/library/cudnn_conv.h"
#include "backend/cuda/library/tactics.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

std::string_view name_of(Activation activation) {
  switch (activation) {
    case Activation::kNone: return "";
    case Activation::kRelu: return "relu";
    case Activation::kSilu: return "silu";
    case Activation::kSigmoid: return "sigmoid";
    case Activation::kTanh: return "tanh";
    case Activation::kGelu: return "gelu";
    case Activation::kGeluTanh: return "gelu by tanh";
  }
  return "";
}

std::string epilogue_text(const EpilogueForm& form) {
  const bool rows = form.rows != EpilogueForm::kNoOperand;
  std::string out = form.vector != EpilogueForm::kNoOperand ? " + bias" : "";
  if (rows && !form.rows_last) out += " + residual";
  if (form.activation != Activation::kNone) out += strings::join(", ", name_of(form.activation));
  if (form.upper) out += strings::join(" up to ", *form.upper);
  if (rows && form.rows_last) out += ", + residual";
  return out;
}

}  // namespace

std::string library_operation(const Tactic& tactic, const Problem& problem, const CudaTarget& target) {
  if (std::ranges::find(cudnn_tactics(), &tactic) != cudnn_tactics().end()) {
    const auto conv = cudnn_conv(problem, target);
    return strings::join("cuDNN convolution", conv ? epilogue_text(conv->form) : "");
  }
  const auto view = gemm_view(problem, target, false);
  const auto shape = view ? cublaslt_shape(problem, *view) : Result<CublasLtShape>(view.error());
  return strings::join("cuBLASLt product", shape ? epilogue_text(shape->form) : "");
}

}  // namespace bolide::cuda
