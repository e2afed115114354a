/// Values whose axes have labels, and the matrix products that sum over some of them.
#pragma once

#include "import/onnx/builder.h"
#include "ops/einsum_equation.h"

namespace bolide::onnx {

struct Labelled {
  ValueId value = kNoValue;
  std::vector<EinsumLabel> labels;  ///< one an axis, all different
};

/// Axes whose labels are not `needed` are summed.
Result<Labelled> sum_out(Builder& build, Labelled x, const std::vector<EinsumLabel>& needed);
/// The axes in another order; `order` has the same labels.
Result<Labelled> arranged(Builder& build, const Labelled& x, const std::vector<EinsumLabel>& order);
/// The products of elements with equal labels, summed over those not `needed`, as MatMul or Mul.
Result<Labelled> contract(Builder& build, Labelled a, Labelled b, const std::vector<EinsumLabel>& needed);

}  // namespace bolide::onnx
