#include "backend/cpu/elementwise/all.h"
#include "backend/cpu/elementwise/integer_strips.h"
#include "backend/cpu/elementwise/work.h"
#include "backend/cpu/estimate.h"
#include "backend/cpu/kernel_table.h"
#include "ops/expr_apply.h"

namespace bolide::cpu {
namespace {

/// Functions of what is 0 and what is not, which give 0 or 1.
bool is_logical(Fn fn) { return fn == Fn::kNot || fn == Fn::kAnd || fn == Fn::kOr || fn == Fn::kXor; }
/// Functions that give 0 or 1.
bool gives_truth(Fn fn) {
  return is_logical(fn) || fn == Fn::kLess || fn == Fn::kLessEqual || fn == Fn::kGreater || fn == Fn::kGreaterEqual ||
         fn == Fn::kEqual;
}

template <class T>
class IntegerKernel final : public HostKernel {
 public:
  IntegerKernel(ElementwiseWork work, DataType out, Strips strips, const IntegerEltwise<T>& kernels)
      : work_(std::move(work)), out_(out), strips_(strips), kernels_(kernels) {
    for (const Expr::Step& step : work_.expr.steps()) {
      for (const Expr::Arg& arg : step.args) {
        if (arg.kind == Expr::Arg::Kind::kNumber) numbers_.push_back(saturated<T>(arg.number));
      }
    }
    for (std::size_t i = 0; i < work_.operands.size(); ++i) reads_as_is_.push_back(reads_as_is(static_cast<int>(i)));
    const std::span<const Expr::Step> steps = work_.expr.steps();
    const bool bytes = sizeof(T) == 1 && out_ == DataType::kBool && !steps.empty() && gives_truth(steps.back().fn);
    writes_as_is_ = !steps.empty() && (out_ == dtype_of<T> || bytes);
  }

  Grid grid(int) const override { return {.rows = strips_.count()}; }

  std::size_t scratch_bytes() const override {
    const std::size_t buffers = work_.operands.size() + std::max<std::size_t>(1, work_.expr.steps().size());
    return (buffers + numbers_.size()) * static_cast<std::size_t>(strips_.largest()) * sizeof(T);
  }

  Status run(int, const KernelBuffers& buffers, Range rows, Range) const override {
    const std::int64_t largest = strips_.largest();
    const std::size_t inputs = work_.operands.size();
    auto* const loaded = reinterpret_cast<T*>(buffers.scratch);
    T* const results = loaded + static_cast<std::int64_t>(inputs) * largest;
    const std::span<const Expr::Step> steps = work_.expr.steps();
    T* const numbers = results + static_cast<std::int64_t>(std::max<std::size_t>(1, steps.size())) * largest;
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      std::fill_n(numbers + static_cast<std::int64_t>(i) * largest, largest, numbers_[i]);
    }
    std::array<const T*, kMaxNestOperands> in{};
    strips_.each(rows.begin, rows.end, [&](const auto& views) {
      for (std::size_t i = 0; i < inputs; ++i) {
        const DataType dtype = work_.operands[i].dtype;
        const void* base = buffers.inputs[work_.sources[i]];
        if (reads_as_is_[i] && views[i + 1].dense() && !views[i + 1].scalar()) {
          in[i] = static_cast<const T*>(base) + views[i + 1].offset;
          continue;
        }
        T* const to = loaded + static_cast<std::int64_t>(i) * largest;
        load_strip(kernels_, dtype, base, views[i + 1], to);
        in[i] = to;
      }
      const std::int64_t n = views[0].count();
      const bool in_place = writes_as_is_ && views[0].dense();
      const T* result = in[0];
      const T* number = numbers;
      for (std::size_t s = 0; s < steps.size(); ++s) {
        std::array<const T*, 3> args{};
        for (std::size_t j = 0; j < 3; ++j) {
          const Expr::Arg& arg = steps[s].args[j];
          if (arg.kind == Expr::Arg::Kind::kNumber) {
            args[j] = std::exchange(number, number + largest);
          } else if (arg.kind == Expr::Arg::Kind::kInput) {
            args[j] = in[static_cast<std::size_t>(arg.index)];
          } else {
            args[j] = results + arg.index * largest;
          }
        }
        T* to = results + static_cast<std::int64_t>(s) * largest;
        if (in_place && s + 1 == steps.size()) to = static_cast<T*>(buffers.outputs[0]) + views[0].offset;
        apply_step(steps[s].fn, args, to, n);
        result = to;
      }
      if (!in_place) store_strip(kernels_, out_, result, views[0], buffers.outputs[0]);
    });
    return ok();
  }

 private:
  /// The operand's bytes are what the steps read: its type is theirs, or it is a bool of which they ask only whether it
  /// is 0.
  bool reads_as_is(int input) const {
    const DataType dtype = work_.operands[static_cast<std::size_t>(input)].dtype;
    if (dtype == dtype_of<T>) return true;
    if (sizeof(T) != 1 || dtype != DataType::kBool || work_.expr.steps().empty()) return false;
    return std::ranges::all_of(work_.expr.steps(), [input](const Expr::Step& step) {
      return is_logical(step.fn) || std::ranges::find(step.args, Expr::in(input)) == step.args.end();
    });
  }

  void apply_step(Fn fn, const std::array<const T*, 3>& args, T* to, std::int64_t n) const {
    if (const auto function = kernels_.fn[static_cast<std::size_t>(fn)]; function != nullptr) {
      return function(args[0], args[1], args[2], to, n);
    }
    if constexpr (sizeof(T) == 8) block_function<T>(fn)(to, args[0], args[1], args[2], static_cast<int>(n));
  }

  ElementwiseWork work_;
  DataType out_;
  Strips strips_;
  const IntegerEltwise<T>& kernels_;
  std::vector<T> numbers_;  ///< in order of appearance
  std::vector<bool> reads_as_is_;
  bool writes_as_is_ = false;  ///< the last step's numbers are the result's bytes
};

/// The type that the arithmetic of the problem happens in.
enum class Width : std::uint8_t { kU8, kI32, kU32, kI64, kU64 };

/// True when a result may need more bits than the arguments.
bool grows(Fn fn) {
  return fn == Fn::kNeg || fn == Fn::kAbs || fn == Fn::kBitNot || fn == Fn::kAdd || fn == Fn::kSub || fn == Fn::kMul ||
         fn == Fn::kShiftLeft;
}

/// Narrow arithmetic gives what wide arithmetic gives and wraps, where every function has a vector form.
Width width_of(const ElementwiseWork& work, DataType out, const IntegerEltwiseKernels& kernels) {
  bool bytes = out == DataType::kU8 || out == DataType::kBool;
  bool narrow = bit_width(out) <= 32;
  bool u32 = false;
  bool u64 = false;
  for (const Operand& operand : work.operands) {
    bytes = bytes && (operand.dtype == DataType::kU8 || operand.dtype == DataType::kBool);
    narrow = narrow && bit_width(operand.dtype) <= 32;
    u32 = u32 || operand.dtype == DataType::kU32;
    u64 = u64 || operand.dtype == DataType::kU64;
  }
  for (const Expr::Step& step : work.expr.steps()) {
    const bool last = &step == &work.expr.steps().back();
    narrow = narrow && kernels.i32.fn[static_cast<std::size_t>(step.fn)] != nullptr && (last || !grows(step.fn));
    for (const Expr::Arg& arg : step.args) {
      // Small numbers have one meaning in every width.
      if (arg.kind == Expr::Arg::Kind::kNumber) {
        bytes = bytes && arg.number >= 0 && arg.number < 128;
        narrow = narrow && arg.number > -0x1p31 && arg.number < 0x1p31 && (!u32 || arg.number >= 0);
      }
    }
  }
  if (!narrow) return u64 ? Width::kU64 : Width::kI64;
  if (bytes) return Width::kU8;
  return u32 ? Width::kU32 : Width::kI32;
}

template <class T>
std::unique_ptr<Kernel> make(ElementwiseWork work, DataType out, const Strips& strips,
                             const IntegerEltwise<T>& kernels) {
  return std::make_unique<IntegerKernel<T>>(std::move(work), out, strips, kernels);
}

/// Operators on integers and bools, which wrap when they are stored.
class ElementwiseInt final : public Tactic {
 public:
  constexpr ElementwiseInt() : Tactic("cpu.elementwise.int", 2) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<ElementwiseWork> work = elementwise_work(problem);
    if (!work) return reject(work.error().message);
    if (work->integers_as_f32) return reject("its integers are read as f32");
    for (const Operand& operand : work->operands) {
      if (!has_integer_strips(operand.dtype)) return reject("integers of up to 64 bits and bool, got ", operand.dtype);
    }
    if (!has_integer_strips(problem.outputs[0].dtype)) return reject("no integer strips of ", problem.outputs[0].dtype);
    const auto strips = Strips::make(problem.outputs[0], work->operands);
    return strips ? accept() : reject(strips.error().message);
  }

  double estimate_us(const Problem& problem, const Target& target) const override {
    const double steps = static_cast<double>(problem.inputs.size()) + 1;
    return cpu::estimate_us(cpu_target(target), static_cast<double>(problem_bytes(problem)),
                            static_cast<double>(problem.outputs[0].count()) * steps * 0.1e-3);
  }

  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target& target) const override {
    TRY(ElementwiseWork work, elementwise_work(problem));
    const Operand& out = problem.outputs[0];
    TRY(Strips strips, Strips::make(out, work.operands));
    const IntegerEltwiseKernels& kernels = *kernel_table(cpu_target(target).isa).integer_eltwise;
    switch (width_of(work, out.dtype, kernels)) {
      case Width::kU8: return make(std::move(work), out.dtype, strips, kernels.u8);
      case Width::kI32: return make(std::move(work), out.dtype, strips, kernels.i32);
      case Width::kU32: return make(std::move(work), out.dtype, strips, kernels.u32);
      case Width::kU64: return make(std::move(work), out.dtype, strips, kernels.u64);
      case Width::kI64: break;
    }
    return make(std::move(work), out.dtype, strips, kernels.i64);
  }
};

constexpr ElementwiseInt kTactic;

}  // namespace

const Tactic& elementwise_int() { return kTactic; }

}  // namespace bolide::cpu
