/// How each node of a model file runs.
#pragma once

#include "cli/command.h"

#include <set>

namespace bolide::cli {

struct NodeCheck {
  FileNode file;
  /// "fast": all its steps have kernels; "reference": one runs by the operator's definition; "plugin"; "folded": no
  /// step is left of it, its work is done when the model is compiled or is none; "refused"; "not reached": it waits for
  /// a node that is refused, "read": nothing else is known, as the model was not planned.
  std::string how;
  std::set<std::string> tactics;  ///< of its steps
};

/// `plan`: null when there is none. A step belongs to the nodes that it names as members.
std::vector<NodeCheck> check_nodes(const FileReport& file, const PlanInfo* plan);

/// The nodes that run by the reference, for people; nothing when there are none.
void print_slow_nodes(const std::vector<NodeCheck>& nodes);

}  // namespace bolide::cli
