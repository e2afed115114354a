#include "backend/cpu/strip_program.h"

#include <algorithm>

namespace bolide {

namespace {

/// Step `s` and the one after it are sigmoid(a) and a * sigmoid(a), and nobody else reads the first.
bool is_silu(std::span<const Expr::Step> steps, std::size_t s, std::size_t last_use) {
  if (s + 1 >= steps.size() || last_use != s + 1) return false;
  if (steps[s].fn != Fn::kSigmoid || steps[s + 1].fn != Fn::kMul) return false;
  const auto same = [](const Expr::Arg& x, const Expr::Arg& y) { return x.kind == y.kind && x.index == y.index; };
  const Expr::Arg& x = steps[s].args[0];
  const Expr::Arg gate = Expr::step(static_cast<int>(s));
  const Expr::Arg& a = steps[s + 1].args[0];
  const Expr::Arg& b = steps[s + 1].args[1];
  return x.kind != Expr::Arg::Kind::kNumber && ((same(a, x) && same(b, gate)) || (same(a, gate) && same(b, x)));
}

}  // namespace

Result<StripProgram> StripProgram::compile(const Expr& expr, const EltwiseKernels& table) {
  if (expr.inputs() > kMaxInputs) return unsupported("an expression of ", expr.inputs(), " inputs; strips take ", 16);
  StripProgram out;
  out.inputs_ = expr.inputs();
  const std::span<const Expr::Step> steps = expr.steps();

  std::vector<std::size_t> last_use(steps.size(), 0);
  for (std::size_t s = 0; s < steps.size(); ++s) {
    for (const Expr::Arg& arg : steps[s].args) {
      if (arg.kind == Expr::Arg::Kind::kStep) last_use[static_cast<std::size_t>(arg.index)] = s;
    }
  }
  std::vector<int> slot_of(steps.size(), -1);
  std::vector<int> free_slots;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    Step step;
    const bool silu = is_silu(steps, s, last_use[s]);
    step.function = silu ? table.silu : table.fn[static_cast<std::size_t>(steps[s].fn)];
    if (step.function == nullptr) return unsupported("no vector form of ", name(steps[s].fn));
    for (int j = 0; j < arity(steps[s].fn); ++j) {
      const Expr::Arg& from = steps[s].args[static_cast<std::size_t>(j)];
      Arg& to = step.args[static_cast<std::size_t>(j)];
      to.kind = from.kind;
      to.number = static_cast<float>(from.number);
      to.index = from.kind == Expr::Arg::Kind::kStep ? slot_of[static_cast<std::size_t>(from.index)] : from.index;
    }
    if (silu) ++s;  // the step stands for both
    // What ends here may be overwritten by this step's result.
    for (std::size_t earlier = 0; earlier < s; ++earlier) {
      if (last_use[earlier] == s && slot_of[earlier] >= 0) free_slots.push_back(slot_of[earlier]);
    }
    if (s + 1 < steps.size()) {
      if (free_slots.empty()) free_slots.push_back(out.temps_++);
      step.to = free_slots.back();
      free_slots.pop_back();
      slot_of[s] = step.to;
      if (last_use[s] == 0) free_slots.push_back(step.to);  // nobody reads it
    }
    out.steps_.push_back(step);
  }
  return out;
}

void StripProgram::run(std::span<const Input> inputs, float* scratch, float* out, std::int64_t n) const {
  if (steps_.empty()) {
    const Input& x = inputs[0];
    if (x.scalar) {
      std::fill_n(out, n, *x.data);
    } else if (x.data != out) {
      std::copy_n(x.data, n, out);
    }
    return;
  }
  for (const Step& step : steps_) {
    std::array<const float*, 3> args{};
    int scalars = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      const Arg& arg = step.args[j];
      bool scalar = false;
      switch (arg.kind) {
        case Expr::Arg::Kind::kNumber:
          args[j] = &arg.number;
          scalar = true;
          break;
        case Expr::Arg::Kind::kInput:
          args[j] = inputs[static_cast<std::size_t>(arg.index)].data;
          scalar = inputs[static_cast<std::size_t>(arg.index)].scalar;
          break;
        case Expr::Arg::Kind::kStep: args[j] = scratch + arg.index * n; break;
      }
      if (scalar) scalars |= 1 << j;
    }
    step.function(args[0], args[1], args[2], step.to < 0 ? out : scratch + step.to * n, n, scalars);
  }
}

}  // namespace bolide
