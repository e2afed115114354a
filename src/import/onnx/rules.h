/// The table of operators: which function reads which versions of which ONNX operator.
#pragma once

#include "import/onnx/builder.h"

namespace bolide::onnx {

/// Writes the smallest graph that means the same as the node; returns its outputs, as many as the node names.
/// Errors name what in the node is wrong; the importer adds where it was.
using Rule = Result<Values> (*)(OnnxNodeView& node, Builder& build);

struct RuleEntry {
  std::string_view domain;  ///< empty: ai.onnx
  std::string_view op_type;
  std::int64_t since = 1;  ///< first operator set version that the rule reads; it ends where the next entry starts
  Rule rule = nullptr;
};

/// The entry with the largest `since` that is not beyond `version`; null when there is none.
const RuleEntry* find_rule(std::string_view domain, std::string_view op_type, std::int64_t version);
/// All entries, sorted by domain, operator and version.
std::span<const RuleEntry> rules();

}  // namespace bolide::onnx
