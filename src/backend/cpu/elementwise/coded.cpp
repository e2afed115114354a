#include "backend/cpu/elementwise/coded.h"

#include "backend/cpu/strip_program.h"

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

class CodedKernel final : public HostKernel {
 public:
  CodedKernel(ElementwiseWork work, CodedExpr form, DataType out, Strips strips, StripProgram program,
              const KernelTable& kernels)
      : work_(std::move(work)),
        form_(std::move(form)),
        out_(out),
        strips_(strips),
        program_(std::move(program)),
        kernels_(*kernels.eltwise),
        codes_(*kernels.codes) {}

  Grid grid(int) const override { return {.rows = strips_.count(), .row_grain = 4}; }

  std::size_t scratch_bytes() const override {
    const std::int64_t n = strips_.largest();
    const auto inputs = static_cast<std::int64_t>(work_.operands.size());
    return static_cast<std::size_t>((inputs + 2) * n + program_.scratch_floats(n)) * sizeof(float);
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    const std::int64_t largest = strips_.largest();
    const std::size_t inputs = work_.operands.size();
    auto* const loaded = reinterpret_cast<float*>(buffers.scratch);
    float* const result = loaded + static_cast<std::int64_t>(inputs) * largest;
    auto* const bytes = reinterpret_cast<std::uint8_t*>(result + largest);
    float* const temporaries = result + 2 * largest;
    std::array<StripProgram::Input, StripProgram::kMaxInputs> in{};
    const bool direct = out_ == DataType::kF32;
    strips_.each(rows.begin, rows.end, [&](const auto& views) {
      const StripView& to = views[0];
      float* const real =
          direct && to.dense() ? static_cast<float*>(buffers.outputs[0]) + to.offset : result;  // of the core
      for (std::size_t i = 0; i < inputs; ++i) {
        if (!form_.inputs[i].used)
          read_plain(i, buffers, views[i + 1], loaded + static_cast<std::int64_t>(i) * largest, in);
      }
      for (std::size_t i = 0; i < inputs; ++i) {
        if (!form_.inputs[i].used) continue;
        const bool last = form_.core.is_identity() && form_.result.index == static_cast<int>(i);
        read_codes(i, buffers, views[i + 1], last ? real : loaded + static_cast<std::int64_t>(i) * largest, in);
      }
      const float* const numbers = compute(in, temporaries, real, to.count());
      if (form_.output.used) {
        const auto quantise = out_ == DataType::kU8 ? codes_.quantise_u8 : codes_.quantise_i8;
        auto* const out = static_cast<std::uint8_t*>(buffers.outputs[0]) + to.offset;
        const float scale = number(form_.output.scale, in);
        const float zero = number(form_.output.zero, in);
        if (to.dense()) {
          quantise(numbers, scale, zero, out, to.count());
        } else {
          quantise(numbers, scale, zero, bytes, to.count());
          spread(bytes, to, out);
        }
      } else if (numbers != real || !direct || !to.dense()) {
        store_strip(kernels_, out_, numbers, to, buffers.outputs[0]);
      }
    });
    return ok();
  }

 private:
  using Inputs = std::array<StripProgram::Input, StripProgram::kMaxInputs>;

  static float number(const Expr::Arg& arg, const Inputs& in) {
    return arg.kind == Kind::kNumber ? static_cast<float>(arg.number) : *in[static_cast<std::size_t>(arg.index)].data;
  }

  void read_plain(std::size_t i, const KernelBuffers& buffers, const StripView& view, float* buffer, Inputs& in) const {
    const DataType dtype = work_.operands[i].dtype;
    const void* base = buffers.inputs[work_.sources[i]];
    in[i].scalar = view.scalar();
    in[i].data = buffer;
    if (dtype == DataType::kF32 && (in[i].scalar || view.dense())) {
      in[i].data = static_cast<const float*>(base) + view.offset;
    } else if (in[i].scalar) {
      load_strip(kernels_, dtype, base, {.offset = view.offset, .length = 1, .stride = 1}, buffer);
    } else {
      load_strip(kernels_, dtype, base, view, buffer);
    }
  }

  void read_codes(std::size_t i, const KernelBuffers& buffers, const StripView& view, float* buffer, Inputs& in) const {
    const DataType dtype = work_.operands[i].dtype;
    const void* base = buffers.inputs[work_.sources[i]];
    const float zero = number(form_.inputs[i].zero, in);
    const float scale = number(form_.inputs[i].scale, in);
    in[i] = {buffer, false};
    if (view.dense()) {
      const auto dequantise = dtype == DataType::kU8 ? codes_.dequantise_u8 : codes_.dequantise_i8;
      dequantise(static_cast<const std::uint8_t*>(base) + view.offset, zero, scale, buffer, view.count());
      return;
    }
    load_strip(kernels_, dtype, base, view, buffer);
    kernels_.fn[static_cast<std::size_t>(Fn::kSub)](buffer, &zero, nullptr, buffer, view.count(), 2);
    kernels_.fn[static_cast<std::size_t>(Fn::kMul)](buffer, &scale, nullptr, buffer, view.count(), 2);
  }

  /// The core's result, in `real` or where an input lies.
  const float* compute(const Inputs& in, float* temporaries, float* real, std::int64_t n) const {
    if (!form_.core.is_identity()) {
      program_.run(in, temporaries, real, n);
      return real;
    }
    const StripProgram::Input& x = in[static_cast<std::size_t>(form_.result.index)];
    if (!x.scalar) return x.data;
    std::fill_n(real, n, *x.data);
    return real;
  }

  static void spread(const std::uint8_t* from, const StripView& view, std::uint8_t* to) {
    for (std::int64_t r = 0; r < view.rows; ++r, from += view.length) {
      for (std::int64_t i = 0; i < view.length; ++i) to[r * view.row_stride + i * view.stride] = from[i];
    }
  }

  ElementwiseWork work_;
  CodedExpr form_;
  DataType out_;
  Strips strips_;
  StripProgram program_;
  const EltwiseKernels& kernels_;
  const CodeKernels& codes_;
};

}  // namespace

std::optional<CodedExpr> coded_form(const ElementwiseWork& work, DataType out, const Strips& strips) {
  return Matcher(work, strips).run(out);
}

Result<std::unique_ptr<Kernel>> bind_coded(const ElementwiseWork& work, CodedExpr form, DataType out,
                                           const Strips& strips, const KernelTable& kernels) {
  TRY(StripProgram program, StripProgram::compile(form.core, *kernels.eltwise));
  return std::unique_ptr<Kernel>(
      std::make_unique<CodedKernel>(work, std::move(form), out, strips, std::move(program), kernels));
}

}  // namespace bolide::cpu
