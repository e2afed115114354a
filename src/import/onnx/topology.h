/// The order in which the nodes of an ONNX graph can be imported.
#pragma once

#include "import/onnx/model.h"

#include <span>

namespace bolide::onnx {

/// Names that a graph reads and does not define: what its nodes, the bodies of its nodes and its outputs read from
/// outside. Each once, in the order of first use.
std::vector<std::string_view> free_names(const OnnxGraph& graph);

std::vector<std::string_view> names_of(std::span<const OnnxValueInfo> values);

/// What a node reads: its inputs and the free names of its bodies.
std::vector<std::string_view> reads(const OnnxNode& node);

struct NodeOrder {
  std::vector<std::size_t> order;                ///< producers before readers, else the order of the file
  std::vector<std::vector<std::size_t>> cycles;  ///< nodes that wait for each other, at least one circle when some do
  std::vector<std::size_t> blocked;              ///< all nodes that are not in `order`
};
NodeOrder dependency_order(std::span<const OnnxNode> nodes);

}  // namespace bolide::onnx
