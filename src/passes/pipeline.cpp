#include "passes/pipeline.h"

#include "base/clock.h"
#include "base/time_limit.h"
#include "ir/text.h"
#include "passes/passes.h"

#include <algorithm>
#include <array>
#include <map>

namespace bolide {
namespace {

// Passes without an arrow may stand in any order: a group runs until none of them finds anything.
constexpr Pass kSimplify[] = {
    {"fold-constants", fold_constants},
    {"inline-if", inline_if},  // after fold-constants, which makes conditions known
    {"fold-uniform", fold_uniform},
    {"remove-identities", remove_identities},
    {"canonicalize", canonicalize},
    {"fold-sizes", fold_sizes},
    {"drop-expands", drop_expands},
    {"merge-reshapes", merge_reshapes},
    {"cancel-transposes", cancel_transposes},
    {"merge-pads", merge_pads},
    {"common-subexpressions", common_subexpressions},
    {"remove-dead-nodes", remove_dead_nodes},  // before fold-batch-norm: dead readers keep weights from being folded
    {"fold-batch-norm", fold_batch_norm},
};

// Whole operators from their parts, which stand in one form after kSimplify. What the new operators make possible is
// done in the same group.
constexpr Pass kRecognise[] = {
    {"recognise-activations", recognise_activations},
    {"recognise-normalization", recognise_normalization},
    {"recognise-reductions", recognise_reductions},
    {"recognise-attention", recognise_attention},
    {"fold-constants", fold_constants},
    {"fold-uniform", fold_uniform},
    {"remove-identities", remove_identities},
    {"canonicalize", canonicalize},
    {"fold-sizes", fold_sizes},
    {"drop-expands", drop_expands},
    {"merge-reshapes", merge_reshapes},
    {"cancel-transposes", cancel_transposes},
    {"common-subexpressions", common_subexpressions},
    {"remove-dead-nodes", remove_dead_nodes},
    {"fold-batch-norm", fold_batch_norm},
    {"fold-scale", fold_scale},  // after recognise-activations: factors are parts of what that looks for
};

// Before anything takes the Q and DQ nodes in: later passes see integer operators.
constexpr Pass kIntegers[] = {
    {"propagate-qdq", propagate_qdq},
    {"fold-constants", fold_constants},
    {"fuse-integer-contractions", fuse_integer_contractions},
    {"remove-dead-nodes", remove_dead_nodes},
};
constexpr std::array<std::string_view, 2> kNeedIntegers = {"propagate-qdq", "fuse-integer-contractions"};

// Weights that no integer operator reads. A group by itself, since it takes the codes away for good.
constexpr Pass kFloats[] = {
    {"fold-dequantized-constants", fold_dequantized_constants},
};

// Elementwise work goes where its numbers are made. What contractions do not take fuses with its own kind.
constexpr Pass kAbsorb[] = {
    {"fuse-epilogue", fuse_epilogue},
    {"cancel-transposes", cancel_transposes},  // what an epilogue behind a Transpose leaves over
    {"fuse-elementwise", fuse_elementwise},
    {"merge-sibling-contractions", merge_sibling_contractions},  // a Split behind them would stop an epilogue
    {"nest-concats", nest_concats},
    {"merge-reshapes", merge_reshapes},
    {"remove-identities", remove_identities},
    {"fold-dequantized-constants", fold_dequantized_constants},
    {"fold-constants", fold_constants},
    {"remove-dead-nodes", remove_dead_nodes},
};

// Quantizing that no operator took in becomes what every device runs, and elementwise work like any other.
constexpr Pass kLower[] = {
    {"bound-selections", bound_selections},  // here, where nothing more looks for the operator's usual form
    {"lower-quantization", lower_quantization}, {"fuse-epilogue", fuse_epilogue},
    {"cancel-transposes", cancel_transposes},   {"fuse-elementwise", fuse_elementwise},
    {"merge-reshapes", merge_reshapes},         {"remove-identities", remove_identities},
    {"fold-constants", fold_constants},         {"remove-dead-nodes", remove_dead_nodes},
};

constexpr PassGroup kPipeline[] = {
    {"simplify", kSimplify}, {"recognise", kRecognise}, {"integers", kIntegers},
    {"floats", kFloats},     {"settle", kRecognise},  // weights that have become constants
    {"absorb", kAbsorb},     {"lower", kLower},
};

/// What a run carries from pass to pass.
struct Run {
  Graph& graph;
  const PassOptions& options;
  std::map<std::string_view, PassReport::Entry> entries;
  std::map<NodeId, std::string_view> made_by;  // nodes that a pass added to the main graph
};

Result<int> run_bodies(const Pass& pass, Graph& graph) {
  int rewrites = 0;
  for (const NodeId id : graph.order()) {
    for (std::size_t i = 0; i < graph.node(id).subgraphs.size(); ++i) {
      Graph body = *graph.node(id).subgraphs[i];
      TRY(const int found, run_pass(pass, body));
      if (found == 0) continue;
      rewrites += found;
      graph.node(id).subgraphs[i] = std::make_shared<const Graph>(std::move(body));
    }
  }
  return rewrites;
}

Result<int> run_one(Run& run, const Pass& pass, int round) {
  if (run.options.progress && !run.options.progress(pass.name, round)) {
    return make_error(Code::kCancelled, "cancelled before pass '", pass.name, "'");
  }
  const std::string before = run.options.dump ? print(run.graph) : std::string();
  const auto slots = static_cast<NodeId>(run.graph.node_slots());
  const std::int64_t start = monotonic_nanoseconds();
  Result<int> rewrites = run_pass(pass, run.graph);
  PassReport::Entry& entry = run.entries[pass.name];
  entry.milliseconds += static_cast<double>(monotonic_nanoseconds() - start) / 1e6;
  ++entry.runs;
  const std::string where = strings::join("pass '", pass.name, "'");
  if (!rewrites) return std::move(rewrites).within(where);
  if (*rewrites == 0) return 0;
  entry.rewrites += *rewrites;
  for (auto id = slots; id < static_cast<NodeId>(run.graph.node_slots()); ++id) run.made_by[id] = pass.name;
  if (run.options.dump) {
    run.options.dump(pass.name, "before", before);
    run.options.dump(pass.name, "after", print(run.graph));
  }
  if (run.options.verify) TRY_OK(verify(run.graph).within(where));
  return rewrites;
}

bool left_out(std::string_view pass, const PassOptions& options) {
  const auto is_pass = [pass](std::string_view name) { return name == pass; };
  if (!options.integers && std::any_of(kNeedIntegers.begin(), kNeedIntegers.end(), is_pass)) return true;
  if (!options.own_memory && is_pass("bound-selections")) return true;
  return std::any_of(options.skip.begin(), options.skip.end(), is_pass);
}

Status run_group(Run& run, const PassGroup& group) {
  for (int round = 0; round < run.options.max_rounds; ++round) {
    int rewrites = 0;
    for (const Pass& pass : group.passes) {
      if (left_out(pass.name, run.options)) continue;
      TRY(const int found, run_one(run, pass, round));
      rewrites += found;
    }
    if (rewrites == 0) break;
  }
  return {};
}

}  // namespace

std::span<const PassGroup> pipeline() { return kPipeline; }

std::vector<std::string_view> pass_names() {
  std::vector<std::string_view> names;
  for (const PassGroup& group : kPipeline) {
    for (const Pass& pass : group.passes) {
      if (std::find(names.begin(), names.end(), pass.name) == names.end()) names.push_back(pass.name);
    }
  }
  return names;
}

Result<Pass> find_pass(std::string_view name) {
  for (const PassGroup& group : kPipeline) {
    for (const Pass& pass : group.passes) {
      if (pass.name == name) return pass;
    }
  }
  return not_found("there is no pass '", name.substr(0, 80), "'");
}

Result<int> run_pass(const Pass& pass, Graph& graph) {
  TRY(const int inside, run_bodies(pass, graph));
  TRY(const int here, pass.run(graph));
  return inside + here;
}

int PassReport::rewrites() const {
  int sum = 0;
  for (const Entry& entry : passes) sum += entry.rewrites;
  return sum;
}

Result<PassReport> run_pipeline(Graph& graph, const PassOptions& options) {
  for (const std::string& name : options.skip) TRY_OK(find_pass(name));
  Run run{graph, options, {}, {}};
  const TimeLimit limit(options.folding_seconds);
  for (const PassGroup& group : kPipeline) TRY_OK(run_group(run, group));
  PassReport report;
  for (const std::string_view name : pass_names()) {
    const auto found = run.entries.find(name);
    if (found == run.entries.end()) continue;
    found->second.pass = name;
    report.passes.push_back(found->second);
  }
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    const auto maker = run.made_by.find(id);
    if (node.members.size() < 2 || maker == run.made_by.end()) continue;
    report.fusions.push_back({maker->second, node.name, std::string(node.op.name()), node.members});
  }
  return report;
}

}  // namespace bolide
