// What a network tells about itself.
#include <bolide/network.h>

#include "api/network_state.h"
#include "ir/text.h"
#include "ops/all.h"

namespace bolide {

TensorInfo tensor_info(const std::string& name, const TensorType& type) {
  TensorInfo info{.name = name, .dtype = type.dtype, .shape = text(type.shape)};
  if (type.elements != nullptr) {
    const std::string whole = bolide::text(type);
    info.shape = whole.substr(whole.find('['));
    for (const TensorType& element : *type.elements) info.elements.push_back(tensor_info({}, element));
  }
  for (const Dim& dim : type.shape) info.dims.push_back(dim.constant().value_or(-1));
  return info;
}

namespace {

std::vector<TensorInfo> infos(const Graph& graph, std::span<const ValueId> values) {
  std::vector<TensorInfo> result;
  for (const ValueId id : values) result.push_back(tensor_info(graph.value(id).name, graph.value(id).type));
  return result;
}

}  // namespace

TensorInfo Network::info(TensorRef value) const {
  if (!value || value.id >= static_cast<int>(state_->graph.value_count())) return {};
  const Value& found = state_->graph.value(value.id);
  return tensor_info(found.name, found.type);
}

Result<TensorRef> Network::find(std::string_view name) const {
  if (const auto value = state_->graph.find_value(name)) return TensorRef{*value};
  std::string near;
  for (std::size_t i = 0; i < state_->graph.value_count() && near.size() < 300; ++i) {
    const std::string& other = state_->graph.value(static_cast<ValueId>(i)).name;
    if (other.find(name) == std::string::npos && std::string_view(name).find(other) == std::string_view::npos) continue;
    near += strings::join(near.empty() ? "; near it: '" : ", '", other, "'");
  }
  return not_found("no value is named '", name, "'", near);
}

std::vector<LayerInfo> Network::layer_list() const {
  const Graph& graph = state_->graph;
  const auto value_name = [&](ValueId id) { return id == kNoValue ? std::string() : graph.value(id).name; };
  std::vector<LayerInfo> result;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    LayerInfo layer{.name = node.name, .op = std::string(node.op.name()), .attributes = attributes_text(node.op)};
    if (!layer.attributes.empty()) layer.attributes.erase(0, 1);
    for (const ValueId input : node.inputs) layer.inputs.push_back(value_name(input));
    for (const ValueId output : node.outputs) layer.outputs.push_back(value_name(output));
    result.push_back(std::move(layer));
  }
  return result;
}

std::vector<TensorInfo> Network::inputs() const { return infos(state_->graph, state_->graph.inputs()); }
std::vector<TensorInfo> Network::outputs() const { return infos(state_->graph, state_->graph.outputs()); }
std::string Network::source() const { return state_->graph.info.source; }
std::string Network::text() const { return print(state_->graph, {.types = true}); }
Status Network::status() const { return state_->status; }

std::optional<double> Network::quantisation_step(std::string_view output) const {
  const Graph& graph = state_->graph;
  const auto found = graph.find_value(output);
  if (!found) return std::nullopt;
  if (is_integer(graph.value(*found).type.dtype)) return 1.0;
  const Node* node = graph.producer(*found);
  while (node != nullptr && node->op.info().view) node = graph.producer(node->inputs[0]);
  if (node == nullptr || !node->op.is<DequantizeLinear>()) return std::nullopt;
  // The scale is a constant, or reaches the node through identities.
  ValueId scale = node->inputs[1];
  while (graph.constant(scale) == nullptr) {
    const Node* producer = graph.producer(scale);
    if (producer == nullptr || !producer->op.is<Identity>()) return std::nullopt;
    scale = producer->inputs[0];
  }
  if (graph.constant(scale)->count() != 1) return std::nullopt;
  const Result<double> value = scalar_f64(*graph.constant(scale));
  if (!value) return std::nullopt;
  return *value;
}

std::string Network::dot() const {
  const Graph& graph = state_->graph;
  const auto quoted = [](std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out + '"';
  };
  std::string out = "digraph network {\n  node [shape=box];\n";
  for (const ValueId input : graph.inputs()) {
    out += strings::join("  ", quoted(strings::join("value ", graph.value(input).name)),
                         " [shape=ellipse label=", quoted(graph.value(input).name), "];\n");
  }
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    out += strings::join("  n", id, " [label=", quoted(strings::join(node.op.name(), "\n", node.name)), "];\n");
    for (const ValueId input : node.inputs) {
      if (input == kNoValue || graph.constant(input) != nullptr) continue;
      const Value& value = graph.value(input);
      const std::string from = graph.producer(input) != nullptr ? strings::join("n", value.producer)
                                                                : quoted(strings::join("value ", value.name));
      out += strings::join("  ", from, " -> n", id, " [label=", quoted(bolide::text(value.type)), "];\n");
    }
  }
  for (const ValueId output : graph.outputs()) {
    const Value& value = graph.value(output);
    const std::string to = quoted(strings::join("output ", value.name));
    out += strings::join("  ", to, " [shape=ellipse label=", quoted(value.name), "];\n");
    if (graph.producer(output) == nullptr) continue;
    out += strings::join("  n", value.producer, " -> ", to, " [label=", quoted(bolide::text(value.type)), "];\n");
  }
  return out + "}\n";
}

}  // namespace bolide
