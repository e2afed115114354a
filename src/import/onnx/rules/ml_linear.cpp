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

/// The rows of a classifier's coefficients: as many as intercepts; without any, those that the features leave.
std::size_t rows_of(OnnxNodeView& node) {
  const std::size_t intercepts = node.numbers("intercepts").size();
  if (intercepts > 0) return intercepts;
  if (!node.has_input(0) || node.rank(0) < 1) return 1;
  const std::int64_t features = node.shape(0).back().constant().value_or(0);
  if (features < 1) return 1;
  const std::size_t coefficients = node.numbers("coefficients").size();
  return std::max<std::size_t>(coefficients / static_cast<std::size_t>(features), 1);
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
/// scores. One row for two classes is the score s of the second; that of the first is 1 - s, or -s before a transform,
/// as in ONNX Runtime (the standard does not say). Without intercepts there is a row for each class.
Result<Values> import_linear_classifier(OnnxNodeView& node, Builder& build) {
  node.ignore("multi_class");
  Formula f(build);
  const std::string transform = node.text("post_transform", "NONE");
  const std::size_t rows = rows_of(node);
  TRY(const ValueId scores, linear(node, build, f, static_cast<std::int64_t>(rows)));
  TRY(const Labels labels,
      labels_of(node, "classlabels_strings", "classlabels_ints", std::max<std::int64_t>(2, std::int64_t(rows))));
  if (rows > 1) {
    if (static_cast<std::int64_t>(rows) > labels.count) return invalid_argument("there are more rows than labels");
    return f.result({best_label(f, build, labels, scores), post_transform(f, scores, transform)});
  }
  const ValueId label = binary_label(f, build, labels, scores, 0);
  ValueId both = scores;
  if (labels.count == 2) {
    const ValueId first = f.op(Neg{}, {scores});
    both = f.concat({transform == "NONE" ? f.add(first, 1.0) : first, scores}, 1);
  }
  return f.result({label, post_transform(f, both, transform)});
}

}  // namespace bolide::onnx
