#include "import/onnx/rules/ml.h"
#include "ops/concat.h"
#include "ops/matmul.h"

namespace bolide::onnx {
namespace {

/// x [n, f] times the rows of the attribute 'coefficients' [targets, f], plus 'intercepts', in f32.
Result<ValueId> linear(OnnxNodeView& node, Builder& build, Formula& f, std::int64_t targets) {
  if (!node.has_input(0)) return invalid_argument("input X is missing");
  const ValueId x = f.cast(feature_rows(f, node.in(0)), DataType::kF32);
  const std::vector<float> coefficients = node.numbers("coefficients");
  const auto count = static_cast<std::int64_t>(coefficients.size());
  if (targets < 1 || count % targets != 0) {
    return invalid_argument("attribute 'coefficients' has ", count, " numbers for ", targets, " targets");
  }
  TRY(const ValueId rows, constant_of(node, build, "coefficients", {targets, count / targets}));
  ValueId y = f.op(MatMul{}, {x, f.transpose(rows, {1, 0})});
  if (node.has("intercepts") && !node.numbers("intercepts").empty()) {
    TRY(const ValueId intercepts, constant_of(node, build, "intercepts", {targets}));
    y = f.add(y, intercepts);
  }
  TRY_OK(f.status());
  return y;
}

}  // namespace

/// ai.onnx.ml LinearRegressor: x C^T + intercepts.
Result<Values> import_linear_regressor(OnnxNodeView& node, Builder& build) {
  Formula f(build);
  const std::string transform = node.text("post_transform", "NONE");
  TRY(const ValueId y, linear(node, build, f, node.integer("targets", 1)));
  return f.result({post_transform(f, y, transform)});
}

/// ai.onnx.ml LinearClassifier: scores as of LinearRegressor, one row of coefficients a class; outputs labels and
/// scores. One row for two classes is the score of the second, whose negative is that of the first.
Result<Values> import_linear_classifier(OnnxNodeView& node, Builder& build) {
  node.ignore("multi_class");
  Formula f(build);
  const std::string transform = node.text("post_transform", "NONE");
  const std::size_t rows = std::max<std::size_t>(node.numbers("intercepts").size(), 1);
  TRY(const ValueId scores, linear(node, build, f, static_cast<std::int64_t>(rows)));
  TRY(const Labels labels,
      labels_of(node, "classlabels_strings", "classlabels_ints", std::max<std::int64_t>(2, std::int64_t(rows))));
  if (rows > 1) {
    if (static_cast<std::int64_t>(rows) > labels.count) return invalid_argument("there are more rows than labels");
    return f.result({best_label(f, build, labels, scores), post_transform(f, scores, transform)});
  }
  const ValueId label = binary_label(f, build, labels, scores, 0);
  const ValueId both = labels.count == 2 ? f.concat({f.op(Neg{}, {scores}), scores}, 1) : scores;
  return f.result({label, post_transform(f, both, transform)});
}

}  // namespace bolide::onnx
