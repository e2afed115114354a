/// Elementwise arithmetic as a value: the epilogue of a contraction and the body of a fused elementwise chain.
///
///     Expr silu(1);                                                  // one input, x0
///     const Expr::Arg s = silu.push(Fn::kSigmoid, Expr::in(0));      // t0
///     silu.push(Fn::kMul, Expr::in(0), s);                           // t1, the result
///     text(silu)  ->  "t0=sigmoid(x0);mul(x0,t0)"
///
/// A straight line: each step applies one function to inputs, earlier steps and numbers; the last step is the result
/// (no step: the result is x0). It prints as text, parses back, hashes by its text, and is part of a problem's key.
#pragma once

#include "ops/fn.h"
#include "tensor/tensor.h"

#include <array>
#include <span>
#include <string>
#include <vector>

namespace bolide {

std::string_view name(Fn fn);
std::optional<Fn> parse_fn(std::string_view text);
int arity(Fn fn);

/// An operand of a step: an input, an earlier step or a number.
struct ExprArg {
  enum class Kind : std::uint8_t { kInput, kStep, kNumber };
  Kind kind = Kind::kNumber;
  int index = 0;
  double number = 0;
  bool operator==(const ExprArg&) const = default;
};

class Expr {
 public:
  using Arg = ExprArg;
  struct Step {
    Fn fn = Fn::kAdd;
    std::array<Arg, 3> args;
    bool operator==(const Step&) const = default;
  };

  Expr() = default;  ///< the identity of one input
  explicit Expr(int inputs) : inputs_(inputs) {}
  /// One function of x0, x1, ... in order.
  static Expr of(Fn fn);
  static Result<Expr> parse(std::string_view text, int inputs);

  static Arg in(int index) { return {Arg::Kind::kInput, index, 0}; }
  static Arg step(int index) { return {Arg::Kind::kStep, index, 0}; }
  static Arg number(double value) { return {Arg::Kind::kNumber, 0, value}; }

  /// Appends a step and returns a reference to its result.
  Arg push(Fn fn, Arg a, Arg b = {}, Arg c = {});
  /// The expression whose input `index` is computed by `inner`. In the new numbering (with `inputs` inputs) the other
  /// inputs i of this expression are at outer_at[i], and the inputs i of `inner` at inner_at[i].
  Expr composed(int index, const Expr& inner, std::span<const int> outer_at, std::span<const int> inner_at,
                int inputs) const;
  /// The same expression after renumbering: old input i becomes `at[i]` of `inputs`.
  Expr renumbered(std::span<const int> at, int inputs) const;

  int inputs() const { return inputs_; }
  std::span<const Step> steps() const { return steps_; }
  bool is_identity() const { return steps_.empty(); }
  /// The reference to the result: the last step, or input 0.
  Arg result() const { return steps_.empty() ? in(0) : step(static_cast<int>(steps_.size()) - 1); }
  bool operator==(const Expr&) const = default;

 private:
  int inputs_ = 1;
  std::vector<Step> steps_;
};

/// "t0=sigmoid(x0);mul(x0,t0)"; the identity is "x0".
std::string text(const Expr& expr);
inline void append(std::string& out, const Expr& expr) { out += text(expr); }

/// One function on numbers of type T (float, double, std::int64_t, std::uint64_t): the specification of every fast
/// form. Integer division truncates and x/0 gives 0; integer add, mul, pow wrap; functions without a meaning on
/// integers compute in double and truncate; bit functions without a meaning on floats compute on the values as 64-bit
/// integers.
template <class T>
T apply(Fn fn, T a, T b = T(), T c = T());
extern template float apply(Fn, float, float, float);
extern template double apply(Fn, double, double, double);
extern template std::int64_t apply(Fn, std::int64_t, std::int64_t, std::int64_t);
extern template std::uint64_t apply(Fn, std::uint64_t, std::uint64_t, std::uint64_t);

/// The expression over tensors with numpy broadcasting. `compute` decides the arithmetic: f64 for kF64, f32 for every
/// other float, u64 for kU64, else i64. Stored as `out`: bool as 0 or 1; from integers narrow ones wrap; from floats
/// integers round to nearest even and saturate. Threaded for large results.
/// Errors: InvalidArgument when the sizes do not broadcast.
Result<Tensor> evaluate(const Expr& expr, std::span<const Tensor* const> inputs, DataType compute, DataType out);

/// The common shape of numpy broadcasting. A named dim broadcasts with 1 and with itself; of two different expressions
/// the constant one is kept, else the larger one where that is known (of two names their maximum), else the first;
/// sizes are checked when they are known. Errors: InvalidArgument with both shapes.
Result<Shape> broadcast(const Shape& a, const Shape& b);
Result<Dims> broadcast(const Dims& a, const Dims& b);

}  // namespace bolide
