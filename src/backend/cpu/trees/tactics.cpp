#include "backend/cpu/trees/tactics.h"

#include "ops/tree_ensemble.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bolide::cpu {
namespace {

/// A node as the walk reads it. `next`: 0 where the comparison fails, 1 where it holds; a node, or -1 - leaf.
template <class T>
struct TreeNode {
  T threshold;
  std::int32_t feature;
  std::array<std::int32_t, 2> next;
  std::uint8_t mode;
  std::uint8_t nan_holds;
};

struct Vote {
  double weight;
  std::int32_t target;
};

/// What all forests share: roots, and the votes of leaf i from first[i] on.
struct Votes {
  std::vector<std::int32_t> roots;
  std::vector<std::int32_t> first;
  std::vector<Vote> votes;
  std::vector<double> base;
  double factor = 1;  ///< of the sums
};

template <class T>
bool holds(const TreeNode<T>& node, T x) {
  switch (static_cast<TreeMode>(node.mode)) {
    case TreeMode::kLessEqual: return x <= node.threshold;
    case TreeMode::kLess: return x < node.threshold;
    case TreeMode::kGreaterEqual: return x >= node.threshold;
    case TreeMode::kGreater: return x > node.threshold;
    case TreeMode::kEqual: return x == node.threshold;
    case TreeMode::kNotEqual: return x != node.threshold;
    case TreeMode::kMember: break;
  }
  return false;
}

template <class T>
class TreeKernel final : public HostKernel {
 public:
  TreeKernel(const Problem& problem, std::vector<TreeNode<T>> nodes, Votes votes)
      : nodes_(std::move(nodes)),
        votes_(std::move(votes)),
        rows_(problem.inputs[0].dims[0]),
        features_(problem.inputs[0].dims[1]),
        wide_(problem.outputs[0].dtype == DataType::kF64) {
    plain_ = std::all_of(nodes_.begin(), nodes_.end(), [](const TreeNode<T>& node) {
      return node.nan_holds == 0 && node.mode == static_cast<std::uint8_t>(TreeMode::kLessEqual);
    });
  }

  Grid grid(int) const override { return {.rows = rows_}; }
  std::size_t scratch_bytes() const override { return votes_.base.size() * sizeof(double); }
  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    auto* const sums = reinterpret_cast<double*>(buffers.scratch);
    const std::size_t targets = votes_.base.size();
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      std::fill_n(sums, targets, 0.0);
      const T* const x = static_cast<const T*>(buffers.inputs[0]) + row * features_;
      for (const std::int32_t root : votes_.roots) {
        const auto leaf = static_cast<std::size_t>(plain_ ? plain_leaf(root, x) : any_leaf(root, x));
        for (auto v = static_cast<std::size_t>(votes_.first[leaf]);
             v < static_cast<std::size_t>(votes_.first[leaf + 1]); ++v) {
          sums[votes_.votes[v].target] += votes_.votes[v].weight;
        }
      }
      for (std::size_t t = 0; t < targets; ++t) {
        const double sum = sums[t] * votes_.factor + votes_.base[t];
        const std::size_t at = static_cast<std::size_t>(row) * targets + t;
        if (wide_) {
          static_cast<double*>(buffers.outputs[0])[at] = sum;
        } else {
          static_cast<float*>(buffers.outputs[0])[at] = static_cast<float>(sum);
        }
      }
    }
    return {};
  }

 private:
  std::int32_t plain_leaf(std::int32_t at, const T* x) const {
    while (at >= 0) {
      const TreeNode<T>& node = nodes_[static_cast<std::size_t>(at)];
      at = node.next[x[node.feature] <= node.threshold ? 1 : 0];
    }
    return -1 - at;
  }
  std::int32_t any_leaf(std::int32_t at, const T* x) const {
    while (at >= 0) {
      const TreeNode<T>& node = nodes_[static_cast<std::size_t>(at)];
      const T value = x[node.feature];
      at = node.next[holds(node, value) || (node.nan_holds != 0 && std::isnan(value)) ? 1 : 0];
    }
    return -1 - at;
  }

  std::vector<TreeNode<T>> nodes_;
  Votes votes_;
  std::int64_t rows_;
  std::int64_t features_;
  bool wide_;
  bool plain_ = false;  // all nodes compare by <=, and NaN never holds
};

/// True when some node is reached again from itself.
template <class T>
bool has_circle(const std::vector<TreeNode<T>>& nodes) {
  std::vector<std::uint8_t> state(nodes.size(), 0);  // 1: on the way, 2: done
  std::vector<std::int32_t> path;
  for (std::size_t start = 0; start < nodes.size(); ++start) {
    path.push_back(static_cast<std::int32_t>(start));
    while (!path.empty()) {
      const auto at = static_cast<std::size_t>(path.back());
      if (state[at] != 0) {
        state[at] = 2;
        path.pop_back();
        continue;
      }
      state[at] = 1;
      for (const std::int32_t next : nodes[at].next) {
        if (next < 0) continue;
        if (state[static_cast<std::size_t>(next)] == 1) return true;
        if (state[static_cast<std::size_t>(next)] == 0) path.push_back(next);
      }
    }
  }
  return false;
}

bool within(std::int64_t value, std::int64_t low, std::int64_t high) { return value >= low && value < high; }

/// Errors: Unsupported for what only the reference runs, wrong indices included: it says what is wrong with them.
template <class T>
Result<std::vector<TreeNode<T>>> nodes_of(const Problem& problem, std::int64_t leaves) {
  const auto fields = problem.inputs[1].constant->span<std::int64_t>();
  TRY(const std::vector<double> thresholds, to_f64(*problem.inputs[2].constant));
  const auto count = static_cast<std::int64_t>(thresholds.size());
  if (fields.size() != thresholds.size() * 5 || count > (INT64_C(1) << 30)) return unsupported("lists that do not fit");
  std::vector<TreeNode<T>> nodes;
  for (std::size_t i = 0; i < thresholds.size(); ++i) {
    const auto field = fields.subspan(5 * i, 5);
    const bool sound = within(field[0], 0, problem.inputs[0].dims[1]) && within(field[1], 0, 6) &&
                       within(field[3], -leaves, count) && within(field[4], -leaves, count);
    if (!sound || field[0] > INT32_MAX) return unsupported("node ", i, " has another form");
    nodes.push_back({static_cast<T>(thresholds[i]),
                     static_cast<std::int32_t>(field[0]),
                     {static_cast<std::int32_t>(field[4]), static_cast<std::int32_t>(field[3])},
                     static_cast<std::uint8_t>(field[1]),
                     static_cast<std::uint8_t>(field[2] != 0 ? 1 : 0)});
  }
  if (has_circle(nodes)) return unsupported("nodes that lead in a circle");
  return nodes;
}

Result<Votes> votes_of(const Problem& problem) {
  const auto* op = problem.op->as<TreeEnsemble>();
  const auto roots = problem.inputs[3].constant->span<std::int64_t>();
  const auto leaves = problem.inputs[4].constant->span<std::int64_t>();
  const auto targets = problem.inputs[5].constant->span<std::int64_t>();
  TRY(const std::vector<double> weights, to_f64(*problem.inputs[6].constant));
  const auto node_count = problem.inputs[2].constant->count();
  const auto leaf_count = static_cast<std::int64_t>(leaves.size()) - 1;
  const bool sound =
      leaf_count >= 0 && leaf_count < (INT64_C(1) << 30) && weights.size() == targets.size() &&
      weights.size() < (std::size_t{1} << 30) && std::is_sorted(leaves.begin(), leaves.end()) && leaves.front() >= 0 &&
      leaves.back() <= static_cast<std::int64_t>(targets.size()) &&
      std::all_of(roots.begin(), roots.end(), [&](std::int64_t r) { return within(r, -leaf_count, node_count); }) &&
      std::all_of(targets.begin(), targets.end(), [&](std::int64_t t) { return within(t, 0, op->targets); });
  if (!sound) return unsupported("lists that do not fit");
  Votes out{.roots = {roots.begin(), roots.end()}, .first = {leaves.begin(), leaves.end()}};
  for (std::size_t i = 0; i < weights.size(); ++i) {
    out.votes.push_back({weights[i], static_cast<std::int32_t>(targets[i])});
  }
  out.base.assign(static_cast<std::size_t>(op->targets), 0.0);
  if (problem.inputs.size() > 7 && !problem.inputs[7].absent) {
    TRY(out.base, to_f64(*problem.inputs[7].constant));
    if (out.base.size() != static_cast<std::size_t>(op->targets)) return unsupported("a base of another size");
  }
  if (op->aggregate == TreeAggregate::kAverage && !roots.empty()) out.factor = 1 / static_cast<double>(roots.size());
  return out;
}

/// Needs     constant trees without sets; sums or averages; contiguous x of the thresholds' dtype or f32
/// Numerics  votes are added in double in the order of the trees, as by the definition; averages are multiplied by 1/n
class TreeTactic final : public Tactic {
 public:
  constexpr TreeTactic() : Tactic("cpu.trees.walk", 1) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Operand& x = problem.inputs[0];
    const auto how = problem.op->as<TreeEnsemble>()->aggregate;
    if (how != TreeAggregate::kSum && how != TreeAggregate::kAverage) return reject("the least or largest vote");
    if (problem.inputs.size() > 8) return reject("sets of members");
    for (std::size_t i = 1; i < problem.inputs.size(); ++i) {
      if (!problem.inputs[i].absent && problem.inputs[i].constant == nullptr) return reject("trees that are computed");
    }
    if (!x.contiguous() || !problem.outputs[0].contiguous()) return reject("x and y must be contiguous");
    const DataType thresholds = problem.inputs[2].dtype;
    if (x.dtype != thresholds || (x.dtype != DataType::kF32 && x.dtype != DataType::kF64)) {
      return reject("x of ", x.dtype, " with thresholds of ", thresholds);
    }
    const DataType y = problem.outputs[0].dtype;
    if (y != DataType::kF32 && y != DataType::kF64) return reject("y of ", y);
    const Result<std::unique_ptr<Kernel>> kernel = make(problem);
    return kernel ? accept() : reject(kernel.error().message);
  }
  double estimate_us(const Problem& problem, const Target& target) const override {
    const auto steps = static_cast<double>(problem.inputs[0].dims[0] * problem.inputs[3].count());
    return 0.5 + 0.03 * steps / std::max(1, target.threads);
  }
  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override { return make(problem); }

 private:
  static Result<std::unique_ptr<Kernel>> make(const Problem& problem) {
    TRY(Votes votes, votes_of(problem));
    const auto leaves = static_cast<std::int64_t>(votes.first.size()) - 1;
    if (problem.inputs[0].dtype == DataType::kF64) {
      TRY(auto nodes, nodes_of<double>(problem, leaves));
      return std::unique_ptr<Kernel>(new TreeKernel<double>(problem, std::move(nodes), std::move(votes)));
    }
    TRY(auto nodes, nodes_of<float>(problem, leaves));
    return std::unique_ptr<Kernel>(new TreeKernel<float>(problem, std::move(nodes), std::move(votes)));
  }
};

constexpr TreeTactic kTactic;

}  // namespace

std::span<const Tactic* const> tree_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cpu
