#include "import/onnx/rules/all.h"
#include "ops/fourier.h"
#include "ops/reshape.h"
#include "ops/signal_window.h"

namespace bolide::onnx {

/// ONNX DFT, operator sets 17 to 19: the axis is an attribute.
Result<Values> import_dft_17(OnnxNodeView& node, Builder& build) {
  const DFT dft{.inverse = node.flag("inverse"), .onesided = node.flag("onesided"), .axis = node.integer("axis", 1)};
  Values inputs = node.inputs();
  inputs.resize(std::min<std::size_t>(inputs.size(), 2));
  TRY(const ValueId y, build.add(dft, std::move(inputs)));
  return Values{y};
}

/// ONNX DFT since operator set 20: the axis is an input, by default the last but one.
Result<Values> import_dft(OnnxNodeView& node, Builder& build) {
  const DFT dft{.inverse = node.flag("inverse"), .onesided = node.flag("onesided")};
  TRY(const ValueId y, build.add(dft, node.inputs()));
  return Values{y};
}

/// ONNX STFT; a signal [batch, samples] is read as [batch, samples, 1], as other runtimes do.
Result<Values> import_stft(OnnxNodeView& node, Builder& build) {
  Values inputs = node.inputs();
  if (node.has_input(0) && node.rank(0) == 2) {
    TRY(inputs[0], build.add(Unsqueeze{.axes = {2}}, {inputs[0]}));
  }
  TRY(const ValueId y, build.add(STFT{.onesided = node.flag("onesided", true)}, std::move(inputs)));
  return Values{y};
}

/// ONNX HannWindow, HammingWindow and BlackmanWindow.
Result<Values> import_window(OnnxNodeView& node, Builder& build) {
  SignalWindow window{.periodic = node.flag("periodic", true)};
  if (node.op_type() == "HammingWindow") window.kind = WindowKind::kHamming;
  if (node.op_type() == "BlackmanWindow") window.kind = WindowKind::kBlackman;
  TRY(window.dtype, node.data_type("output_datatype", DataType::kF32));
  TRY(const ValueId y, build.add(window, node.inputs()));
  return Values{y};
}

/// ONNX MelWeightMatrix: `output_datatype` is the operator's dtype.
Result<Values> import_mel_weight_matrix(OnnxNodeView& node, Builder& build) {
  MelWeightMatrix mel;
  TRY(mel.dtype, node.data_type("output_datatype", DataType::kF32));
  TRY(const ValueId y, build.add(mel, node.inputs()));
  return Values{y};
}

}  // namespace bolide::onnx
