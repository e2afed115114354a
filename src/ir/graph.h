/// The compiler's form of a network: single assignment, typed, with named dims.
///
///     Graph graph;
///     ValueId x = *graph.add_input("x", {DataType::kF32, parse_shape("[batch,3,8,8]")});
///     ValueId w = graph.add_constant("w", weights);
///     ValueId y = *graph.add(Conv{}, {x, w}, "conv1");
///     graph.set_outputs({y});
///
/// Nodes and values are named by small integers that stay valid until they are erased. `order()` gives the nodes in a
/// topological order that keeps new nodes where the ones they replaced stood.
/// Thread safety: const members from any thread; the others need external order.
#pragma once

#include "ops/op.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bolide {

using ValueId = std::int32_t;
using NodeId = std::int32_t;
inline constexpr ValueId kNoValue = -1;  ///< an optional input or output that is left out
inline constexpr NodeId kNoNode = -1;

class Graph;

/// An edge: produced once, read any number of times.
struct Value {
  std::string name;  ///< unique in the graph; the user's own name where there is one
  TensorType type;
  NodeId producer = kNoNode;                 ///< none for graph inputs and constants
  std::shared_ptr<const Tensor> constant;    ///< null unless known
  std::optional<std::vector<Dim>> contents;  ///< integer contents as sizes, when known
};

/// One use of an operator.
struct Node {
  std::string name;  ///< the user's name, or one made from the operator and a number
  Op op;
  std::vector<ValueId> inputs;   ///< kNoValue where left out
  std::vector<ValueId> outputs;  ///< kNoValue where left out
  /// Bodies of If, Loop, Scan. Values captured from outside are explicit inputs of the node, after the operator's own,
  /// and of each body graph, in the same order.
  std::vector<std::shared_ptr<const Graph>> subgraphs;
  /// The user's nodes whose work this one does, in order; starts as {name}.
  std::vector<std::string> members;
  double position = 0;  ///< where it stands among nodes that do not depend on each other
  bool erased = false;
};

/// What importing learnt about the file, for printing.
struct ModelInfo {
  std::string source;  ///< "ONNX IR 8, opset ai.onnx 17, producer pytorch 2.1.0"
  std::string doc;
};

class Graph {
 public:
  ModelInfo info;
  std::string name;

  /// Errors: InvalidArgument for a taken name.
  Result<ValueId> add_input(std::string name, TensorType type);
  ValueId add_constant(std::string_view name, Tensor tensor);
  ValueId add_constant(std::string_view name, std::shared_ptr<const Tensor> tensor);
  /// Adds a node, derives its output types, and returns its outputs. `outputs` gives names to results ("" means left
  /// out); by default as many results as the operator has, named after the node.
  /// Errors: InvalidArgument or Unsupported from the operator, with the node's name and the input types.
  Result<std::vector<ValueId>> add_node(Op op, std::vector<ValueId> inputs, std::string name = {},
                                        std::vector<std::string> outputs = {},
                                        std::vector<std::shared_ptr<const Graph>> subgraphs = {});
  /// The same for one output.
  Result<ValueId> add(Op op, std::vector<ValueId> inputs, std::string name = {});

  void set_outputs(std::vector<ValueId> outputs) { outputs_ = std::move(outputs); }
  std::span<const ValueId> inputs() const { return inputs_; }
  std::span<const ValueId> outputs() const { return outputs_; }

  const Value& value(ValueId id) const { return values_[static_cast<std::size_t>(id)]; }
  Value& value(ValueId id) { return values_[static_cast<std::size_t>(id)]; }
  const Node& node(NodeId id) const { return nodes_[static_cast<std::size_t>(id)]; }
  Node& node(NodeId id) { return nodes_[static_cast<std::size_t>(id)]; }
  std::size_t value_count() const { return values_.size(); }
  std::size_t node_slots() const { return nodes_.size(); }  ///< ids run below this; some may be erased
  std::size_t node_count() const;                           ///< nodes that are not erased

  /// Live nodes, producers before readers. A cycle leaves its nodes out (the verifier reports it).
  std::vector<NodeId> order() const;
  /// Live nodes that read the value, each as often as it reads it. Graph outputs are not counted.
  std::span<const NodeId> readers(ValueId id) const { return readers_[static_cast<std::size_t>(id)]; }
  bool is_output(ValueId id) const;
  /// Readers plus the times it is a graph output.
  int use_count(ValueId id) const;
  /// The producing node when it is not erased, else null.
  const Node* producer(ValueId id) const;
  NodeId producer_id(ValueId id) const { return id == kNoValue ? kNoNode : value(id).producer; }
  std::optional<ValueId> find_value(std::string_view name) const;
  const Tensor* constant(ValueId id) const { return id == kNoValue ? nullptr : value(id).constant.get(); }

  /// Every reader of `from` (and the graph outputs) reads `to` instead. When `from` is a graph output, `to` takes its
  /// name; where `to` cannot, since it is a graph input or another output, the output stays with `from`.
  void replace_uses(ValueId from, ValueId to);
  void set_input(NodeId node, std::size_t index, ValueId to);
  void set_op(NodeId node, Op op) { nodes_[static_cast<std::size_t>(node)].op = std::move(op); }
  void erase_node(NodeId id);
  /// Makes the value a constant: its producer no longer produces it.
  void make_constant(ValueId id, Tensor tensor);
  /// Derives all types and contents again in topological order, after inputs or attributes changed.
  Status reinfer();
  /// Errors: InvalidArgument for a taken name.
  Status rename(ValueId id, std::string name);
  /// A name not taken by any value: `hint`, else `hint.1`, `hint.2`, ...
  std::string unique_name(std::string_view hint) const;

  /// For a body: sizes that only its data decide get none of the names that `outer` has given so far.
  void name_sizes_after(const Graph& outer) { fresh_dims_ = outer.fresh_dims_; }

 private:
  friend class Patch;
  Result<TensorTypes> infer(const Node& node, std::vector<std::optional<std::vector<Dim>>>* contents);
  ValueId new_value(Value value);
  void swap_names(ValueId a, ValueId b);

  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
  std::map<std::string, ValueId, std::less<>> by_name_;
  mutable std::map<std::string, int, std::less<>> next_suffix_;
  int fresh_dims_ = 0;
};

/// A described edit: nodes to add, values to swap. Nothing in the graph changes for its readers until apply(); a patch
/// that is dropped leaves no trace. New nodes take the position of the node being rewritten, and inherit the members of
/// all nodes that die by the edit (of the node it started from when none dies). Without new nodes the producers of the
/// values that take over inherit them.
class Patch {
 public:
  /// `at`: the node that the rewrite started from.
  Patch(Graph& graph, NodeId at);
  ~Patch();
  Patch(Patch&& other) noexcept;
  Patch& operator=(Patch&&) = delete;

  Result<ValueId> add(Op op, std::vector<ValueId> inputs);
  Result<std::vector<ValueId>> add_node(Op op, std::vector<ValueId> inputs, std::size_t outputs,
                                        std::vector<std::shared_ptr<const Graph>> subgraphs = {});
  ValueId constant(std::string_view hint, Tensor tensor);
  /// Readers of `from`, but for the patch's own nodes, will read `to`. A `to` made by the patch takes over its name.
  void replace(ValueId from, ValueId to);
  /// Commits: swaps values, removes the nodes that no one reads any more, carries names and members over.
  void apply() &&;

 private:
  bool is_new(NodeId id) const { return static_cast<std::size_t>(id) >= nodes_before_; }
  void swap(ValueId from, ValueId to);
  std::vector<std::string> erase_unread(std::vector<NodeId> candidates);

  Graph* graph_;
  NodeId at_;
  std::size_t nodes_before_;
  std::size_t values_before_;
  int fresh_dims_before_;
  std::vector<std::pair<ValueId, ValueId>> swaps_;
};

/// Checks the invariants: single assignment, no cycle, every input produced, types as inferred, unique names, outputs
/// set. Errors: Internal naming the node and what is wrong.
Status verify(const Graph& graph);

}  // namespace bolide
