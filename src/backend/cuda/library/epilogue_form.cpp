#include "backend/cuda/library/epilogue_form.h"

#include "ops/activation.h"

namespace bolide::cuda {
namespace {

using Arg = Expr::Arg;

/// Takes an input of the expression into the sum.
Status add_term(const GemmProblem& gemm, int input, EpilogueForm& form) {
  for (std::size_t i = 0; i < gemm.extras.size(); ++i) {
    if (gemm.extras[i].input != input) continue;
    const ExtraKind kind = extra_kind(gemm, gemm.extras[i]);
    if (kind != ExtraKind::kVector && kind != ExtraKind::kRows)
      return unsupported("operand ", input, " of the epilogue is neither a vector over columns nor as large as y");
    int& place = kind == ExtraKind::kVector ? form.vector : form.rows;
    if (place != EpilogueForm::kNoOperand) return unsupported("two operands of one kind in the epilogue");
    place = static_cast<int>(i);
    return {};
  }
  return internal_error("the epilogue reads operand ", input, ", which is not there");
}

/// An input of the expression other than the product, as the number of a problem's input; nothing for other arguments.
std::optional<int> operand_of(const Arg& arg) {
  if (arg.kind != Arg::Kind::kInput || arg.index == 0) return std::nullopt;
  return arg.index + 2;
}

/// The operand of an addition whose other argument is `value`.
std::optional<int> added_to(const Expr::Step& step, const Arg& value) {
  if (step.fn != Fn::kAdd) return std::nullopt;
  if (step.args[0] == value) return operand_of(step.args[1]);
  if (step.args[1] == value) return operand_of(step.args[0]);
  return std::nullopt;
}

Status set_activation(const Expr& rest, EpilogueForm& form) {
  struct Known {
    std::optional<Expr> expr;
    Activation activation;
  };
  static const std::array<Known, 6> kKnown = {
      Known{Relu{}.expression(), Activation::kRelu},
      Known{Silu{}.expression(), Activation::kSilu},
      Known{Sigmoid{}.expression(), Activation::kSigmoid},
      Known{Tanh{}.expression(), Activation::kTanh},
      Known{Gelu{}.expression(), Activation::kGelu},
      Known{Gelu{.approximate = GeluForm::kTanh}.expression(), Activation::kGeluTanh},
  };
  if (rest.is_identity()) return {};
  for (const Known& known : kKnown) {
    if (known.expr && known.expr->steps().size() == rest.steps().size() && text(*known.expr) == text(rest)) {
      form.activation = known.activation;
      return {};
    }
  }
  const auto steps = rest.steps();
  if (steps.size() == 2 && steps[0] == Relu{}.expression()->steps()[0] && steps[1].fn == Fn::kMin &&
      steps[1].args[0] == Expr::step(0) && steps[1].args[1].kind == Arg::Kind::kNumber) {
    form.activation = Activation::kRelu;
    form.upper = steps[1].args[1].number;
    return {};
  }
  return unsupported("the activation ", text(rest));
}

}  // namespace

Result<EpilogueForm> epilogue_form(const GemmProblem& gemm) {
  EpilogueForm form;
  if (gemm.bias) TRY_OK(add_term(gemm, gemm.extras[0].input, form));
  const auto steps = gemm.epilogue->steps();
  std::size_t begin = 0;
  Arg sum = Expr::in(0);
  for (; begin < steps.size(); ++begin) {
    const auto operand = added_to(steps[begin], sum);
    if (!operand) break;
    TRY_OK(add_term(gemm, *operand, form));
    sum = Expr::step(static_cast<int>(begin));
  }
  std::size_t end = steps.size();
  if (end > begin + 1) {
    if (const auto operand = added_to(steps[end - 1], Expr::step(static_cast<int>(end) - 2))) {
      const int before = form.rows;
      TRY_OK(add_term(gemm, *operand, form));
      if (form.rows == before) return unsupported("a vector added after the activation");
      form.rows_last = true;
      --end;
    }
  }
  Expr rest;
  for (std::size_t i = begin; i < end; ++i) {
    std::array<Arg, 3> args = steps[i].args;
    for (Arg& arg : args) {
      if (arg == sum) {
        arg = Expr::in(0);
      } else if (arg.kind == Arg::Kind::kStep && arg.index >= static_cast<int>(begin)) {
        arg.index -= static_cast<int>(begin);
      } else if (arg.kind != Arg::Kind::kNumber) {
        return unsupported("the epilogue ", text(*gemm.epilogue));
      }
    }
    rest.push(steps[i].fn, args[0], args[1], args[2]);
  }
  TRY_OK(set_activation(rest, form));
  return form;
}

}  // namespace bolide::cuda
