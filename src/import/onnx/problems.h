/// Everything that is wrong with a file, collected while importing goes on, and told at once.
#pragma once

#include "base/error.h"

#include <map>
#include <vector>

namespace bolide::onnx {

class Problems {
 public:
  /// One sentence about a node: `node 'conv1' (Conv): <what>`.
  void node(std::string_view name, std::string_view op_type, const Error& error);
  /// About the file or a value in it.
  void file(Error error);
  /// An operator that Bolide does not know; nodes are grouped by operator.
  void unknown_operator(std::string_view domain, std::string_view op_type, std::int64_t version, std::string_view node,
                        std::string_view reason);

  /// What would be left of the graph; told last.
  void set_rest(std::string text) { rest_ = std::move(text); }

  bool has_unknown() const { return unknown_nodes_ > 0; }
  bool empty() const { return count() == 0; }
  std::size_t count() const { return errors_.size() + unknown_nodes_; }
  /// All of them, the first line a summary with their number. BadFile or InvalidArgument when one is, else Unsupported.
  Error error() const;

 private:
  struct Unknown {
    std::string text;
    std::vector<std::string> nodes;
    std::string reason;
  };
  std::vector<Error> errors_;
  std::map<std::string, Unknown> unknown_;
  std::size_t unknown_nodes_ = 0;
  std::string rest_;
};

}  // namespace bolide::onnx
