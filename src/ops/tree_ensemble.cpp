#include "ops/tree_ensemble.h"

#include "ops/elements.h"
#include "ops/reference.h"

#include <algorithm>
#include <atomic>
#include <cmath>

namespace bolide {
namespace {

constexpr std::size_t kNodeFields = 5;

struct Forest {
  std::span<const std::int64_t> nodes;
  std::span<const std::int64_t> roots;
  std::span<const std::int64_t> leaves;
  std::span<const std::int64_t> targets;
  std::vector<double> thresholds;
  std::vector<double> weights;
  std::span<const std::int64_t> sets;
  std::vector<double> members;

  bool holds(std::size_t node, double x) const {
    const double threshold = thresholds[node];
    if (std::isnan(x) && nodes[node * kNodeFields + 2] != 0) return true;
    switch (static_cast<TreeMode>(nodes[node * kNodeFields + 1])) {
      case TreeMode::kLessEqual: return x <= threshold;
      case TreeMode::kLess: return x < threshold;
      case TreeMode::kGreaterEqual: return x >= threshold;
      case TreeMode::kGreater: return x > threshold;
      case TreeMode::kEqual: return x == threshold;
      case TreeMode::kNotEqual: return x != threshold;
      case TreeMode::kMember: break;
    }
    const auto from = members.begin() + sets[node];
    return std::find(from, members.begin() + sets[node + 1], x) != members.begin() + sets[node + 1];
  }

  /// The leaf that `row` comes to; -1 when the nodes lead in a circle.
  std::int64_t leaf(std::int64_t at, std::span<const double> row) const {
    for (std::size_t steps = 0; at >= 0; ++steps) {
      if (steps > thresholds.size()) return -1;
      const auto node = static_cast<std::size_t>(at);
      const bool yes = holds(node, row[static_cast<std::size_t>(nodes[node * kNodeFields])]);
      at = nodes[node * kNodeFields + (yes ? 3 : 4)];
    }
    return -1 - at;
  }
};

bool all_within(std::span<const std::int64_t> values, std::int64_t low, std::int64_t high) {
  return std::all_of(values.begin(), values.end(), [&](std::int64_t v) { return v >= low && v < high; });
}

/// Every index that `Forest` follows is inside, bounds of votes and sets rise.
bool is_sound(const Forest& f, std::int64_t features, std::int64_t target_count) {
  const auto m = static_cast<std::int64_t>(f.thresholds.size());
  const auto leaf_count = static_cast<std::int64_t>(f.leaves.size()) - 1;
  const bool has_sets = f.sets.size() == static_cast<std::size_t>(m) + 1;
  for (std::size_t i = 0; i < f.nodes.size(); i += kNodeFields) {
    const std::int64_t mode = f.nodes[i + 1];
    if (f.nodes[i] < 0 || f.nodes[i] >= features || mode < 0 || mode > (has_sets ? 6 : 5)) return false;
    if (!all_within(f.nodes.subspan(i + 3, 2), -leaf_count, m)) return false;
  }
  const auto bounds = [](std::span<const std::int64_t> b, std::size_t end) {
    return std::is_sorted(b.begin(), b.end()) && b.front() >= 0 && b.back() <= static_cast<std::int64_t>(end);
  };
  return leaf_count >= 0 && all_within(f.roots, -leaf_count, m) && all_within(f.targets, 0, target_count) &&
         bounds(f.leaves, f.targets.size()) && (!has_sets || bounds(f.sets, f.members.size()));
}

/// Errors: InvalidArgument for an index outside of its list.
Result<Forest> forest_of(const TreeEnsemble& op, TensorInputs inputs, std::int64_t features) {
  Forest forest{.nodes = inputs[1]->span<std::int64_t>(),
                .roots = inputs[3]->span<std::int64_t>(),
                .leaves = inputs[4]->span<std::int64_t>(),
                .targets = inputs[5]->span<std::int64_t>()};
  TRY(forest.thresholds, to_f64(*inputs[2]));
  TRY(forest.weights, to_f64(*inputs[6]));
  if (input_at(inputs, 8) != nullptr && input_at(inputs, 9) != nullptr) {
    forest.sets = inputs[8]->span<std::int64_t>();
    TRY(forest.members, to_f64(*inputs[9]));
  }
  const Tensor* base = input_at(inputs, 7);
  if (forest.nodes.size() != forest.thresholds.size() * kNodeFields || forest.leaves.empty() ||
      forest.weights.size() != forest.targets.size() || (base != nullptr && base->count() != op.targets) ||
      !is_sound(forest, features, op.targets)) {
    return invalid_argument("TreeEnsemble: an index is outside of its list, or a feature is not one of ", features);
  }
  return forest;
}

/// No way along the nodes comes to a node twice.
bool has_ends(const Forest& forest) {
  const std::size_t count = forest.thresholds.size();
  std::vector<std::size_t> ways_in(count, 0);
  const auto each_next = [&](std::size_t node, auto&& visit) {
    for (std::size_t field = 3; field < kNodeFields; ++field) {
      const std::int64_t next = forest.nodes[node * kNodeFields + field];
      if (next >= 0) visit(static_cast<std::size_t>(next));
    }
  };
  for (std::size_t node = 0; node < count; ++node) each_next(node, [&](std::size_t next) { ++ways_in[next]; });
  std::vector<std::size_t> free;
  for (std::size_t node = 0; node < count; ++node) {
    if (ways_in[node] == 0) free.push_back(node);
  }
  for (std::size_t i = 0; i < free.size(); ++i) {
    each_next(free[i], [&](std::size_t next) {
      if (--ways_in[next] == 0) free.push_back(next);
    });
  }
  return free.size() == count;
}

/// The votes of one row.
class Votes {
 public:
  Votes(std::size_t targets, TreeAggregate how) : sums_(targets), seen_(targets), how_(how) {}

  void clear() {
    std::fill(sums_.begin(), sums_.end(), 0.0);
    std::fill(seen_.begin(), seen_.end(), false);
  }
  void add(std::size_t target, double weight) {
    double& sum = sums_[target];
    if (how_ == TreeAggregate::kMin || how_ == TreeAggregate::kMax) {
      const bool wins = how_ == TreeAggregate::kMin ? weight < sum : weight > sum;
      if (!seen_[target] || wins) sum = weight;
    } else {
      sum += weight;
    }
    seen_[target] = true;
  }
  double result(std::size_t target, std::size_t trees) const {
    return how_ == TreeAggregate::kAverage && trees > 0 ? sums_[target] / static_cast<double>(trees) : sums_[target];
  }

 private:
  std::vector<double> sums_;
  std::vector<bool> seen_;
  TreeAggregate how_;
};

}  // namespace

Result<TensorTypes> TreeEnsemble::infer(const InferContext& context) const {
  if (!is_real(context.dtype(0)) || context.rank(0) != 2) {
    return invalid_argument("TreeEnsemble: x is ", context.type(0), "; needs [rows, features] of numbers");
  }
  for (const int i : {1, 3, 4, 5, 8}) {
    if (context.has(i) && context.dtype(i) != DataType::kI64) {
      return invalid_argument("TreeEnsemble: input ", i, " is ", context.type(i), "; needs i64");
    }
  }
  for (const int i : {2, 6, 7, 9}) {
    if (!context.has(i)) continue;
    TRY_OK(require_float(kInfo, context, i));
  }
  if (context.rank(1) != 2) return invalid_argument("TreeEnsemble: nodes are ", context.shape(1), "; need [m, 5]");
  TRY_OK(require_equal(kInfo, "number of fields of a node", context.shape(1)[1], Dim(5)));
  if (targets < 1 || targets > (INT64_C(1) << 24)) return invalid_argument("TreeEnsemble: ", targets, " targets");
  return TensorTypes{{context.dtype(6), {context.shape(0)[0], Dim(targets)}}};
}

Status check_trees(const TreeEnsemble& op, TensorInputs inputs, std::int64_t features) {
  TRY(const Forest forest, forest_of(op, inputs, features));
  if (!has_ends(forest)) return invalid_argument("TreeEnsemble: nodes lead in a circle");
  return {};
}

Result<Tensors> TreeEnsemble::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  const std::int64_t features = inputs[0]->dims()[1];
  TRY(const Forest forest, forest_of(*this, inputs, features));
  std::vector<double> base(static_cast<std::size_t>(targets), 0.0);
  if (const Tensor* given = input_at(inputs, 7); given != nullptr) {
    TRY(base, to_f64(*given));
  }
  TRY(const Tensor x, as_f64(*inputs[0]));
  TRY(Tensor y, context.allocate(DataType::kF64, results[0].dims));
  std::atomic<bool> circle = false;
  const std::int64_t grain = std::max<std::int64_t>(1, 2048 / (1 + static_cast<std::int64_t>(forest.roots.size())));
  parallel_ranges(results[0].dims[0], grain, [&](std::int64_t begin, std::int64_t end) {
    Votes votes(base.size(), aggregate);
    for (std::int64_t row = begin; row < end; ++row) {
      votes.clear();
      const auto line =
          x.span<double>().subspan(static_cast<std::size_t>(row * features), static_cast<std::size_t>(features));
      for (const std::int64_t root : forest.roots) {
        const std::int64_t leaf = forest.leaf(root, line);
        if (leaf < 0) {
          circle = true;
          continue;
        }
        const auto at = static_cast<std::size_t>(leaf);
        for (auto v = static_cast<std::size_t>(forest.leaves[at]); v < static_cast<std::size_t>(forest.leaves[at + 1]);
             ++v) {
          votes.add(static_cast<std::size_t>(forest.targets[v]), forest.weights[v]);
        }
      }
      const auto out = y.span<double>().subspan(static_cast<std::size_t>(row) * base.size(), base.size());
      for (std::size_t t = 0; t < base.size(); ++t) out[t] = votes.result(t, forest.roots.size()) + base[t];
    }
  });
  if (circle) return invalid_argument("TreeEnsemble: nodes lead in a circle");
  TRY(Tensor stored, store_f64(y, results[0].dtype));
  return one(std::move(stored));
}

}  // namespace bolide
