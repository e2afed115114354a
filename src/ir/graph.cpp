#include "ir/graph.h"

#include "ir/size_names.h"

#include <algorithm>
#include <queue>

namespace bolide {
namespace {

/// The result names of a node: given ones, else made from the node's name.
std::string result_name(const Graph& graph, const Node& node, std::size_t index,
                        const std::vector<std::string>& given) {
  if (index < given.size()) return given[index];
  return graph.unique_name(index == 0 ? node.name : strings::join(node.name, ":", index));
}

std::string input_types_text(const Graph& graph, const Node& node) {
  std::string out;
  for (const ValueId id : node.inputs) {
    if (!out.empty()) out += ", ";
    out += id == kNoValue ? std::string("_") : text(graph.value(id).type);
  }
  return out;
}

}  // namespace

ValueId Graph::new_value(Value value) {
  const auto id = static_cast<ValueId>(values_.size());
  by_name_.emplace(value.name, id);
  values_.push_back(std::move(value));
  readers_.emplace_back();
  return id;
}

Result<ValueId> Graph::add_input(std::string input_name, TensorType type) {
  if (by_name_.contains(input_name)) return invalid_argument("input '", input_name, "': the name is taken");
  const ValueId id = new_value({.name = std::move(input_name), .type = std::move(type)});
  inputs_.push_back(id);
  return id;
}

ValueId Graph::add_constant(std::string_view constant_name, Tensor tensor) {
  return add_constant(constant_name, std::make_shared<const Tensor>(std::move(tensor)));
}

ValueId Graph::add_constant(std::string_view constant_name, std::shared_ptr<const Tensor> tensor) {
  TensorType type = tensor->type();
  return new_value({.name = unique_name(constant_name), .type = std::move(type), .constant = std::move(tensor)});
}

std::string Graph::unique_name(std::string_view hint) const {
  std::string base(hint.empty() ? std::string_view("value") : hint);
  if (!by_name_.contains(base)) return base;
  int& next = next_suffix_[base];
  for (;;) {
    std::string candidate = strings::join(base, ".", ++next);
    if (!by_name_.contains(candidate)) return candidate;
  }
}

Result<TensorTypes> Graph::infer(const Node& node, std::vector<std::optional<std::vector<Dim>>>* contents) {
  std::vector<InferContext::Input> inputs(node.inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) continue;
    const Value& input = value(node.inputs[i]);
    inputs[i] = {&input.type, input.constant.get(), input.contents ? &*input.contents : nullptr};
  }
  InferContext context(inputs, static_cast<int>(node.outputs.size()));
  context.fresh_dim = [this](std::string_view hint) { return Dim(strings::join(hint, "_", ++fresh_dims_)); };
  context.subgraph_types = [&node](int index) -> Result<TensorTypes> {
    if (index < 0 || static_cast<std::size_t>(index) >= node.subgraphs.size()) {
      return internal_error("node '", node.name, "' has no subgraph ", index);
    }
    const Graph& body = *node.subgraphs[static_cast<std::size_t>(index)];
    TensorTypes types;
    for (const ValueId id : body.outputs()) types.push_back(body.value(id).type);
    return types;
  };
  TRY(TensorTypes types, node.op.infer(context));
  if (types.size() < node.outputs.size()) {
    return invalid_argument(node.op.name(), " has ", types.size(), " outputs, ", node.outputs.size(), " are named");
  }
  contents->assign(node.outputs.size(), std::nullopt);
  if (!node.outputs.empty()) (*contents)[0] = node.op.contents(context);
  return types;
}

Result<std::vector<ValueId>> Graph::add_node(Op op, std::vector<ValueId> inputs, std::string node_name,
                                             std::vector<std::string> outputs,
                                             std::vector<std::shared_ptr<const Graph>> subgraphs) {
  const auto id = static_cast<NodeId>(nodes_.size());
  if (node_name.empty()) node_name = strings::join(op.name(), "_", id);
  Node node{.name = std::move(node_name),
            .op = std::move(op),
            .inputs = std::move(inputs),
            .subgraphs = std::move(subgraphs)};
  node.members = {node.name};
  node.position = static_cast<double>(id);
  const int most = node.op.info().outputs;
  const std::size_t count = !outputs.empty() ? outputs.size() : static_cast<std::size_t>(std::max(most, 1));
  if (most >= 0 && count > static_cast<std::size_t>(most)) {
    return invalid_argument("node '", node.name, "': ", node.op.name(), " has ", most, " outputs, ", count,
                            " are named");
  }
  for (auto output = outputs.begin(); output != outputs.end(); ++output) {
    if (!output->empty() && (by_name_.contains(*output) || std::find(outputs.begin(), output, *output) != output)) {
      return invalid_argument("node '", node.name, "': the value '", *output, "' is produced twice");
    }
  }
  node.outputs.assign(count, kNoValue);
  std::vector<std::optional<std::vector<Dim>>> contents;
  Result<TensorTypes> types = infer(node, &contents);
  if (!types) {
    const std::string where =
        strings::join("node '", node.name, "' (", node.op.name(), " of ", input_types_text(*this, node), ")");
    return std::move(types).within(where).error();
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (i < outputs.size() && outputs[i].empty()) continue;
    node.outputs[i] = new_value({.name = result_name(*this, node, i, outputs),
                                 .type = std::move((*types)[i]),
                                 .producer = id,
                                 .contents = std::move(contents[i])});
  }
  for (const ValueId input : node.inputs) {
    if (input != kNoValue) readers_[static_cast<std::size_t>(input)].push_back(id);
  }
  nodes_.push_back(std::move(node));
  return nodes_.back().outputs;
}

Result<ValueId> Graph::add(Op op, std::vector<ValueId> inputs, std::string node_name) {
  TRY(const std::vector<ValueId> outputs, add_node(std::move(op), std::move(inputs), std::move(node_name)));
  return outputs.at(0);
}

std::size_t Graph::node_count() const {
  return static_cast<std::size_t>(std::count_if(nodes_.begin(), nodes_.end(), [](const Node& n) { return !n.erased; }));
}

std::vector<NodeId> Graph::order() const {
  std::vector<int> waiting(nodes_.size(), 0);
  using Entry = std::pair<double, NodeId>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (node.erased) continue;
    for (const ValueId input : node.inputs) {
      if (producer(input) != nullptr) ++waiting[i];
    }
    if (waiting[i] == 0) ready.emplace(node.position, static_cast<NodeId>(i));
  }
  std::vector<NodeId> order;
  order.reserve(nodes_.size());
  while (!ready.empty()) {
    const NodeId id = ready.top().second;
    ready.pop();
    order.push_back(id);
    for (const ValueId output : node(id).outputs) {
      if (output == kNoValue) continue;
      for (const NodeId reader : readers(output)) {
        if (--waiting[static_cast<std::size_t>(reader)] == 0) ready.emplace(node(reader).position, reader);
      }
    }
  }
  return order;
}

bool Graph::is_output(ValueId id) const { return std::find(outputs_.begin(), outputs_.end(), id) != outputs_.end(); }

int Graph::use_count(ValueId id) const {
  return static_cast<int>(readers(id).size()) + static_cast<int>(std::count(outputs_.begin(), outputs_.end(), id));
}

const Node* Graph::producer(ValueId id) const {
  if (id == kNoValue) return nullptr;
  const NodeId node_id = value(id).producer;
  if (node_id == kNoNode || node(node_id).erased) return nullptr;
  return &node(node_id);
}

std::optional<ValueId> Graph::find_value(std::string_view value_name) const {
  const auto found = by_name_.find(value_name);
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

void Graph::replace_uses(ValueId from, ValueId to) {
  if (from == to) return;
  std::vector<NodeId>& old_readers = readers_[static_cast<std::size_t>(from)];
  std::vector<NodeId>& new_readers = readers_[static_cast<std::size_t>(to)];
  for (const NodeId reader : old_readers) {
    for (ValueId& input : node(reader).inputs) {
      if (input == from) input = to;
    }
    new_readers.push_back(reader);
  }
  old_readers.clear();
  if (!is_output(from)) return;
  // The interface keeps the user's names, and a value has only one.
  if (is_output(to) || std::find(inputs_.begin(), inputs_.end(), to) != inputs_.end()) return;
  std::replace(outputs_.begin(), outputs_.end(), from, to);
  swap_names(from, to);
}

void Graph::swap_names(ValueId a, ValueId b) {
  std::swap(value(a).name, value(b).name);
  by_name_[value(a).name] = a;
  by_name_[value(b).name] = b;
}

Status Graph::rename(ValueId id, std::string new_name) {
  Value& target = value(id);
  if (target.name == new_name) return ok();
  if (by_name_.contains(new_name)) return invalid_argument("'", target.name, "': the name '", new_name, "' is taken");
  by_name_.erase(target.name);
  by_name_.emplace(new_name, id);
  target.name = std::move(new_name);
  return ok();
}

void Graph::set_input(NodeId node_id, std::size_t index, ValueId to) {
  ValueId& input = node(node_id).inputs.at(index);
  if (input != kNoValue) {
    std::vector<NodeId>& readers = readers_[static_cast<std::size_t>(input)];
    readers.erase(std::find(readers.begin(), readers.end(), node_id));
  }
  input = to;
  if (to != kNoValue) readers_[static_cast<std::size_t>(to)].push_back(node_id);
}

void Graph::erase_node(NodeId id) {
  Node& gone = node(id);
  if (gone.erased) return;
  for (const ValueId input : gone.inputs) {
    if (input == kNoValue) continue;
    std::vector<NodeId>& readers = readers_[static_cast<std::size_t>(input)];
    readers.erase(std::find(readers.begin(), readers.end(), id));
  }
  gone.erased = true;
}

void Graph::make_constant(ValueId id, Tensor tensor) {
  Value& target = value(id);
  if (target.producer != kNoNode) {
    Node& node_of = node(target.producer);
    std::replace(node_of.outputs.begin(), node_of.outputs.end(), id, kNoValue);
    if (std::all_of(node_of.outputs.begin(), node_of.outputs.end(), [](ValueId v) { return v == kNoValue; })) {
      erase_node(target.producer);
    }
  }
  target.producer = kNoNode;
  target.type = tensor.type();
  target.contents.reset();
  target.constant = std::make_shared<const Tensor>(std::move(tensor));
}

Status Graph::reinfer() {
  SizeNames renamed;
  for (const NodeId id : order()) {
    Node& current = node(id);
    if (!current.subgraphs.empty()) rename_sizes_in_bodies(*this, current, renamed);
    std::vector<std::optional<std::vector<Dim>>> contents;
    Result<TensorTypes> types = infer(current, &contents);
    if (!types) {
      return std::move(types)
          .within(strings::join("node '", current.name, "' (", current.op.name(), " of ",
                                input_types_text(*this, current), ")"))
          .error();
    }
    for (std::size_t i = 0; i < current.outputs.size(); ++i) {
      if (current.outputs[i] == kNoValue) continue;
      Value& output = value(current.outputs[i]);
      renamed.merge(renamed_sizes(output.type.shape, (*types)[i].shape));
      output.type = std::move((*types)[i]);
      output.contents = std::move(contents[i]);
    }
  }
  return {};
}

}  // namespace bolide
