/// What would be left of a graph without the nodes that cannot be imported.
#pragma once

#include "import/onnx/model.h"

#include <span>

namespace bolide::onnx {

/// "the other 20 of 22 nodes would run, in 2 parts: 0 'conv1' to 18 'relu9' (18 nodes), 21 'fc'". Nodes of a part are
/// connected and can run in one go: none waits for a bad node that waits for another of them. Empty when no node is
/// left. `order`: producers before readers; `bad` and `names` by the index of the node.
std::string runnable_parts(std::span<const OnnxNode> nodes, std::span<const std::size_t> order,
                           const std::vector<bool>& bad, const std::vector<std::string>& names);

}  // namespace bolide::onnx
