/// Everything that is wrong with a file, collected while importing goes on, and told at once.
#pragma once

#include "base/error.h"

#include <map>
#include <vector>

namespace bolide::onnx {

/// A node as its file has it.
struct NodeLabel {
  std::string place;  ///< its index in its graph, behind those of the nodes around it: "3", "3/then_branch/0"
  std::string name;
  std::string op_type;
  std::string domain;  ///< empty: ai.onnx
  std::int64_t version = 0;
  std::string output;  ///< the first that is named
};

/// "node 3/then_branch/0 'conv1' (Conv, ai.onnx 13, output 'c1')"
std::string describe(const NodeLabel& node);

struct NodeProblem {
  NodeLabel node;
  Error error;
};

class Problems {
 public:
  void node(NodeLabel node, Error error);
  /// About the file or a value in it.
  void file(Error error) { errors_.push_back(std::move(error)); }
  /// A node whose operator Bolide does not know; told together with the others of that operator.
  void unknown_operator(NodeLabel node, Error reason);

  /// What would be left of the graph; told last.
  void set_rest(std::string text) { rest_ = std::move(text); }

  bool has_unknown() const { return !unknown_nodes_.empty(); }
  bool empty() const { return count() == 0; }
  std::size_t count() const { return nodes_.size() + errors_.size() + unknown_nodes_.size(); }
  /// All of them, the first line a summary with their number, the last ones what to do. BadFile or InvalidArgument when
  /// one is, else Unsupported.
  Error error() const;

  const std::vector<NodeProblem>& of_nodes() const { return nodes_; }
  const std::vector<NodeProblem>& unknown() const { return unknown_nodes_; }
  const std::vector<Error>& of_file() const { return errors_; }

 private:
  std::vector<NodeProblem> nodes_;
  std::vector<NodeProblem> unknown_nodes_;
  std::vector<Error> errors_;
  std::string rest_;
};

}  // namespace bolide::onnx
