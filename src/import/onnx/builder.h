/// What a rule writes with: nodes and constants of our graph, in the place of one ONNX node.
#pragma once

#include "import/onnx/node_view.h"

#include <functional>

namespace bolide::onnx {

using Values = std::vector<ValueId>;

/// Bodies of a control-flow node, and the outside values that they read.
struct Bodies {
  std::vector<std::shared_ptr<const Graph>> graphs;
  Values captures;  ///< the further inputs of the node and, behind their own, of every body
};

class Builder {
 public:
  using ImportBodies =
      std::function<Result<Bodies>(std::span<const OnnxGraph* const> bodies, std::span<const TensorType> inputs)>;
  using Find = std::function<ValueId(std::string_view name)>;
  using InlineBody = std::function<Result<Values>(const OnnxGraph& body, const Values& inputs)>;

  /// `taken` tells names that the file uses, which made values must leave alone.
  Builder(Graph& graph, std::string node_name, std::function<bool(std::string_view)> taken, ImportBodies import_bodies,
          InlineBody inline_body, Find find)
      : graph_(graph),
        node_name_(std::move(node_name)),
        taken_(std::move(taken)),
        import_bodies_(std::move(import_bodies)),
        inline_body_(std::move(inline_body)),
        find_(std::move(find)) {}

  /// A node of one output. What can be computed at once, small integers from constants, becomes a constant instead.
  Result<ValueId> add(Op op, Values inputs);
  Result<Values> add_node(Op op, Values inputs, std::size_t outputs,
                          std::vector<std::shared_ptr<const Graph>> bodies = {});

  ValueId constant(std::string_view hint, Tensor tensor);
  /// One number as a tensor of rank 0.
  Result<ValueId> scalar(DataType dtype, double value);
  /// An i64 tensor of rank 1.
  ValueId integers(std::string_view hint, std::span<const std::int64_t> values);

  /// Of an input that the node leaves out: a scalar, and `asked_for_missing()` from then on.
  const TensorType& type(ValueId id) const { return value(id).type; }
  const Value& value(ValueId id) const { return id == kNoValue ? missing() : graph_.value(id); }
  bool asked_for_missing() const { return asked_for_missing_; }
  std::int64_t rank(ValueId id) const { return type(id).rank(); }

  /// What is written already.
  const Graph& graph() const { return graph_; }
  /// The value that the file calls so; kNoValue when it is not there (yet).
  ValueId find(std::string_view name) const { return find_(name); }

  /// Imports the graphs in attributes of the node. `inputs` are the types of the bodies' own inputs.
  Result<Bodies> import_bodies(std::span<const OnnxGraph* const> bodies, std::span<const TensorType> inputs) const {
    return import_bodies_(bodies, inputs);
  }
  /// Imports the nodes of a body here, with `inputs` for its own inputs; returns its outputs.
  Result<Values> inline_body(const OnnxGraph& body, const Values& inputs = {}) const {
    return inline_body_(body, inputs);
  }

 private:
  const Value& missing() const;
  std::string fresh_name(std::string_view op) const;
  std::optional<Tensor> known_value(ValueId id) const;
  Result<std::optional<Tensors>> evaluate_now(const Op& op, const Values& inputs, std::size_t outputs) const;

  Graph& graph_;
  std::string node_name_;
  std::function<bool(std::string_view)> taken_;
  ImportBodies import_bodies_;
  InlineBody inline_body_;
  Find find_;
  mutable bool asked_for_missing_ = false;
};

}  // namespace bolide::onnx
