#include "passes/match.h"

#include "ops/elements.h"
#include "tensor/number.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace bolide {
namespace {

bool is_commutative(std::string_view op) { return op == "Add" || op == "Mul" || op == "Min" || op == "Max"; }
bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

void skip_spaces(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
}

std::string take_word(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && is_word(text[length])) ++length;
  std::string out(text.substr(0, length));
  text.remove_prefix(length);
  return out;
}

double take_number(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && (is_word(text[length]) || text[length] == '-' || text[length] == '.')) ++length;
  const double out = std::strtod(std::string(text.substr(0, length)).c_str(), nullptr);
  text.remove_prefix(length);
  return out;
}

bool is_uniform(const Tensor& tensor) {
  const std::size_t bits = static_cast<std::size_t>(bit_width(tensor.dtype()));
  if (tensor.count() < 1 || bits < 8 || !is_real(tensor.dtype())) return false;
  const std::size_t size = bits / 8;
  // Every element equals the one before it.
  return tensor.count() == 1 || std::memcmp(tensor.data(), tensor.data() + size, tensor.bytes() - size) == 0;
}

}  // namespace

double relative_precision(DataType type) {
  switch (type) {
    case DataType::kF64: return 0x1p-52;
    case DataType::kF32: return 0x1p-23;
    case DataType::kF16: return 0x1p-10;
    case DataType::kBF16: return 0x1p-7;
    default: return 0;
  }
}

bool same_number(DataType type, double a, double b) {
  // Constants come from texts of f32 numbers, whatever the dtype that holds them.
  const double precision = std::max(relative_precision(type), is_float(type) ? 0x1p-22 : 0.0);
  const double largest = std::max(std::abs(a), std::abs(b));  // of which every finite number would be a part: infinity
  return a == b || (std::isfinite(largest) && std::abs(a - b) <= precision * largest);
}

std::optional<double> uniform_number(const Graph& graph, ValueId id) {
  const Tensor* tensor = graph.constant(id);
  if (tensor == nullptr || !is_uniform(*tensor)) return std::nullopt;
  const Tensor first = Tensor::borrow(tensor->dtype(), {1}, tensor->data(), tensor->owner());
  const auto number = scalar_f64(first);
  if (!number) return std::nullopt;
  return *number;
}

Pattern::Pattern(std::string_view text) { root_ = parse(text); }

int Pattern::parse(std::string_view& text) {
  skip_spaces(text);
  Term term;
  if (text.empty()) return -1;
  if (text.front() == '$' || text.front() == '#') {
    term.kind = text.front() == '$' ? Term::Kind::kValue : Term::Kind::kConstant;
    text.remove_prefix(1);
    term.label = take_word(text);
  } else if (text.front() == '-' || (text.front() >= '0' && text.front() <= '9')) {
    term.kind = Term::Kind::kNumber;
    term.number = take_number(text);
  } else {
    term.kind = Term::Kind::kNode;
    term.op = take_word(text);
    if (!text.empty() && text.front() == '@') {
      text.remove_prefix(1);
      term.label = take_word(text);
    }
    do {
      if (text.empty()) return -1;
      text.remove_prefix(1);  // "(" or ","
      const int child = parse(text);
      if (child < 0) return -1;
      term.children.push_back(child);
      skip_spaces(text);
    } while (!text.empty() && text.front() == ',');
    if (text.empty()) return -1;
    text.remove_prefix(1);  // ")"
  }
  terms_.push_back(std::move(term));
  return static_cast<int>(terms_.size()) - 1;
}

struct Pattern::Search {
  struct Goal {
    int term = 0;
    ValueId value = kNoValue;
  };
  const Pattern& pattern;
  const Graph& graph;

  /// Meets all goals, trying both orders of commutative operators; `match` is left as it was on failure.
  bool meet(std::vector<Goal> goals, Match& match) const {
    if (goals.empty()) return true;
    const Goal goal = goals.back();
    goals.pop_back();
    const Term& term = pattern.terms_[static_cast<std::size_t>(goal.term)];
    if (goal.value == kNoValue) return false;
    if (term.kind == Term::Kind::kNode) return meet_node(term, goal.value, goals, match);
    Match next = match;
    return bind(term, goal.value, next) && meet(std::move(goals), next) && (match = std::move(next), true);
  }

  bool bind(const Term& term, ValueId value, Match& match) const {
    if (term.kind == Term::Kind::kValue) return match.values.emplace(term.label, value).first->second == value;
    const auto number = uniform_number(graph, value);
    if (!number) return false;
    const DataType type = graph.value(value).type.dtype;
    const double wanted =
        term.kind == Term::Kind::kNumber ? term.number : match.numbers.emplace(term.label, *number).first->second;
    return same_number(type, *number, wanted);
  }

  bool meet_node(const Term& term, ValueId value, const std::vector<Goal>& goals, Match& match) const {
    const Node* node = graph.producer(value);
    if (node == nullptr || node->op.name() != term.op || node->outputs.front() != value) return false;
    std::size_t given = node->inputs.size();
    while (given > 0 && node->inputs[given - 1] == kNoValue) --given;
    if (given != term.children.size()) return false;
    const NodeId id = graph.producer_id(value);
    const int orders = is_commutative(term.op) && given == 2 ? 2 : 1;
    for (int order = 0; order < orders; ++order) {
      Match next = match;
      if (!term.label.empty() && next.nodes.emplace(term.label, id).first->second != id) continue;
      if (std::find(next.all.begin(), next.all.end(), id) == next.all.end()) next.all.push_back(id);
      std::vector<Goal> rest = goals;
      for (std::size_t i = given; i-- > 0;) {
        rest.push_back({term.children[i], node->inputs[order == 0 ? i : given - 1 - i]});
      }
      if (meet(std::move(rest), next)) return match = std::move(next), true;
    }
    return false;
  }

  bool closed(const Match& match, NodeId root) const {
    return std::all_of(match.all.begin(), match.all.end(), [&](NodeId id) {
      if (id == root) return true;
      const auto& outputs = graph.node(id).outputs;
      return std::all_of(outputs.begin(), outputs.end(), [&](ValueId output) {
        if (output == kNoValue) return true;
        const auto readers = graph.readers(output);
        return !graph.is_output(output) && std::all_of(readers.begin(), readers.end(), [&](NodeId reader) {
          return std::find(match.all.begin(), match.all.end(), reader) != match.all.end();
        });
      });
    });
  }
};

std::optional<Pattern::Match> Pattern::find(const Graph& graph, NodeId root) const {
  if (root_ < 0 || graph.node(root).outputs.empty() || graph.node(root).outputs.front() == kNoValue) {
    return std::nullopt;
  }
  const Search search{*this, graph};
  Match match;
  if (!search.meet({{root_, graph.node(root).outputs.front()}}, match) || !search.closed(match, root)) {
    return std::nullopt;
  }
  return match;
}

}  // namespace bolide
