/// Growing one expression out of several operators, with its inputs collected on the way.
///
///     ExprBuilder builder(graph, 1);                      // x0 stands for an accumulator
///     Arg sum = builder.apply(*add.expression(), {Expr::in(0), builder.input(residual)});
///     Arg y = builder.apply(*relu.expression(), {sum});
///     Expr epilogue = builder.finish(y);                  // max(add(x0,x1),0)
///
/// Equal steps are written once, each input is listed once, constants of one element become numbers, and the operands
/// of sums and products stand in one order.
#pragma once

#include "ir/graph.h"

#include <variant>

namespace bolide {

class ExprBuilder {
 public:
  using Arg = Expr::Arg;
  /// An input of the expression: a value of the graph, or a constant that is yet to be added to it.
  using Input = std::variant<ValueId, Tensor>;

  /// The first `reserved` inputs have no value of the graph behind them.
  ExprBuilder(const Graph& graph, int reserved) : graph_(&graph), reserved_(reserved) {}

  Arg input(ValueId value);
  Arg constant(Tensor tensor);
  /// The steps of `expr` with `args` in place of its inputs.
  Arg apply(const Expr& expr, std::span<const Arg> args);
  Arg push(Fn fn, Arg a, Arg b = {}, Arg c = {});
  /// `value` as what storing it as `dtype` (f32, or integers of up to 16 bits) and loading it again gives: rounded to
  /// nearest even and saturated.
  Arg stored(Arg value, DataType dtype);

  std::span<const Input> inputs() const { return inputs_; }  ///< after the reserved ones
  std::size_t steps() const { return steps_.size(); }
  /// The expression with `result` as its value.
  Expr finish(Arg result) const;
  /// inputs() as values, constants added by way of the patch.
  std::vector<ValueId> values(Patch& patch) const;

 private:
  const Graph* graph_;
  int reserved_;
  std::vector<Input> inputs_;
  std::vector<Expr::Step> steps_;
};

/// The number of an f32 in arithmetic of at most f32: the double of its shortest text, where that rounds back to it.
Expr::Arg f32_number(float value);

/// Lowest and highest number of an integer dtype of up to 16 bits.
struct IntegerRange {
  double low = 0;
  double high = 0;
};
std::optional<IntegerRange> integer_range(DataType type);

}  // namespace bolide
