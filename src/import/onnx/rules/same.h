/// Operators of ours that are called and written as in ONNX.
#pragma once

#include "import/onnx/builder.h"

namespace bolide::onnx {

/// `op` with each field set from the node's attribute of the same name, where the node has one: booleans from 0 and 1,
/// enumerations from their spelling in any case, dtypes from their code. Problems are noted in the node.
Op with_attributes(const Op& op, OnnxNodeView& node);

/// Arithmetic is of numbers; what is elementwise and takes bool is logic, a comparison for equality, or a choice.
Status check_numbers(const Op& op, const OnnxNodeView& node);

}  // namespace bolide::onnx
