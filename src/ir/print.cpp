#include "base/hash.h"
#include "ir/text.h"
#include "ops/op_text.h"

#include <algorithm>

namespace bolide {
namespace {

bool is_plain(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_./:;$@-").find(c) != std::string_view::npos;
  };
  return !name.empty() && name != "_" && name != "return" && std::all_of(name.begin(), name.end(), plain);
}

void append_name(std::string& out, std::string_view name) {
  if (is_plain(name)) {
    out += name;
  } else {
    append_quoted(out, name);
  }
}

class Printer {
 public:
  Printer(const PrintOptions& options, std::string& out) : options_(options), out_(out) {}

  void print(const Graph& graph, int depth) {
    std::vector<bool> shown(graph.value_count(), false);
    for (const ValueId id : graph.inputs()) {
      begin(depth, graph, id, shown);
      out_ += "input ";
      append(out_, graph.value(id).type);
      out_ += '\n';
    }
    for (const NodeId id : graph.order()) {
      const Node& node = graph.node(id);
      for (const ValueId input : node.inputs) constant(graph, input, depth, shown);
      print_node(graph, node, depth);
    }
    for (const ValueId id : graph.outputs()) constant(graph, id, depth, shown);
    indent(depth);
    out_ += "return";
    list(graph, graph.outputs(), graph.outputs().empty() ? "" : " ");
    out_ += '\n';
  }

 private:
  void indent(int depth) { out_.append(static_cast<std::size_t>(depth) * 2, ' '); }

  void begin(int depth, const Graph& graph, ValueId id, std::vector<bool>& shown) {
    shown[static_cast<std::size_t>(id)] = true;
    indent(depth);
    append_name(out_, graph.value(id).name);
    out_ += " = ";
  }

  /// Constants stand before their first reader.
  void constant(const Graph& graph, ValueId id, int depth, std::vector<bool>& shown) {
    const Tensor* tensor = graph.constant(id);
    if (tensor == nullptr || shown[static_cast<std::size_t>(id)]) return;
    begin(depth, graph, id, shown);
    out_ += "const ";
    if (tensor->count() <= options_.max_constant_elements) {
      append_tensor(out_, *tensor);
    } else {
      append(out_, tensor->type());
      out_ += " #";
      out_ += text(digest(std::span(tensor->data(), tensor->bytes())));
    }
    out_ += '\n';
  }

  void list(const Graph& graph, std::span<const ValueId> ids, std::string_view before) {
    out_ += before;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (i > 0) out_ += ", ";
      if (ids[i] == kNoValue) {
        out_ += '_';
      } else {
        append_name(out_, graph.value(ids[i]).name);
      }
    }
  }

  void print_node(const Graph& graph, const Node& node, int depth) {
    indent(depth);
    list(graph, node.outputs, "");
    out_ += strings::join(" = ", node.op.name(), "(");
    list(graph, node.inputs, "");
    out_ += ')';
    out_ += attributes_text(node.op);
    const auto first = std::find_if(node.outputs.begin(), node.outputs.end(), [](ValueId v) { return v != kNoValue; });
    if (first == node.outputs.end() || graph.value(*first).name != node.name) {
      out_ += " name=";
      append_quoted(out_, node.name);
    }
    if (options_.types) {
      out_ += "  #";
      for (const ValueId id : node.outputs) {
        out_ += ' ';
        out_ += id == kNoValue ? std::string("_") : text(graph.value(id).type);
      }
    }
    out_ += '\n';
    for (const auto& body : node.subgraphs) {
      indent(depth);
      out_ += "{\n";
      print(*body, depth + 1);
      indent(depth);
      out_ += "}\n";
    }
  }

  const PrintOptions& options_;
  std::string& out_;
};

}  // namespace

std::string print(const Graph& graph, const PrintOptions& options) {
  std::string out;
  Printer(options, out).print(graph, 0);
  return out;
}

}  // namespace bolide
