#include "backend/cpu/elementwise/coded.h"

#include "backend/cpu/strip_program.h"

namespace bolide::cpu {
namespace {

using Kind = Expr::Arg::Kind;

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
        codes_(*kernels.codes),
        pair_(find_pair()) {}

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
      if (pair_ && run_pair(buffers, views, in)) return;
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

  /// The sum or product of two inputs, all codes of one type.
  struct Pair {
    std::size_t a = 0;
    std::size_t b = 0;
    bool product = false;
  };
  std::optional<Pair> find_pair() const {
    if (form_.core.steps().size() != 1 || !form_.output.used) return std::nullopt;
    const Expr::Step& step = form_.core.steps()[0];
    if (step.fn != Fn::kAdd && step.fn != Fn::kMul) return std::nullopt;
    for (std::size_t j = 0; j < 2; ++j) {
      if (step.args[j].kind != Kind::kInput) return std::nullopt;
      const auto i = static_cast<std::size_t>(step.args[j].index);
      if (!form_.inputs[i].used || work_.operands[i].dtype != out_) return std::nullopt;
    }
    const auto at = [](const Expr::Arg& arg) { return static_cast<std::size_t>(arg.index); };
    return Pair{at(step.args[0]), at(step.args[1]), step.fn == Fn::kMul};
  }
  /// In one sweep, where the strips are dense and the kernel takes the scales.
  template <class Views>
  bool run_pair(const KernelBuffers& buffers, const Views& views, const Inputs& in) const {
    const StripView& to = views[0];
    const StripView& a = views[pair_->a + 1];
    const StripView& b = views[pair_->b + 1];
    if (!to.dense() || !a.dense() || !b.dense()) return false;
    const CodedExpr::Ends& a_ends = form_.inputs[pair_->a];
    const CodedExpr::Ends& b_ends = form_.inputs[pair_->b];
    CodePair pair;
    pair.a = static_cast<const std::uint8_t*>(buffers.inputs[work_.sources[pair_->a]]) + a.offset;
    pair.b = static_cast<const std::uint8_t*>(buffers.inputs[work_.sources[pair_->b]]) + b.offset;
    pair.to = static_cast<std::uint8_t*>(buffers.outputs[0]) + to.offset;
    pair.n = to.count();
    pair.a_zero = number(a_ends.zero, in);
    pair.a_scale = number(a_ends.scale, in);
    pair.b_zero = number(b_ends.zero, in);
    pair.b_scale = number(b_ends.scale, in);
    pair.zero = number(form_.output.zero, in);
    pair.scale = number(form_.output.scale, in);
    pair.product = pair_->product;
    pair.is_signed = out_ == DataType::kI8;
    return codes_.pair(pair);
  }

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
  std::optional<Pair> pair_;
};

}  // namespace

Result<std::unique_ptr<Kernel>> bind_coded(const ElementwiseWork& work, CodedExpr form, DataType out,
                                           const Strips& strips, const KernelTable& kernels) {
  TRY(StripProgram program, StripProgram::compile(form.core, *kernels.eltwise));
  return std::unique_ptr<Kernel>(
      std::make_unique<CodedKernel>(work, std::move(form), out, strips, std::move(program), kernels));
}

}  // namespace bolide::cpu
