#include "ir/text.h"
#include "ops/op_text.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr int kMaxDepth = 64;

bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_./:;$@-").find(c) != std::string_view::npos;
}

/// Length of the front of `text` up to the first character of `stops` outside quotes and brackets.
std::size_t extent(std::string_view text, std::string_view stops) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (depth == 0 && stops.find(c) != std::string_view::npos) return i;
    if (c == '"') quoted = true;
    if (c == '[' || c == '(' || c == '{') ++depth;
    if (c == ']' || c == ')' || c == '}') --depth;
  }
  return text.size();
}

/// A name as written: nothing stands for `_`.
using Name = std::optional<std::string>;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { next_line(); }

  Result<Graph> whole() {
    TRY(Graph graph, body(0));
    if (!at_end_) return fail("nothing may follow return");
    return graph;
  }

 private:
  // Lines without their comment-only and empty ones; `rest_` is what is left of the current one.
  void next_line() {
    do {
      if (next_ >= text_.size()) {
        at_end_ = true;
        rest_ = {};
        return;
      }
      const std::size_t end = std::min(text_.find('\n', next_), text_.size());
      full_ = rest_ = text_.substr(next_, end - next_);
      next_ = end + 1;
      ++line_;
      skip_spaces();
    } while (rest_.empty());
  }

  /// Spaces, and a comment that ends the line.
  void skip_spaces() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r')) rest_.remove_prefix(1);
    if (!rest_.empty() && rest_[0] == '#') rest_ = {};
  }

  template <class... Args>
  Error fail(const Args&... args) const {
    return bad_file("line ", line_, ", column ", full_.size() - rest_.size() + 1, ": ", strings::join(args...));
  }
  Error fail_at(std::string_view rest, const Error& error) const {
    return bad_file("line ", line_, ", column ", full_.size() - rest.size() + 1, ": ", error.message);
  }

  bool take(char c) {
    skip_spaces();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view word() {
    skip_spaces();
    std::size_t length = 0;
    while (length < rest_.size() && is_word_char(rest_[length])) ++length;
    const std::string_view out = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return out;
  }

  Result<Name> value_name() {
    skip_spaces();
    const std::string_view start = rest_;
    if (!rest_.empty() && rest_[0] == '"') {
      std::size_t end = 1;
      while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
      if (end >= rest_.size()) return fail("the quoted name has no end");
      Result<std::string> name = parse_quoted(rest_.substr(0, end + 1));
      if (!name) return fail_at(start, name.error());
      rest_.remove_prefix(end + 1);
      return Name(*std::move(name));
    }
    const std::string_view plain = word();
    if (plain.empty()) return fail("a name is expected");
    if (plain == "_") return Name();
    return Name(std::string(plain));
  }

  /// Names up to `stop`; an empty list is allowed.
  Result<std::vector<Name>> names(char stop) {
    std::vector<Name> out;
    skip_spaces();
    if (stop != '\0' && !rest_.empty() && rest_[0] == stop) return out;
    do {
      TRY(Name name, value_name());
      out.push_back(std::move(name));
    } while (take(','));
    return out;
  }

  Result<std::vector<ValueId>> resolve(const Graph& graph, const std::vector<Name>& list) const {
    std::vector<ValueId> out;
    for (const Name& name : list) {
      if (!name) {
        out.push_back(kNoValue);
        continue;
      }
      const auto id = graph.find_value(*name);
      if (!id) return fail("nothing is named '", *name, "' above");
      out.push_back(*id);
    }
    return out;
  }

  Result<Graph> body(int depth) {
    if (depth > kMaxDepth) return fail("graphs are nested deeper than ", kMaxDepth);
    Graph graph;
    while (!at_end_) {
      const std::string_view start = rest_;
      if (word() == "return" && !take('=')) {
        skip_spaces();
        std::vector<ValueId> outputs;
        if (!rest_.empty()) {
          TRY(const std::vector<Name> list, names('\0'));
          TRY(outputs, resolve(graph, list));
          if (std::find(outputs.begin(), outputs.end(), kNoValue) != outputs.end()) return fail("_ cannot be returned");
        }
        graph.set_outputs(std::move(outputs));
        TRY_OK(end_line());
        return graph;
      }
      rest_ = start;
      TRY_OK(statement(graph, depth));
    }
    return fail("return is missing");
  }

  Status end_line() {
    skip_spaces();
    if (!rest_.empty()) return fail("'", rest_.substr(0, 20), "' is not expected here");
    next_line();
    return ok();
  }

  Status statement(Graph& graph, int depth) {
    TRY(const std::vector<Name> outputs, names('='));
    if (outputs.empty()) return fail("a name is expected");
    if (!take('=')) return fail("'=' is expected");
    skip_spaces();
    const std::string_view at = rest_;
    const std::string_view op = word();
    skip_spaces();
    if (op == "input" || op == "const") {
      if (outputs.size() != 1 || !outputs[0]) return fail("an ", op, " has one name");
      const std::string_view type_at = rest_;
      const std::string_view type = rest_.substr(0, extent(rest_, " #"));
      rest_.remove_prefix(type.size());
      if (op == "input") {
        Result<TensorType> got = parse_tensor_type(type);
        if (!got) return fail_at(type_at, got.error());
        const auto added = graph.add_input(*outputs[0], *std::move(got));
        if (!added) return fail_at(at, added.error());
        return end_line();
      }
      if (graph.find_value(*outputs[0])) return fail("the value '", *outputs[0], "' is produced twice");
      if (type.find('{') == std::string_view::npos) return fail("the elements of the constant are not in the text");
      Result<Tensor> got = parse_tensor(type);
      if (!got) return fail_at(type_at, got.error());
      graph.add_constant(*outputs[0], *std::move(got));
      return end_line();
    }
    if (op.empty()) return fail("an operator is expected");
    return node(graph, depth, outputs, op, at);
  }

  Status node(Graph& graph, int depth, const std::vector<Name>& outputs, std::string_view op, std::string_view at) {
    if (!take('(')) return fail("'(' is expected after ", op);
    TRY(const std::vector<Name> list, names(')'));
    if (!take(')')) return fail("')' is expected");
    TRY(std::vector<ValueId> inputs, resolve(graph, list));

    std::string name;
    std::vector<std::string> output_names;
    for (const Name& output : outputs) {
      if (output && output->empty()) return fail("a value has an empty name");
      output_names.push_back(output.value_or(""));
      if (name.empty()) name = output_names.back();
    }
    std::string attributes;
    for (skip_spaces(); !rest_.empty(); skip_spaces()) {
      const std::string_view item_at = rest_;
      const std::string_view item = rest_.substr(0, extent(rest_, " \t"));
      rest_.remove_prefix(item.size());
      if (!item.starts_with("name=")) {
        attributes += strings::join(" ", item);
        continue;
      }
      Result<std::string> quoted = parse_quoted(item.substr(5));
      if (!quoted) return fail_at(item_at, quoted.error());
      name = *std::move(quoted);
    }
    Result<Op> parsed = parse_op(op, attributes);
    if (!parsed) return fail_at(at, parsed.error());

    const int line = line_;
    next_line();
    std::vector<std::shared_ptr<const Graph>> bodies;
    while (!at_end_ && take('{')) {
      TRY_OK(end_line());
      TRY(Graph inner, body(depth + 1));
      if (!take('}')) return fail("'}' is expected");
      TRY_OK(end_line());
      bodies.push_back(std::make_shared<const Graph>(std::move(inner)));
    }
    const auto added = graph.add_node(*std::move(parsed), std::move(inputs), std::move(name), std::move(output_names),
                                      std::move(bodies));
    if (!added) return bad_file("line ", line, ", column 1: ", added.error().message);
    return ok();
  }

  std::string_view text_;
  std::string_view full_;
  std::string_view rest_;
  std::size_t next_ = 0;
  int line_ = 0;
  bool at_end_ = false;
};

}  // namespace

Result<Graph> parse_graph(std::string_view text) { return Parser(text).whole(); }

Result<Shape> parse_shape(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') {
    return invalid_argument("'", text.substr(0, 40), "' is not a shape like [batch,3,8,8]");
  }
  std::string_view rest = text.substr(1, text.size() - 2);
  Shape out;
  while (!rest.empty()) {
    const std::size_t length = extent(rest, ",");
    TRY(Dim dim, Dim::parse(rest.substr(0, length)));
    out.push_back(std::move(dim));
    if (length + 1 == rest.size()) return invalid_argument("a size is missing at the end of the shape");
    rest.remove_prefix(std::min(length + 1, rest.size()));
  }
  return out;
}

namespace {

/// Reads one type from the front of `rest`.
Result<TensorType> take_type(std::string_view& rest, int depth, bool inside) {
  if (depth > kMaxDepth) return invalid_argument("types are nested deeper than ", kMaxDepth);
  const std::size_t bracket = std::min(rest.find('['), rest.size());
  const auto dtype = parse_data_type(rest.substr(0, bracket));
  if (!dtype) return invalid_argument("'", rest.substr(0, std::min<std::size_t>(bracket, 40)), "' is not a dtype");
  rest.remove_prefix(bracket);
  const std::string_view shape = rest.substr(0, extent(rest, "<>,"));
  rest.remove_prefix(shape.size());
  TensorType type{*dtype, {}};
  if (inside && shape == "[*]") {
    type.ranked = false;
  } else {
    TRY(type.shape, parse_shape(shape));
  }
  if (!is_container(*dtype)) return type;
  std::vector<TensorType> elements;
  for (char open = '<'; !rest.empty() && rest[0] == open; open = ',') {
    rest.remove_prefix(1);
    TRY(TensorType element, take_type(rest, depth + 1, true));
    elements.push_back(std::move(element));
  }
  if (elements.size() != (*dtype == DataType::kMap ? 2U : 1U) || rest.empty() || rest[0] != '>' || type.rank() != 1) {
    return invalid_argument("a type of ", *dtype, " is written like sequence[n]<f32[2]> or map[2]<i64[n],f32[n]>");
  }
  rest.remove_prefix(1);
  type.elements = std::make_shared<const std::vector<TensorType>>(std::move(elements));
  return type;
}

}  // namespace

Result<TensorType> parse_tensor_type(std::string_view text) {
  TRY(TensorType type, take_type(text, 0, false));
  if (!text.empty()) return invalid_argument("'", text.substr(0, 40), "' stands behind a type");
  return type;
}

}  // namespace bolide
