#include "import/onnx/rules/all.h"
#include "import/onnx/rules/formula.h"
#include "ops/gather.h"
#include "ops/softmax.h"

namespace bolide::onnx {
namespace {

/// The loss of each sample, [n, d...], and what it counts in the mean (kNoValue: each 1).
struct SampleLoss {
  ValueId loss = kNoValue;
  ValueId count = kNoValue;
};

/// loss = -log_prob[n, target, d...] * weight[target]; loss and count are 0 where the target is `ignore_index`.
SampleLoss sample_loss(OnnxNodeView& node, Formula& f, ValueId log_prob) {
  const ValueId target = node.in(1);
  ValueId classes = target;
  ValueId valid = kNoValue;
  if (node.has("ignore_index")) {
    const ValueId ignored = f.number(node.dtype(1), static_cast<double>(node.integer("ignore_index", 0)));
    valid = f.op(Not{}, {f.op(Equal{}, {target, ignored})});
    classes = f.where(valid, target, f.number(node.dtype(1), 0));
  }
  SampleLoss out;
  const ValueId picked = f.op(GatherElements{.axis = 1}, {log_prob, f.unsqueeze(classes, {1})});
  out.loss = f.op(Neg{}, {f.squeeze(picked, {1})});
  if (node.has_input(2)) {
    out.count = f.gather(node.in(2), classes, 0);
    out.loss = f.mul(out.loss, out.count);
  }
  if (valid != kNoValue) {
    const ValueId zero = f.number(f.dtype(out.loss), 0);
    out.loss = f.where(valid, out.loss, zero);
    out.count = out.count == kNoValue ? f.cast(valid, f.dtype(out.loss)) : f.where(valid, out.count, zero);
  }
  return out;
}

/// `reduction` of the samples' losses; "mean" divides by what they count.
ValueId reduced(OnnxNodeView& node, Formula& f, const SampleLoss& samples) {
  const std::string reduction = node.text("reduction", "mean");
  if (reduction == "none") return samples.loss;
  if (reduction == "sum") return f.reduce(ReduceKind::kSum, samples.loss);
  if (reduction != "mean") {
    f.fail(invalid_argument("attribute 'reduction' is '", reduction, "', which is none of none, sum, mean"));
  }
  if (samples.count == kNoValue) return f.reduce(ReduceKind::kMean, samples.loss);
  return f.div(f.reduce(ReduceKind::kSum, samples.loss), f.reduce(ReduceKind::kSum, samples.count));
}

}  // namespace

/// ONNX NegativeLogLikelihoodLoss-12..22 of log-probabilities [n, c, d...] and classes [n, d...].
Result<Values> import_negative_log_likelihood(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0) || !node.has_input(1)) return invalid_argument("inputs 'input' and 'target' are needed");
  Formula f(build);
  const ValueId loss = reduced(node, f, sample_loss(node, f, node.in(0)));
  return f.result({loss});
}

/// ONNX SoftmaxCrossEntropyLoss-12..13: NegativeLogLikelihoodLoss of LogSoftmax over axis 1, which is output 1.
Result<Values> import_softmax_cross_entropy(OnnxNodeView& node, Builder& build) {
  if (!node.has_input(0) || !node.has_input(1)) return invalid_argument("inputs 'scores' and 'labels' are needed");
  Formula f(build);
  const ValueId log_prob = f.op(LogSoftmax{.axis = 1}, {node.in(0)});
  const ValueId loss = reduced(node, f, sample_loss(node, f, log_prob));
  return f.result({loss, log_prob});
}

}  // namespace bolide::onnx
