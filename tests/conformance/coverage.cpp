#include "coverage.h"

#include "base/file.h"
#include "import/onnx/reader.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace bolide::conformance {
namespace {

constexpr std::string_view kBegin = "<!-- backend tests -->\n";
constexpr std::string_view kEnd = "<!-- end of backend tests -->";

std::string_view plain_domain(std::string_view domain) { return domain == "ai.onnx" ? std::string_view() : domain; }

/// Operators as "domain.Name", those of bodies too.
void collect(std::span<const onnx::OnnxNode> nodes, std::set<std::pair<std::string_view, std::string_view>>& out) {
  for (const onnx::OnnxNode& node : nodes) {
    out.emplace(plain_domain(node.domain), node.op_type);
    for (const onnx::OnnxAttribute& attribute : node.attributes) {
      for (const onnx::OnnxGraph& body : attribute.graphs) collect(body.nodes, out);
    }
  }
}

std::string kind_of(const onnx::OnnxType& type) {
  using Kind = onnx::OnnxType::Kind;
  switch (type.kind) {
    case Kind::kSequence: return "sequence";
    case Kind::kOptional: return "optional";
    case Kind::kMap: return "map";
    default: break;
  }
  const auto dtype = onnx::from_onnx_type(type.elem_type);
  return dtype ? std::string(name(*dtype)) : "none";
}

/// What the model takes first; what it gives where it takes nothing.
std::string kind_of(const onnx::OnnxGraph& graph) {
  if (!graph.inputs.empty()) return kind_of(graph.inputs[0].type);
  return graph.outputs.empty() ? "none" : kind_of(graph.outputs[0].type);
}

}  // namespace

Result<std::map<std::string, std::string>> read_known_failures(const std::filesystem::path& path) {
  std::map<std::string, std::string> out;
  std::ifstream file(path);
  if (!file) return not_found(path.string(), " cannot be opened");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) return bad_file(path.string(), ": '", line, "' is not 'case: reason'");
    out[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return out;
}

void Coverage::add(const Case& test, bool passed) {
  const auto count = [passed](Count& counter) {
    counter.passed += passed ? 1 : 0;
    ++counter.all;
  };
  count(suites_[test.name.substr(0, test.name.rfind('/'))]);
  const auto file = MappedFile::open(test.folder / "model.onnx");
  if (!file) return;
  const auto model = onnx::read_model(*file);
  if (!model) return;
  std::set<std::pair<std::string_view, std::string_view>> operators;
  collect(model->graph.nodes, operators);
  const std::string kind = kind_of(model->graph);
  for (const auto& [domain, op] : operators) {
    auto version = model->opset_imports.find(domain);
    if (version == model->opset_imports.end() && domain.empty()) version = model->opset_imports.find("ai.onnx");
    const std::string name = domain.empty() ? std::string(op) : strings::join(domain, ".", op);
    count(counts_[{name, version == model->opset_imports.end() ? 1 : version->second}][kind]);
  }
}

std::string Coverage::text(const std::map<std::string, std::string>& known_failures) const {
  std::string out = "| tests | passed |\n|---|---|\n";
  for (const auto& [suite, count] : suites_)
    out += strings::join("| ", suite, " | ", count.passed, " of ", count.all, " |\n");
  out += "\n| operator | version | passed, by dtype of the first input |\n|---|---|---|\n";
  for (const auto& [key, kinds] : counts_) {
    out += strings::join("| `", key.first, "` | ", key.second, " |");
    for (const auto& [kind, count] : kinds) {
      out += strings::join(" ", kind, " ", count.passed);
      if (count.passed != count.all) out += strings::join(" of ", count.all);
    }
    out += " |\n";
  }
  if (!known_failures.empty()) out += "\n| test that is not passed | why |\n|---|---|\n";
  for (const auto& [test, why] : known_failures) out += strings::join("| `", test, "` | ", why, " |\n");
  return out;
}

Status update_page(const std::filesystem::path& page, const std::string& text, bool write) {
  std::ifstream file(page);
  std::stringstream buffer;
  buffer << file.rdbuf();
  std::string content = buffer.str();
  const std::size_t begin = content.find(kBegin);
  const std::size_t end = content.find(kEnd);
  if (begin == std::string::npos || end == std::string::npos || end < begin) {
    return bad_file(page.string(), " has no section of backend tests");
  }
  const std::size_t from = begin + kBegin.size();
  if (content.compare(from, end - from, text) == 0) return ok();
  if (!write) return invalid_argument(page.string(), " is out of date; onnx_backend_test --write makes it anew");
  content.replace(from, end - from, text);
  return write_file(page, std::as_bytes(std::span(content.data(), content.size())));
}

}  // namespace bolide::conformance
