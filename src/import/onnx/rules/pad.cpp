#include "ops/pad.h"

#include "import/onnx/rules/all.h"
#include "import/onnx/rules/same.h"

namespace bolide::onnx {

/// ONNX Pad, operator sets 1 to 10: pads (`paddings` in 1) and value are attributes.
Result<Values> import_pad_1(OnnxNodeView& node, Builder& build) {
  const Dims pads = node.integers(node.version() < 2 ? "paddings" : "pads");
  const float value = node.number("value", 0);
  const Op pad = with_attributes(Pad{}, node);
  if (!node.has_input(0)) return invalid_argument("input 0 is missing");
  Values inputs = {node.in(0), build.integers("pads", pads)};
  if (value != 0) {
    TRY(const ValueId filling, build.scalar(node.dtype(0), value));
    inputs.push_back(filling);
  }
  TRY(const ValueId y, build.add(pad, std::move(inputs)));
  return Values{y};
}

}  // namespace bolide::onnx
