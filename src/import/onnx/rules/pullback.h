/// Reverse-mode differentiation, one node at a time.
#pragma once

#include "import/onnx/rules/formula.h"
#include "ops/conv.h"
#include "ops/pool.h"

namespace bolide::onnx {

/// What one node passes back: from the gradients of its outputs (kNoValue: zero) those of its inputs (kNoValue: zero,
/// also of inputs that are no floats). `wanted` says which inputs are asked for. After a failure of f anything.
/// Errors of f: Unsupported naming the operator when it has no such rule.
Values pullback(Formula& f, const Node& node, const Values& gradients, const std::vector<bool>& wanted);

/// The same for a convolution without an epilogue.
Values conv_pullback(Formula& f, const Node& node, const Conv& conv, ValueId g, const std::vector<bool>& wanted);

/// The gradient of the input of AveragePool, whose number of channels and sizes must be known.
ValueId average_pullback(Formula& f, const Node& node, const AveragePool& pool, ValueId g);

/// The gradient of input 0 of an operator whose result 0 is elements of it elsewhere (Slice, Gather, ..., MaxPool).
ValueId moved_pullback(Formula& f, const Node& node, ValueId g);

/// x summed over the axes along which `like` was broadcast to it, so that it has the sizes of `like`.
ValueId sum_to(Formula& f, ValueId x, ValueId like);

}  // namespace bolide::onnx
