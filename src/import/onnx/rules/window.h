/// Attributes that convolutions and pooling share.
#pragma once

#include "import/onnx/builder.h"
#include "ops/window.h"

namespace bolide::onnx {

/// Strides, pads, dilations and auto_pad of a node; pads are left out where auto_pad decides.
struct Window {
  Dims strides;
  Dims pads;
  Dims dilations;
  AutoPad auto_pad = AutoPad::kExplicit;
};
Result<Window> window_of(OnnxNodeView& node);

}  // namespace bolide::onnx
