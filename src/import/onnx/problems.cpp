#include "import/onnx/problems.h"

#include <algorithm>

namespace bolide::onnx {
namespace {

constexpr std::size_t kMostNodes = 8;       // of one unknown operator, by name
constexpr std::size_t kMostProblems = 100;  // that are told in full

std::string node_list(const std::vector<std::string>& nodes) {
  std::string out = nodes.size() == 1 ? "node " : strings::join(nodes.size(), " nodes: ");
  for (std::size_t i = 0; i < std::min(nodes.size(), kMostNodes); ++i) {
    out += strings::join(i > 0 ? ", '" : "'", nodes[i], "'");
  }
  if (nodes.size() > kMostNodes) out += strings::join(" and ", nodes.size() - kMostNodes, " more");
  return out;
}

}  // namespace

void Problems::node(std::string_view name, std::string_view op_type, const Error& error) {
  // Inference says which of the nodes made from this one it is about: `node 'a/MatMul' (MatMul of f32[2], f32[3]):
  // ...`.
  std::string_view rest = error.message;
  std::string what(op_type);
  const std::size_t open = rest.find("' (");
  const std::size_t close = rest.find("): ");
  if (rest.starts_with(strings::join("node '", name, "/")) && open < close && close != std::string_view::npos) {
    const std::string_view inner = rest.substr(open + 3, close - open - 3);
    what = inner.starts_with(op_type) ? std::string(inner) : strings::join(op_type, ", as ", inner);
    rest.remove_prefix(close + 3);
  }
  errors_.push_back(make_error(error.code, "node '", name, "' (", what, "): ", rest));
}

void Problems::file(Error error) { errors_.push_back(std::move(error)); }

void Problems::unknown_operator(std::string_view domain, std::string_view op_type, std::int64_t version,
                                std::string_view node, std::string_view reason) {
  Unknown& entry = unknown_[strings::join(domain, ":", op_type, ":", version, ":", reason)];
  entry.text = strings::join("operator ", op_type, " (", domain.empty() ? "ai.onnx" : domain, " ", version, ")");
  entry.reason = std::string(reason);
  entry.nodes.emplace_back(node);
  ++unknown_nodes_;
}

Error Problems::error() const {
  const std::size_t kinds = errors_.size() + unknown_.size();
  Error out{Code::kUnsupported,
            strings::join("the model cannot be imported: ", kinds, kinds == 1 ? " problem" : " problems")};
  std::size_t told = 0;
  for (const auto& [key, entry] : unknown_) {
    if (++told > kMostProblems) break;
    out.message += strings::join("\n  ", entry.text, " ", entry.reason, "; used by ", node_list(entry.nodes));
  }
  for (const Error& error : errors_) {
    if (error.code != Code::kUnsupported && out.code == Code::kUnsupported) out.code = error.code;
    if (++told > kMostProblems) continue;
    out.message += "\n  ";
    out.message += error.message;
  }
  if (kinds > kMostProblems) out.message += strings::join("\n  and ", kinds - kMostProblems, " more");
  if (!rest_.empty()) out.message += "\n  " + rest_;
  return out;
}

}  // namespace bolide::onnx
