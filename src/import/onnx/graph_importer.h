/// Imports the nodes of one ONNX graph, of its bodies and of the functions it calls.
#pragma once

#include "import/onnx/builder.h"
#include "import/onnx/outcomes.h"
#include "import/onnx/problems.h"
#include "import/onnx/rest_of_if.h"

#include <array>

namespace bolide::onnx {

/// What the whole file shares.
struct ImportState {
  const OnnxModel& model;
  const ExternalData& external;
  Problems problems;
  Outcomes outcomes = {};
  /// By domain, name and overload.
  std::map<std::array<std::string_view, 3>, const OnnxFunction*> functions;
  std::vector<const OnnxFunction*> calls;  ///< functions that are being inlined, outermost first
  std::size_t inlined_nodes = 0;
  std::map<const OnnxFunction*, std::size_t> expansions;  ///< nodes that a call becomes
  std::optional<std::int64_t> batch = std::nullopt;       ///< the size that the file fixes and that may be any
  std::size_t moved_nodes = 0;                            ///< into branches, attempts that failed included
  int joined_depth = 0;                                   ///< of Ifs with nodes that were moved into them
};

/// The names that a list of nodes can read, and what they stand for.
class Scope {
 public:
  /// A value, or nothing for the result of a node that could not be imported ("poisoned").
  using Binding = std::optional<ValueId>;

  const Binding* find(std::string_view name) const;
  /// False when the name is bound already.
  bool bind(std::string_view name, Binding binding) { return bindings_.emplace(name, binding).second; }
  void forget(std::string_view name) { bindings_.erase(name); }

 private:
  std::map<std::string_view, Binding> bindings_;
};

/// Where a list of nodes stands.
struct NodeList {
  std::span<const OnnxNode> nodes;
  const OnnxOpsets& opsets;
  Scope& scope;
  std::string prefix;                                                           ///< of names, inside functions
  std::string place = {};                                                       ///< of the node around, with "/"
  const std::map<std::string_view, const OnnxAttribute*>* arguments = nullptr;  ///< attributes of the called function
  int depth = 0;                                                                ///< of functions and bodies
  std::vector<std::string_view> results = {};                                   ///< names that others read
};

class GraphImporter {
 public:
  GraphImporter(ImportState& state, Graph& graph) : state_(state), graph_(graph) {}

  /// Initializers of `from` become constants that `scope` knows.
  void import_initializers(const OnnxGraph& from, Scope& scope);
  /// Nodes in an order that their dependencies allow. Problems go to the state; importing goes on after them.
  void import_nodes(const NodeList& list);
  /// Sets the outputs of the graph, under their names. `declared`: checks the types that the file states.
  void finish(const OnnxGraph& from, const Scope& scope);

 private:
  friend class NodeImporter;

  /// Some nodes of the list; `bad` by node. An If at their begin does not wait when `tried`: it has done so before.
  void import_in_order(const NodeList& list, std::span<const std::size_t> order, bool tried, std::vector<bool>& bad);
  /// Whether what waits could be imported in the branches of its If; else all is as it was.
  bool import_joined(const NodeList& list, const RestOfIf& rest);
  /// A conditional squeeze of a size that only the data tell.
  bool has_open_rank(const NodeList& list, const OnnxNode& node) const;

  ImportState& state_;
  Graph& graph_;
  std::set<std::string_view> reserved_;  ///< names that the file gives to values
};

}  // namespace bolide::onnx
