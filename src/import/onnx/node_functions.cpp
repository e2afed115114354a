// Calls of local functions, which become the function's nodes.
#include "import/onnx/node_importer.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

constexpr std::size_t kMostInlinedNodes = 1U << 18;  // of all function calls together

}  // namespace

std::size_t NodeImporter::expansion(const OnnxFunction& function, int depth) {
  const auto [known, is_new] = state_.expansions.try_emplace(&function, 1);
  if (!is_new || depth >= kMaxDepth) return known->second;  // a call that never ends is refused where it is inlined
  std::size_t count = 1;
  for (const OnnxNode& node : function.nodes) {
    const auto callee = state_.functions.find({plain_domain(node.domain), node.op_type, node.overload});
    count += callee == state_.functions.end() ? 1 : expansion(*callee->second, depth + 1);
    if (count > kMostInlinedNodes) break;
  }
  return state_.expansions[&function] = count;
}

Result<Values> NodeImporter::inline_function(const OnnxFunction& function, const Values& inputs) {
  if (list_.depth >= kMaxDepth) return unsupported("function calls are nested deeper than ", kMaxDepth);
  if (std::find(state_.calls.begin(), state_.calls.end(), &function) != state_.calls.end()) {
    return bad_file("function ", function.domain, ":", function.name, " calls itself");
  }
  const bool was_too_many = state_.inlined_nodes > kMostInlinedNodes;
  state_.inlined_nodes += function.nodes.size() + 1;
  const std::size_t ahead = state_.calls.empty() ? expansion(function, list_.depth) : 0;
  if (state_.inlined_nodes + ahead > kMostInlinedNodes) {
    if (was_too_many) return Error{Code::kUnsupported, {}};  // told already
    return unsupported("function calls expand to more than ", kMostInlinedNodes, " nodes");
  }
  std::map<std::string_view, const OnnxAttribute*> arguments;
  for (const OnnxAttribute& attribute : function.attribute_defaults) arguments.emplace(attribute.name, &attribute);
  for (const auto& [name, attribute] : attributes()) arguments.insert_or_assign(name, attribute);
  Scope scope;
  for (std::size_t i = 0; i < function.inputs.size(); ++i) {
    scope.bind(function.inputs[i], i < inputs.size() ? inputs[i] : kNoValue);
  }
  const std::size_t before = state_.problems.count();
  state_.calls.push_back(&function);
  into_.import_nodes({.nodes = function.nodes,
                      .opsets = function.opset_imports,
                      .scope = scope,
                      .prefix = name_ + "/",
                      .place = place_ + "/",
                      .arguments = &arguments,
                      .depth = list_.depth + 1,
                      .results = function.outputs});
  state_.calls.pop_back();
  if (state_.problems.count() != before) return Error{Code::kBadFile, {}};  // told already
  return results_in(scope, function.outputs, "function");
}

}  // namespace bolide::onnx
