#include "import/onnx/rules/ml.h"
#include "ops/activation.h"
#include "ops/concat.h"
#include "ops/couple_probabilities.h"
#include "ops/matmul.h"
#include "ops/order.h"

namespace bolide::onnx {
namespace {

/// Kernel values of x [n, f] with `count` vectors of the attribute 'support_vectors': [n, count].
/// 'kernel_params' are gamma, coef0 and degree.
Result<ValueId> kernels(OnnxNodeView& node, Builder& build, Formula& f, ValueId x, std::int64_t count) {
  const std::string type = node.text("kernel_type", "LINEAR");
  const std::vector<float> given = node.numbers("kernel_params");
  const auto parameter = [&](std::size_t i) { return i < given.size() ? static_cast<double>(given[i]) : 0.0; };
  const auto numbers = static_cast<std::int64_t>(node.numbers("support_vectors").size());
  if (count < 1 || numbers % count != 0) {
    return invalid_argument("attribute 'support_vectors' has ", numbers, " numbers for ", count, " vectors");
  }
  TRY(const ValueId vectors, constant_of(node, build, "support_vectors", {count, numbers / count}));
  ValueId y = kNoValue;
  if (type == "RBF") {  // e^(-gamma |x - v|^2)
    const ValueId apart = f.sub(f.unsqueeze(x, {1}), vectors);
    y = f.op(Exp{}, {f.mul(f.reduce(ReduceKind::kSumSquare, apart, {2}), -parameter(0))});
  } else {
    y = f.op(MatMul{}, {x, f.transpose(vectors, {1, 0})});
    if (type == "POLY" || type == "SIGMOID") y = f.add(f.mul(y, parameter(0)), parameter(1));
    if (type == "POLY") y = f.op(Pow{}, {y, f.number(DataType::kF32, parameter(2))});
    if (type == "SIGMOID") y = f.op(Tanh{}, {y});
    if (type != "POLY" && type != "SIGMOID" && type != "LINEAR") {
      return invalid_argument("attribute 'kernel_type' is '", type, "'");
    }
  }
  TRY_OK(f.status());
  return y;
}

/// Which classes each pair compares: (0, 1), (0, 2), ..., (1, 2), ...
struct Pairs {
  std::int64_t classes = 0;
  std::int64_t count() const { return classes * (classes - 1) / 2; }
  template <class F>
  void each(F f) const {
    std::size_t at = 0;
    for (std::int64_t i = 0; i < classes; ++i) {
      for (std::int64_t j = i + 1; j < classes; ++j) f(at++, static_cast<std::size_t>(i), static_cast<std::size_t>(j));
    }
  }
};

/// The scores of pairs as a matrix product: [vectors, pairs]. A pair (i, j) reads row j - 1 of the coefficients
/// [classes - 1, vectors] for the vectors of class i and row i for those of class j.
Tensor pair_matrix(const std::vector<float>& coefficients, const Dims& per_class, const Pairs& pairs) {
  std::vector<std::size_t> first = {0};
  for (const std::int64_t size : per_class) first.push_back(first.back() + static_cast<std::size_t>(size));
  const std::size_t vectors = first.back();
  const auto columns = static_cast<std::size_t>(pairs.count());
  std::vector<float> out(vectors * columns);
  pairs.each([&](std::size_t at, std::size_t i, std::size_t j) {
    for (std::size_t v = first[i]; v < first[i + 1]; ++v) out[v * columns + at] = coefficients[(j - 1) * vectors + v];
    for (std::size_t v = first[j]; v < first[j + 1]; ++v) out[v * columns + at] = coefficients[i * vectors + v];
  });
  return Tensor::of<float>(out, Dims{static_cast<std::int64_t>(vectors), pairs.count()});
}

/// Votes [n, classes]: a score above 0 is one for the first of its pair, any other for the second.
ValueId votes_of(Formula& f, Builder& build, ValueId scores, const Pairs& pairs) {
  const auto classes = static_cast<std::size_t>(pairs.classes);
  std::vector<float> wins(static_cast<std::size_t>(pairs.count()) * classes);
  std::vector<float> losses(classes);
  pairs.each([&](std::size_t at, std::size_t i, std::size_t j) {
    wins[at * classes + i] = 1;
    wins[at * classes + j] = -1;
    losses[j] += 1;
  });
  const ValueId above = f.cast(f.op(Greater{}, {scores, f.number(DataType::kF32, 0)}), DataType::kF32);
  const ValueId matrix = build.constant("wins", Tensor::of<float>(wins, Dims{pairs.count(), pairs.classes}));
  return f.add(f.op(MatMul{}, {above, matrix}), build.constant("losses", Tensor::of<float>(losses)));
}

}  // namespace

/// ai.onnx.ml SVMRegressor: the kernel values with the support vectors times 'coefficients', plus rho; 1 or -1 by its
/// sign with 'one_class'. Without support vectors the coefficients are those of x.
Result<Values> import_svm_regressor(OnnxNodeView& node, Builder& build) {
  node.ignore("n_targets");
  const std::int64_t supports = node.integer("n_supports", 0);
  const bool one_class = node.flag("one_class");
  const std::string transform = node.text("post_transform", "NONE");
  if (!node.has_input(0)) return invalid_argument("input X is missing");
  Formula f(build);
  ValueId x = f.cast(feature_rows(f, node.in(0)), DataType::kF32);
  if (supports > 0) {
    TRY(x, kernels(node, build, f, x, supports));
  } else {
    for (const std::string_view name : {"kernel_type", "kernel_params", "support_vectors"}) node.ignore(name);
  }
  const auto count = static_cast<std::int64_t>(node.numbers("coefficients").size());
  TRY(const ValueId weights, constant_of(node, build, "coefficients", {count, 1}));
  TRY(const ValueId rho, constant_of(node, build, "rho", {1}));
  ValueId y = f.add(f.op(MatMul{}, {x, weights}), rho);
  if (one_class) {
    const ValueId above = f.op(Greater{}, {y, f.number(DataType::kF32, 0)});
    y = f.where(above, f.number(DataType::kF32, 1), f.number(DataType::kF32, -1));
  }
  return f.result({post_transform(f, y, transform)});
}

namespace {

/// The form without support vectors: one row of coefficients a class.
Result<Values> linear_svm(OnnxNodeView& node, Builder& build, Formula& f, ValueId x, const Labels& labels,
                          const std::string& transform) {
  for (const std::string_view name : {"kernel_type", "kernel_params", "support_vectors", "prob_a", "prob_b"}) {
    node.ignore(name);
  }
  const auto count = static_cast<std::int64_t>(node.numbers("coefficients").size());
  if (labels.count < 1 || count % labels.count != 0) return invalid_argument("'coefficients' do not divide by labels");
  TRY(const ValueId rows, constant_of(node, build, "coefficients", {labels.count, count / labels.count}));
  const std::vector<float> rho = node.numbers("rho");
  if (rho.empty()) return invalid_argument("attribute 'rho' is missing");
  const ValueId product = f.op(MatMul{}, {x, f.transpose(rows, {1, 0})});
  const ValueId scores = f.add(product, static_cast<double>(rho[0]));
  return f.result({best_label(f, build, labels, scores), post_transform(f, scores, transform)});
}

}  // namespace

/// ai.onnx.ml SVMClassifier: every pair of classes has a score; the label is the class of most votes, the first of
/// equals. With prob_a and prob_b the scores are probabilities of classes, else those of the pairs; the score of two
/// classes is given twice, negative first.
Result<Values> import_svm_classifier(OnnxNodeView& node, Builder& build) {
  const std::string transform = node.text("post_transform", "NONE");
  const Dims per_class = node.integers("vectors_per_class");
  TRY(const Labels labels, labels_of(node, "classlabels_strings", "classlabels_ints", std::int64_t(per_class.size())));
  if (!node.has_input(0)) return invalid_argument("input X is missing");
  Formula f(build);
  const ValueId x = f.cast(feature_rows(f, node.in(0)), DataType::kF32);
  if (per_class.empty()) return linear_svm(node, build, f, x, labels, transform);
  const Pairs pairs{static_cast<std::int64_t>(per_class.size())};
  std::int64_t vectors = 0;
  for (const std::int64_t size : per_class) {
    if (size < 0 || size > (INT64_C(1) << 31)) return invalid_argument("attribute 'vectors_per_class' is ", per_class);
    vectors += size;
  }
  if (pairs.classes > 256 || vectors * pairs.count() > (INT64_C(1) << 26)) {
    return unsupported(vectors, " vectors of ", pairs.classes, " classes");
  }
  const std::vector<float> coefficients = node.numbers("coefficients");
  if (pairs.classes < 2 || labels.count != pairs.classes ||
      static_cast<std::int64_t>(coefficients.size()) != vectors * (pairs.classes - 1)) {
    return invalid_argument(labels.count, " labels, ", pairs.classes, " classes, ", coefficients.size(),
                            " coefficients and ", vectors, " vectors do not fit together");
  }
  TRY(const ValueId values, kernels(node, build, f, x, vectors));
  TRY(const ValueId rho, constant_of(node, build, "rho", {pairs.count()}));
  const ValueId matrix = build.constant("coefficients", pair_matrix(coefficients, per_class, pairs));
  const ValueId scores = f.add(f.op(MatMul{}, {values, matrix}), rho);
  const ValueId label = best_label(f, build, labels, votes_of(f, build, scores, pairs));
  if (!node.numbers("prob_a").empty()) {
    TRY(const ValueId a, constant_of(node, build, "prob_a", {pairs.count()}));
    TRY(const ValueId b, constant_of(node, build, "prob_b", {pairs.count()}));
    const ValueId odds = f.op(Sigmoid{}, {f.op(Neg{}, {f.add(f.mul(scores, a), b)})});
    const ValueId probabilities = f.op(CoupleProbabilities{.classes = pairs.classes}, {odds});
    return f.result({label, post_transform(f, probabilities, transform)});
  }
  const ValueId given = pairs.classes == 2 ? f.concat({f.op(Neg{}, {scores}), scores}, 1) : scores;
  return f.result({label, post_transform(f, given, transform)});
}

}  // namespace bolide::onnx
