// Bodies of control flow: inlined, or as graphs of their own with what they capture.
#include "import/onnx/node_importer.h"
#include "import/onnx/topology.h"

#include <algorithm>

namespace bolide::onnx {

std::string NodeImporter::place_of(const OnnxGraph& body) {
  for (const auto& [name, attribute] : attributes()) {
    for (std::size_t i = 0; i < attribute->graphs.size(); ++i) {
      if (&attribute->graphs[i] == &body) return strings::join(place_, "/", name, "/");
    }
  }
  return place_ + "/";
}

Result<Values> NodeImporter::inline_body(const OnnxGraph& body, const Values& inputs) {
  if (list_.depth >= kMaxDepth) return unsupported("graphs are nested deeper than ", kMaxDepth);
  if (body.inputs.size() != inputs.size()) {
    return bad_file("the body '", body.name, "' has ", body.inputs.size(), " inputs, where ", inputs.size(),
                    " are expected");
  }
  Scope scope;
  for (std::size_t i = 0; i < inputs.size(); ++i) scope.bind(body.inputs[i].name, inputs[i]);
  for (const std::string_view name : free_names(body)) {
    if (const Scope::Binding* binding = list_.scope.find(name)) scope.bind(name, *binding);
  }
  const std::size_t before = state_.problems.count();
  const std::vector<std::string_view> results = names_of(body.outputs);
  into_.import_initializers(body, scope);
  into_.import_nodes({.nodes = body.nodes,
                      .opsets = list_.opsets,
                      .scope = scope,
                      .prefix = name_ + "/",
                      .place = place_of(body),
                      .arguments = list_.arguments,
                      .depth = list_.depth + 1,
                      .results = results});
  if (state_.problems.count() != before) return Error{Code::kBadFile, {}};  // told already
  is_call_ = true;
  return results_in(scope, results, "body");
}

Result<Values> NodeImporter::results_in(const Scope& scope, std::span<const std::string_view> names,
                                        std::string_view whose) {
  Values out;
  for (const std::string_view name : names) {
    const Scope::Binding* binding = scope.find(name);
    if (binding == nullptr) return bad_file("the ", whose, "'s output '", name, "' is not produced by its nodes");
    if (!*binding) return Error{Code::kBadFile, {}};
    out.push_back(**binding);
  }
  return out;
}

Result<Bodies> NodeImporter::import_bodies(std::span<const OnnxGraph* const> bodies,
                                           std::span<const TensorType> inputs) {
  if (list_.depth >= kMaxDepth) return unsupported("graphs are nested deeper than ", kMaxDepth);
  Bodies out;
  // The same captures for every body, constants aside: those are shared.
  std::vector<std::string_view> names;
  bool poisoned = false;
  for (const OnnxGraph* body : bodies) {
    for (const std::string_view name : free_names(*body)) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  std::vector<std::pair<std::string_view, ValueId>> captured;
  for (const std::string_view name : names) {
    const Scope::Binding* binding = list_.scope.find(name);
    if (binding == nullptr) continue;  // the node that reads it will tell
    poisoned = poisoned || !*binding;
    captured.emplace_back(name, binding->value_or(kNoValue));
    if (binding->has_value() && graph_.constant(**binding) == nullptr) out.captures.push_back(**binding);
  }
  const std::size_t before = state_.problems.count();
  for (const OnnxGraph* body : bodies) {
    auto graph = std::make_shared<Graph>();
    graph->name = std::string(body->name);
    graph->name_sizes_after(graph_);
    GraphImporter importer(state_, *graph);
    Scope scope;
    if (body->inputs.size() != inputs.size()) {
      return bad_file("the body '", body->name, "' has ", body->inputs.size(), " inputs, where ", inputs.size(),
                      " are expected");
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      TRY(const ValueId id, graph->add_input(std::string(body->inputs[i].name), inputs[i]));
      scope.bind(body->inputs[i].name, id);
    }
    for (const auto& [name, outer] : captured) {
      if (outer == kNoValue) {
        scope.bind(name, std::nullopt);
        continue;
      }
      const Value& value = graph_.value(outer);
      ValueId id = kNoValue;
      if (value.constant != nullptr) {
        id = graph->add_constant(std::string(name), value.constant);
      } else {
        TRY(id, graph->add_input(graph->unique_name(name), value.type));
        graph->value(id).contents = value.contents;
      }
      scope.bind(name, id);
    }
    importer.import_initializers(*body, scope);
    importer.import_nodes({.nodes = body->nodes,
                           .opsets = list_.opsets,
                           .scope = scope,
                           .prefix = {},
                           .place = place_of(*body),
                           .arguments = list_.arguments,
                           .depth = list_.depth + 1,
                           .results = names_of(body->outputs)});
    importer.finish(*body, scope);
    out.graphs.push_back(std::move(graph));
  }
  if (poisoned || state_.problems.count() != before) return Error{Code::kBadFile, {}};  // told already
  return out;
}

}  // namespace bolide::onnx
