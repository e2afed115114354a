#include "backend/cpu/elementwise/coded.h"

namespace bolide::cpu {
namespace {

using Kind = Expr::Arg::Kind;

bool is_code(DataType dtype) { return dtype == DataType::kU8 || dtype == DataType::kI8; }

/// Looks for the forms among the steps of an expression.
class Matcher {
 public:
  Matcher(const ElementwiseWork& work, const Strips& strips)
      : work_(work),
        strips_(strips),
        steps_(work.expr.steps()),
        step_uses_(steps_.size(), 0),
        input_uses_(work.operands.size(), 0) {
    for (const Expr::Step& step : steps_) {
      for (int j = 0; j < arity(step.fn); ++j) {
        const Expr::Arg& arg = step.args[static_cast<std::size_t>(j)];
        if (arg.kind == Kind::kStep) ++step_uses_[static_cast<std::size_t>(arg.index)];
        if (arg.kind == Kind::kInput) ++input_uses_[static_cast<std::size_t>(arg.index)];
      }
    }
  }

  std::optional<CodedExpr> run(DataType out) {
    CodedExpr form;
    form.inputs.resize(work_.operands.size());
    std::vector<Expr::Arg> stands_for(steps_.size());  // what a step that is taken away was, for its readers
    std::vector<bool> gone(steps_.size(), false);
    Expr::Arg result = work_.expr.result();
    if (is_code(out)) quantised(form.output, gone, result);
    bool any = form.output.used;
    for (std::size_t s = 0; s < steps_.size(); ++s) any |= dequantised(s, form.inputs, stands_for, gone);
    if (!any) return std::nullopt;
    form.core = Expr(work_.expr.inputs());
    const auto renamed = [&](const Expr::Arg& arg) {
      return arg.kind == Kind::kStep ? stands_for[static_cast<std::size_t>(arg.index)] : arg;
    };
    for (std::size_t s = 0; s < steps_.size(); ++s) {
      if (gone[s]) continue;
      const Expr::Step& step = steps_[s];
      stands_for[s] = form.core.push(step.fn, renamed(step.args[0]), renamed(step.args[1]), renamed(step.args[2]));
    }
    form.result = renamed(result);
    const bool last = form.result == form.core.result();
    if (form.core.is_identity() ? form.result.kind != Kind::kInput : !last) return std::nullopt;
    return form;
  }

 private:
  bool one_number(const Expr::Arg& arg) const {
    if (arg.kind == Kind::kNumber) return true;
    return arg.kind == Kind::kInput && strips_.scalar(arg.index + 1);
  }
  /// The step that `arg` is, when nobody else reads it and it applies `fn`.
  const Expr::Step* only(const Expr::Arg& arg, Fn fn) const {
    if (arg.kind != Kind::kStep || step_uses_[static_cast<std::size_t>(arg.index)] != 1) return nullptr;
    const Expr::Step& step = steps_[static_cast<std::size_t>(arg.index)];
    return step.fn == fn ? &step : nullptr;
  }

  /// add(round(div(x, scale)), zero) or round(div(x, scale)) at the end.
  void quantised(CodedExpr::Ends& output, std::vector<bool>& gone, Expr::Arg& result) const {
    if (result.kind != Kind::kStep) return;
    const auto at = [](const Expr::Arg& arg) { return static_cast<std::size_t>(arg.index); };
    const Expr::Step& last = steps_[at(result)];
    Expr::Arg zero = Expr::number(0);
    Expr::Arg rounded = result;
    const Expr::Step* round = last.fn == Fn::kRound ? &last : nullptr;
    if (last.fn == Fn::kAdd && one_number(last.args[1])) {
      zero = last.args[1];
      rounded = last.args[0];
      round = only(rounded, Fn::kRound);
    }
    if (round == nullptr) return;
    const Expr::Arg divided = round->args[0];
    const Expr::Step* division = only(divided, Fn::kDiv);
    if (division == nullptr || !one_number(division->args[1]) || division->args[0].kind == Kind::kNumber) return;
    output = {true, zero, division->args[1]};
    for (const Expr::Arg& arg : {result, rounded, divided}) gone[at(arg)] = true;
    result = division->args[0];
  }

  /// Step s is mul(sub(x, zero), scale) or mul(x, scale) of codes that nobody else reads.
  bool dequantised(std::size_t s, std::vector<CodedExpr::Ends>& inputs, std::vector<Expr::Arg>& stands_for,
                   std::vector<bool>& gone) const {
    const Expr::Step& step = steps_[s];
    if (step.fn != Fn::kMul || gone[s] || !one_number(step.args[1])) return false;
    const Expr::Step* centred = only(step.args[0], Fn::kSub);
    if (centred != nullptr && !one_number(centred->args[1])) return false;
    const Expr::Arg& x = centred != nullptr ? centred->args[0] : step.args[0];
    if (x.kind != Kind::kInput || input_uses_[static_cast<std::size_t>(x.index)] != 1) return false;
    const Operand& operand = work_.operands[static_cast<std::size_t>(x.index)];
    if (!is_code(operand.dtype) || strips_.scalar(x.index + 1)) return false;
    CodedExpr::Ends& ends = inputs[static_cast<std::size_t>(x.index)];
    ends = {true, centred != nullptr ? centred->args[1] : Expr::number(0), step.args[1]};
    stands_for[s] = x;
    gone[s] = true;
    if (centred != nullptr) gone[static_cast<std::size_t>(step.args[0].index)] = true;
    return true;
  }

  const ElementwiseWork& work_;
  const Strips& strips_;
  std::span<const Expr::Step> steps_;
  std::vector<int> step_uses_;
  std::vector<int> input_uses_;
};

}  // namespace

std::optional<CodedExpr> coded_form(const ElementwiseWork& work, DataType out, const Strips& strips) {
  return Matcher(work, strips).run(out);
}

}  // namespace bolide::cpu
