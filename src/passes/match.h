/// Finding a small expression in a graph, written as text.
///
///     static const Pattern kGelu("Mul(Mul($x, Add(Erf(Div($x, 1.41421356)), 1)), 0.5)");
///     if (const auto match = kGelu.find(graph, id)) ... match->value("x") ...
///
/// `$x` is any value, the same one wherever it is written; `#c` is any constant of one repeated number; a number is
/// such a constant with that number, up to the precision of its dtype; `Op(...)` is a node of that operator with these
/// inputs (in either order for Add, Mul, Min, Max), `Op@n(...)` gives it a name; an operator written twice with the
/// same inputs may be one node or two. Values inside the match must have no reader outside of it.
#pragma once

#include "ir/graph.h"

#include <map>

namespace bolide {

class Pattern {
 public:
  struct Match {
    std::map<std::string, ValueId, std::less<>> values;  ///< by the name after `$`
    std::map<std::string, double, std::less<>> numbers;  ///< by the name after `#`
    std::map<std::string, NodeId, std::less<>> nodes;    ///< by the name after `@`
    std::vector<NodeId> all;                             ///< every node of the match, the root among them
    ValueId value(std::string_view name) const { return values.find(name)->second; }
    double number(std::string_view name) const { return numbers.find(name)->second; }
    NodeId node(std::string_view name) const { return nodes.find(name)->second; }
  };

  /// `text` is trusted: patterns are written in passes, and a malformed one matches nothing.
  explicit Pattern(std::string_view text);
  /// The match whose outermost operator is the node, if there is one.
  std::optional<Match> find(const Graph& graph, NodeId root) const;

 private:
  struct Term {
    enum class Kind : std::uint8_t { kValue, kConstant, kNumber, kNode };
    Kind kind = Kind::kValue;
    std::string op;     ///< of kNode
    std::string label;  ///< the name after $, # or @
    double number = 0;
    std::vector<int> children;
  };
  struct Search;
  int parse(std::string_view& text);

  std::vector<Term> terms_;
  int root_ = -1;
};

/// The number when the value is a constant whose elements are all that number. Real dtypes.
std::optional<double> uniform_number(const Graph& graph, ValueId id);
/// Whether two constants of `type` that come from the same real number can differ by as much.
bool same_number(DataType type, double a, double b);
/// Relative spacing of floats: 2^-23 for f32; 0 for integers.
double relative_precision(DataType type);

}  // namespace bolide
