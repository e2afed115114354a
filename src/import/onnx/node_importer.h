/// One ONNX node: finds its rule or function, resolves its values, and books what comes out.
#pragma once

#include "import/onnx/graph_importer.h"
#include "import/onnx/rules.h"

namespace bolide::onnx {

/// Of bodies and function calls.
inline constexpr int kMaxDepth = 64;

/// "" for "ai.onnx", which files write both ways.
std::string_view plain_domain(std::string_view domain);
/// The node's own name, else one made from its operator and first output.
std::string node_name(const OnnxNode& node, std::string_view prefix);

class NodeImporter {
 public:
  NodeImporter(GraphImporter& into, const NodeList& list, std::size_t index)
      : NodeImporter(into, list, list.nodes[index], strings::join(list.place, index)) {}

  /// `place`: as in NodeLabel.
  NodeImporter(GraphImporter& into, const NodeList& list, const OnnxNode& node, std::string place)
      : into_(into),
        state_(into.state_),
        graph_(into.graph_),
        list_(list),
        node_(node),
        name_(node_name(node, list.prefix)),
        place_(std::move(place)) {}

  /// Binds the node's outputs: to values, or poisoned after a problem.
  void import();
  NodeLabel label() const;

 private:
  /// "3/then_branch/", for the nodes of a body.
  std::string place_of(const OnnxGraph& body);
  /// Null when there is none. Operators of com.microsoft are also taken under ai.onnx's name, where that has none of
  /// the name: some exporters leave the domain out.
  const RuleEntry* rule() const;
  bool is_known() const;
  void report_unknown();
  /// Reports unknown operators of the node and in its bodies, which importing will not reach.
  void look_for_unknown(int depth);
  /// Nothing when an input is poisoned or unknown.
  std::optional<Values> resolve_inputs();
  /// The node's attributes, references to function attributes replaced.
  std::map<std::string_view, const OnnxAttribute*> attributes();
  std::int64_t version() const;
  /// A constant target of Reshape for a batch of any size, and the attributes that go with it.
  void free_batch_of_reshape(Values& inputs, std::map<std::string_view, const OnnxAttribute*>& attributes);
  Result<Values> apply(const RuleEntry& entry, Values inputs);
  /// Nodes that a call becomes, calls in it (not in bodies) included, counted before any of them is made.
  std::size_t expansion(const OnnxFunction& function, int depth);
  Result<Values> inline_function(const OnnxFunction& function, const Values& inputs);
  Result<Bodies> import_bodies(std::span<const OnnxGraph* const> bodies, std::span<const TensorType> inputs);
  Result<Values> inline_body(const OnnxGraph& body, const Values& inputs);
  /// What `names` stand for after the nodes of a body or a function ("body", "function") were made in `scope`.
  static Result<Values> results_in(const Scope& scope, std::span<const std::string_view> names, std::string_view whose);
  void bind_outputs(const Values& values, NodeId first_new);
  void poison_outputs();
  void fail(Error error) { state_.problems.node(label(), std::move(error)); }

  GraphImporter& into_;
  ImportState& state_;
  Graph& graph_;
  const NodeList& list_;
  const OnnxNode& node_;
  std::string name_;
  std::string place_;
  bool is_call_ = false;  // of a local function
};

}  // namespace bolide::onnx
