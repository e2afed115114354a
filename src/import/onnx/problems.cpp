#include "import/onnx/problems.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

constexpr std::size_t kMostNodes = 8;       // of one unknown operator, by name
constexpr std::size_t kMostProblems = 100;  // that are told in full

std::string operator_set(const NodeLabel& node) {
  return strings::join(node.domain.empty() ? "ai.onnx" : node.domain, " ", node.version);
}

/// "2 nodes: 1 'b' (output 'y'), 4 'd'"
std::string node_list(const std::vector<const NodeLabel*>& nodes) {
  std::string out = nodes.size() == 1 ? "node " : strings::join(nodes.size(), " nodes: ");
  for (std::size_t i = 0; i < std::min(nodes.size(), kMostNodes); ++i) {
    const NodeLabel& node = *nodes[i];
    out += strings::join(i > 0 ? ", " : "", node.place, " '", node.name, "'");
    if (!node.output.empty()) out += strings::join(" (output '", node.output, "')");
  }
  if (nodes.size() > kMostNodes) out += strings::join(" and ", nodes.size() - kMostNodes, " more");
  return out;
}

/// Inference says which of the nodes made from this one it is about, `node 'a/MatMul' (MatMul of f32[2], f32[3]): ...`:
/// the user is told the operands, and the operator where it is another one.
std::string about_node(const NodeProblem& problem) {
  const NodeLabel& node = problem.node;
  std::string_view rest = problem.error.message;
  std::string out = describe(node);
  const std::size_t open = rest.find("' (");
  const std::size_t close = rest.find("): ");
  if (rest.starts_with(strings::join("node '", node.name, "/")) && open < close && close != std::string_view::npos) {
    const std::string_view inner = rest.substr(open + 3, close - open - 3);
    const std::string same = strings::join(node.op_type, " of ");
    if (!inner.starts_with(same)) {
      out += strings::join(", as ", inner);
    } else if (inner != same) {
      out += strings::join(" of ", inner.substr(same.size()));
    }
    rest.remove_prefix(close + 3);
  }
  return strings::join(out, ": ", rest);
}

std::string with_source(std::string text, const Error& error) {
  const std::string source = source_of(error);
  if (!source.empty()) text += strings::join(" [", source, "]");
  return text;
}

}  // namespace

std::string describe(const NodeLabel& node) {
  std::string out = strings::join("node ", node.place, " '", node.name, "' (", node.op_type, ", ", operator_set(node));
  if (!node.output.empty()) out += strings::join(", output '", node.output, "'");
  return out + ")";
}

void Problems::node(NodeLabel node, Error error) { nodes_.push_back({std::move(node), std::move(error)}); }

void Problems::unknown_operator(NodeLabel node, Error reason) {
  unknown_nodes_.push_back({std::move(node), std::move(reason)});
}

Error Problems::error() const {
  std::map<std::string, std::vector<const NodeLabel*>> by_operator;
  std::vector<std::string> lines;
  bool contradicts = false;
  bool lacks = !unknown_nodes_.empty();
  Code code = Code::kUnsupported;
  for (const NodeProblem& problem : unknown_nodes_) {
    const NodeLabel& node = problem.node;
    const std::string what =
        strings::join("operator ", node.op_type, " (", operator_set(node), ") ", problem.error.message);
    by_operator[with_source(what, problem.error)].push_back(&problem.node);
  }
  for (const auto& [what, nodes] : by_operator) lines.push_back(strings::join(what, "; used by ", node_list(nodes)));
  const auto add = [&](std::string text, const Error& error) {
    if (error.code != Code::kUnsupported && code == Code::kUnsupported) code = error.code;
    (error.code == Code::kUnsupported ? lacks : contradicts) = true;
    lines.push_back(with_source(std::move(text), error));
  };
  for (const NodeProblem& problem : nodes_) add(about_node(problem), problem.error);
  for (const Error& error : errors_) add(error.message, error);

  std::string out =
      strings::join("the model cannot be imported: ", lines.size(), lines.size() == 1 ? " problem" : " problems");
  for (std::size_t i = 0; i < std::min(lines.size(), kMostProblems); ++i) out += "\n  " + lines[i];
  if (lines.size() > kMostProblems) out += strings::join("\n  and ", lines.size() - kMostProblems, " more");
  if (!rest_.empty()) out += "\n  " + rest_;
  if (contradicts) {
    out += "\n  to do: what contradicts the ONNX standard has to be mended where the file was exported, or in the file";
  }
  if (lacks) {
    out +=
        "\n  to do: what Bolide lacks can be exported in another form, or given as a plugin "
        "(docs/recipes/write-a-plugin.md)";
  }
  return Error{code, std::move(out)};
}

}  // namespace bolide::onnx
