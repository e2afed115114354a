// TreeEnsembleRegressor and TreeEnsembleClassifier, versions 1 and 3.
#include "import/onnx/rules/ml.h"
#include "ops/concat.h"
#include "ops/tree_ensemble.h"
#include "tensor/number.h"

#include <algorithm>
#include <array>
#include <set>

namespace bolide::onnx {
namespace {

using TreeAndNode = std::pair<std::int64_t, std::int64_t>;

/// A list of numbers, as floats or (since version 3) as a tensor of any float type.
Result<Tensor> numbers_of(OnnxNodeView& node, const std::string& name) {
  if (node.has(name + "_as_tensor")) return node.tensor(name + "_as_tensor");
  return Tensor::of<float>(node.numbers(name));
}

/// The lists of the attributes in the form of our operator.
struct Trees {
  Dims nodes;
  std::vector<double> thresholds;
  Dims roots;
  Dims leaves;
  Dims targets;
  std::vector<double> weights;
};

Result<std::int64_t> mode_of(const std::string& name) {
  constexpr std::array<std::string_view, 6> kModes = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE",
                                                      "BRANCH_GT",  "BRANCH_EQ", "BRANCH_NEQ"};
  const auto* const found = std::find(kModes.begin(), kModes.end(), name);
  if (found == kModes.end()) return invalid_argument("attribute 'nodes_modes' has '", name, "'");
  return found - kModes.begin();
}

/// Votes of every leaf, in the order of the lists.
Result<std::map<TreeAndNode, std::vector<std::size_t>>> votes_of(OnnxNodeView& node, const std::string& prefix,
                                                                 std::size_t count) {
  const Dims trees = node.integers(prefix + "treeids");
  const Dims ids = node.integers(prefix + "nodeids");
  if (trees.size() != count || ids.size() != count) {
    return invalid_argument("attributes '", prefix, "...' have ", trees.size(), ", ", ids.size(), " and ", count,
                            " elements");
  }
  std::map<TreeAndNode, std::vector<std::size_t>> out;
  for (std::size_t i = 0; i < count; ++i) out[{trees[i], ids[i]}].push_back(i);
  return out;
}

Result<Trees> trees_of(OnnxNodeView& node, const std::string& prefix) {
  const Dims tree_ids = node.integers("nodes_treeids");
  const Dims ids = node.integers("nodes_nodeids");
  const Dims features = node.integers("nodes_featureids");
  const Dims yes = node.integers("nodes_truenodeids");
  const Dims no = node.integers("nodes_falsenodeids");
  const Dims missing = node.integers("nodes_missing_value_tracks_true");
  const std::vector<std::string> modes = node.texts("nodes_modes");
  TRY(const Tensor values, numbers_of(node, "nodes_values"));
  TRY(const Tensor weights, numbers_of(node, prefix + "weights"));
  const std::size_t count = ids.size();
  for (const std::size_t size : {tree_ids.size(), features.size(), yes.size(), no.size(), modes.size(),
                                 static_cast<std::size_t>(values.count()), missing.empty() ? count : missing.size()}) {
    if (size != count) return invalid_argument("attributes 'nodes_...' have ", count, " and ", size, " elements");
  }
  const Dims targets = node.integers(prefix + "ids");
  TRY(const auto votes, votes_of(node, prefix, static_cast<std::size_t>(weights.count())));
  for (const std::int64_t target : targets) {
    if (target < 0 || target >= (INT64_C(1) << 24)) return invalid_argument("attribute '", prefix, "ids' has ", target);
  }
  if (targets.size() != static_cast<std::size_t>(weights.count())) {
    return invalid_argument("attribute '", prefix, "ids' has ", targets.size(), " elements");
  }
  Trees out;
  TRY(const std::vector<double> all_values, to_f64(values));
  TRY(const std::vector<double> all_weights, to_f64(weights));
  std::map<TreeAndNode, std::int64_t> place;  // a node, or -1 - leaf
  std::int64_t branches = 0;
  out.leaves = {0};
  for (std::size_t i = 0; i < count; ++i) {
    const TreeAndNode key = {tree_ids[i], ids[i]};
    const bool leaf = modes[i] == "LEAF";
    if (!place.emplace(key, leaf ? -static_cast<std::int64_t>(out.leaves.size()) : branches).second) {
      return invalid_argument("tree ", key.first, " has node ", key.second, " twice");
    }
    branches += leaf ? 0 : 1;
    if (i == 0 || tree_ids[i] != tree_ids[i - 1]) out.roots.push_back(place[key]);
    if (!leaf) continue;
    if (const auto found = votes.find(key); found != votes.end()) {
      for (const std::size_t vote : found->second) {
        out.targets.push_back(targets[vote]);
        out.weights.push_back(all_weights[vote]);
      }
    }
    out.leaves.push_back(static_cast<std::int64_t>(out.targets.size()));
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (modes[i] == "LEAF") continue;
    TRY(const std::int64_t mode, mode_of(modes[i]));
    const auto next_yes = place.find({tree_ids[i], yes[i]});
    const auto next_no = place.find({tree_ids[i], no[i]});
    if (next_yes == place.end() || next_no == place.end()) {
      return invalid_argument("tree ", tree_ids[i], ", node ", ids[i], ": its children are not there");
    }
    out.nodes.insert(out.nodes.end(),
                     {features[i], mode, missing.empty() ? 0 : missing[i], next_yes->second, next_no->second});
    out.thresholds.push_back(all_values[i]);
  }
  return out;
}

/// The votes of the trees [n, targets], in f32 or f64 as x is.
Result<ValueId> ensemble(OnnxNodeView& node, Builder& build, const Trees& trees, const TreeEnsemble& op, ValueId base) {
  const bool wide = node.dtype(0) == DataType::kF64;
  const auto reals = [&](std::string_view name, const std::vector<double>& values) {
    const std::vector<float> narrow(values.begin(), values.end());
    return build.constant(name, wide ? Tensor::of<double>(values) : Tensor::of<float>(narrow));
  };
  const auto count = static_cast<std::int64_t>(trees.thresholds.size());
  return build.add(op, {node.in(0), build.constant("nodes", Tensor::of<std::int64_t>(trees.nodes, Dims{count, 5})),
                        reals("thresholds", trees.thresholds), build.integers("roots", trees.roots),
                        build.integers("leaves", trees.leaves), build.integers("targets", trees.targets),
                        reals("weights", trees.weights), base});
}

}  // namespace

/// ai.onnx.ml TreeEnsembleRegressor, versions 1 and 3: nodes as parallel lists, votes of leaves by tree and node.
Result<Values> import_tree_regressor(OnnxNodeView& node, Builder& build) {
  node.ignore("nodes_hitrates");
  node.ignore("nodes_hitrates_as_tensor");
  const std::string how = node.text("aggregate_function", "SUM");
  const std::string transform = node.text("post_transform", "NONE");
  TreeEnsemble op{.targets = node.integer("n_targets", 1)};
  if (how == "AVERAGE") op.aggregate = TreeAggregate::kAverage;
  if (how == "MIN") op.aggregate = TreeAggregate::kMin;
  if (how == "MAX") op.aggregate = TreeAggregate::kMax;
  if (how != "SUM" && op.aggregate == TreeAggregate::kSum) return invalid_argument("aggregate_function is '", how, "'");
  if (!node.has_input(0)) return invalid_argument("input X is missing");
  TRY(const Trees trees, trees_of(node, "target_"));
  TRY(Tensor base, numbers_of(node, "base_values"));
  TRY(const ValueId y,
      ensemble(node, build, trees, op, base.count() == 0 ? kNoValue : build.constant("base", std::move(base))));
  Formula f(build);
  return f.result({post_transform(f, f.cast(y, DataType::kF32), transform)});
}

namespace {

/// Two classes of which only one, `id`, gets votes. Its score is that of the second class; votes that are never
/// negative are taken as its probability.
Result<Values> binary_trees(Formula& f, Builder& build, const Labels& labels, ValueId score, bool positive,
                            const std::string& transform, std::int64_t id) {
  const ValueId label = binary_label(f, build, labels, score, positive ? 0.5 : 0);
  const DataType dtype = f.dtype(score);
  if (id == 1) return f.result({label, post_transform(f, f.concat({f.mul(score, 0.0), score}, 1), transform)});
  if (transform == "PROBIT" || (positive && transform == "NONE")) {
    const ValueId both = f.concat({f.sub(f.number(dtype, 1), score), score}, 1);
    return f.result({label, post_transform(f, both, transform)});
  }
  return f.result({label, post_transform(f, f.concat({f.op(Neg{}, {score}), score}, 1), transform)});
}

}  // namespace

/// ai.onnx.ml TreeEnsembleClassifier, versions 1 and 3: outputs labels and scores. The label is that of the largest
/// sum of votes, the first of equals.
Result<Values> import_tree_classifier(OnnxNodeView& node, Builder& build) {
  node.ignore("nodes_hitrates");
  node.ignore("nodes_hitrates_as_tensor");
  const std::string transform = node.text("post_transform", "NONE");
  if (!node.has_input(0)) return invalid_argument("input X is missing");
  TRY(const Trees trees, trees_of(node, "class_"));
  const std::set<std::int64_t> voted(trees.targets.begin(), trees.targets.end());
  const std::int64_t most = voted.empty() ? 1 : *voted.rbegin() + 1;
  TRY(const Labels labels, labels_of(node, "classlabels_strings", "classlabels_int64s", most));
  TRY(Tensor base, numbers_of(node, "base_values"));
  const std::int64_t classes = labels.count;
  const bool binary = voted.size() == 1 && classes <= 2;
  const std::int64_t columns = binary ? most : classes;
  Formula f(build);
  const bool has_base = base.count() == columns;
  if (base.count() != 0 && !has_base && !(binary && base.count() == 2)) {
    return invalid_argument("attribute 'base_values' has ", base.count(), " numbers for ", columns, " classes");
  }
  const ValueId base_id = base.count() == 0 ? kNoValue : f.slice(build.constant("base", base), 0, 0, columns);
  ValueId scores = f.take(ensemble(node, build, trees, {.targets = columns}, base_id));
  scores = f.cast(scores, DataType::kF32);
  if (!binary) return f.result({best_label(f, build, labels, scores), post_transform(f, scores, transform)});
  const bool positive =
      std::all_of(trees.weights.begin(), trees.weights.end(), [](double weight) { return weight >= 0; });
  scores = columns == 2 ? f.slice(scores, 1, 1, 2) : scores;
  return binary_trees(f, build, labels, scores, positive, transform, most - 1);
}

}  // namespace bolide::onnx
