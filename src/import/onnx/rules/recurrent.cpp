#include "import/onnx/rules/all.h"
#include "import/onnx/rules/same.h"

namespace bolide::onnx {

/// ONNX RNN, GRU and LSTM. `hidden_size` repeats a size of the weights, `output_sequence` (operator set 1) what outputs
/// are named.
Result<Values> import_recurrent(OnnxNodeView& node, Builder& build) {
  node.ignore("output_sequence");
  const std::int64_t hidden = node.integer("hidden_size", 0);
  if (node.has_input(2) && hidden > 0 && node.rank(2) == 3 && node.shape(2)[2].is_constant() &&
      !(node.shape(2)[2] == Dim(hidden))) {
    return invalid_argument("attribute 'hidden_size' is ", hidden, ", and the recurrent weights are ", node.type(2));
  }
  return import_same(node, build);
}

}  // namespace bolide::onnx
