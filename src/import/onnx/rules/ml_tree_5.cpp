#include "import/onnx/rules/ml.h"
#include "ops/tree_ensemble.h"
#include "tensor/number.h"

#include <array>
#include <cmath>

namespace bolide::onnx {
namespace {

/// The sets of MEMBER nodes stand one after the other, each with a NaN behind it; bounds of every node's set.
struct Sets {
  Dims bounds = {0};
  std::vector<float> members;
};

Result<Sets> sets_of(const std::vector<double>& values, const Dims& modes) {
  Sets out;
  std::size_t at = 0;
  for (const std::int64_t mode : modes) {
    for (; mode == 6 && at < values.size() && !std::isnan(values[at]); ++at) {
      out.members.push_back(static_cast<float>(values[at]));
    }
    at += mode == 6 ? 1 : 0;
    out.bounds.push_back(static_cast<std::int64_t>(out.members.size()));
  }
  if (at > values.size()) return invalid_argument("attribute 'membership_values' has too few sets");
  return out;
}

/// Our nodes: feature, mode, missing, and the two nexts, which are nodes or -1 - leaf.
Result<Dims> nodes_of(OnnxNodeView& node, const Dims& modes) {
  const Dims features = node.integers("nodes_featureids");
  const Dims missing = node.integers("nodes_missing_value_tracks_true");
  const std::array<Dims, 2> next = {node.integers("nodes_truenodeids"), node.integers("nodes_falsenodeids")};
  const std::array<Dims, 2> is_leaf = {node.integers("nodes_trueleafs"), node.integers("nodes_falseleafs")};
  for (const std::size_t size : {features.size(), next[0].size(), next[1].size(), is_leaf[0].size(), is_leaf[1].size(),
                                 missing.empty() ? modes.size() : missing.size()}) {
    if (size != modes.size()) {
      return invalid_argument("attributes 'nodes_...' have ", modes.size(), " and ", size, " elements");
    }
  }
  Dims out;
  for (std::size_t i = 0; i < modes.size(); ++i) {
    out.insert(out.end(), {features[i], modes[i], missing.empty() ? 0 : missing[i]});
    for (std::size_t side = 0; side < 2; ++side) {
      const std::int64_t to = next.at(side)[i];
      out.push_back(is_leaf.at(side)[i] != 0 && to >= 0 ? -1 - to : to);
    }
  }
  return out;
}

}  // namespace

/// ai.onnx.ml TreeEnsemble-5: nodes as parallel lists that name their children; every leaf has one vote. The numbers
/// are of the dtype of x.
Result<Values> import_tree_ensemble(OnnxNodeView& node, Builder& build) {
  node.ignore("nodes_hitrates");
  if (!node.has_input(0)) return invalid_argument("input X is missing");
  constexpr std::array kAggregates = {TreeAggregate::kAverage, TreeAggregate::kSum, TreeAggregate::kMin,
                                      TreeAggregate::kMax};
  constexpr std::array<std::string_view, 5> kTransforms = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
  const std::int64_t how = node.integer("aggregate_function", 1);
  const std::int64_t transform = node.integer("post_transform", 0);
  if (how < 0 || how > 3 || transform < 0 || transform > 4) {
    return invalid_argument("attributes 'aggregate_function' ", how, " and 'post_transform' ", transform);
  }
  TRY(const Tensor mode_tensor, node.tensor("nodes_modes"));
  TRY(const Dims modes, to_i64(mode_tensor));
  TRY(const Dims nodes, nodes_of(node, modes));
  TRY(Tensor splits, node.tensor("nodes_splits"));
  TRY(Tensor weights, node.tensor("leaf_weights"));
  const Dims targets = node.integers("leaf_targetids");
  Dims leaves;
  for (std::size_t i = 0; i <= targets.size(); ++i) leaves.push_back(static_cast<std::int64_t>(i));
  const TreeEnsemble op{.targets = node.integer("n_targets", 1),
                        .aggregate = kAggregates.at(static_cast<std::size_t>(how))};
  const auto count = static_cast<std::int64_t>(modes.size());
  Values inputs = {node.in(0),
                   build.constant("nodes", Tensor::of<std::int64_t>(nodes, Dims{count, 5})),
                   build.constant("splits", std::move(splits)),
                   build.integers("roots", node.integers("tree_roots")),
                   build.integers("leaves", leaves),
                   build.integers("targets", targets),
                   build.constant("weights", std::move(weights))};
  if (node.has("membership_values")) {
    TRY(const Tensor values, node.tensor("membership_values"));
    TRY(const std::vector<double> numbers, to_f64(values));
    TRY(const Sets sets, sets_of(numbers, modes));
    inputs.insert(inputs.end(), {kNoValue, build.integers("sets", sets.bounds),
                                 build.constant("members", Tensor::of<float>(sets.members))});
  }
  Formula f(build);
  return f.result({post_transform(f, f.op(op, inputs), kTransforms.at(static_cast<std::size_t>(transform)))});
}

}  // namespace bolide::onnx
