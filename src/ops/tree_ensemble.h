#pragma once

#include "ops/op.h"

#include <array>

namespace bolide {

enum class TreeAggregate : std::uint8_t { kSum, kAverage, kMin, kMax };
constexpr std::array<std::string_view, 4> enum_names(TreeAggregate) { return {"sum", "average", "min", "max"}; }

/// How a node compares its feature with its threshold. `kMember`: is the feature in the node's set?
enum class TreeMode : std::uint8_t { kLessEqual, kLess, kGreaterEqual, kGreater, kEqual, kNotEqual, kMember };

/// Every tree leads each row of x to one leaf; y collects the votes of the leaves by target.
///
/// Inputs   x : [n, features], any real dtype
///          nodes : i64 [m, 5]: feature, TreeMode, 1 when NaN counts as true, next where true, next where false;
///                  a next is a node, or -1 - leaf
///          thresholds : [m], f32 or f64
///          roots : i64 [trees], each a node or -1 - leaf
///          leaves : i64 [l + 1]: the votes of leaf i are leaves[i] .. leaves[i + 1] - 1
///          vote_targets : i64 [v]; vote_weights : [v], f32 or f64
///          base : [targets], optional, added at the end
///          sets : i64 [m + 1] and members : [k], f32 or f64, optional: those of node i from sets[i] on
/// Outputs  y : [n, targets] of the dtype of vote_weights; a target without a vote is 0 before the base
/// Numerics sums in double, rounded once
/// Errors   InvalidArgument for indices outside and for nodes that lead in circles
/// Source   ONNX ai.onnx.ml TreeEnsemble-5
struct TreeEnsemble {
  std::int64_t targets = 1;
  TreeAggregate aggregate = TreeAggregate::kSum;

  static constexpr OpInfo kInfo{.name = "TreeEnsemble", .min_inputs = 7, .max_inputs = 10};
  static constexpr auto kFields =
      std::tuple{field("targets", &TreeEnsemble::targets), field("aggregate", &TreeEnsemble::aggregate)};

  Result<TensorTypes> infer(const InferContext& context) const;
  Result<Tensors> evaluate(TensorInputs inputs, EvalContext& context) const;
};

/// What evaluate() finds wrong with inputs 1 to 9 for rows of `features` numbers, nodes that no row comes to included;
/// `inputs[0]` is not read.
Status check_trees(const TreeEnsemble& op, TensorInputs inputs, std::int64_t features);

}  // namespace bolide
