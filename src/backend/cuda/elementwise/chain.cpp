#include "backend/cpu/elementwise/work.h"
#include "backend/cpu/nest.h"
#include "backend/cuda/cuda_target.h"
#include "backend/cuda/elementwise/tactics.h"
#include "backend/cuda/text/expr_text.h"
#include "backend/cuda/text/kernel_text.h"
#include "backend/cuda/text/nest_text.h"
#include "backend/cuda/text/text_kernel.h"
#include "ops/cast.h"

#include <algorithm>

namespace bolide::cuda {
namespace {

constexpr int kThreads = 256;

struct Chain {
  cpu::ElementwiseWork work;
  Arithmetic arithmetic = Arithmetic::kF32;
  bool truncates = false;  // a cast of floats to integers
};

bool wide_integer(DataType dtype) { return is_integer(dtype) && bit_width(dtype) > 16; }

Result<Chain> chain_of(const Problem& problem) {
  Chain chain;
  const DataType out = problem.outputs[0].dtype;
  if (c_type(out).empty()) return unsupported("results of ", out);
  if (problem.op->is<Cast>()) {
    const Operand& x = problem.inputs[0];
    const bool to_integer = is_integer(out) || out == DataType::kBool;
    if (c_type(x.dtype).empty()) return unsupported("operands of ", x.dtype);
    if (wide_integer(x.dtype) && out == DataType::kBF16) return unsupported(x.dtype, " to bf16 rounds twice");
    if (x.dtype == DataType::kF64 && out == DataType::kBF16) return unsupported("f64 to bf16 rounds twice");
    chain.work.operands = {x};
    chain.work.sources = {0};
    chain.truncates = is_float(x.dtype) && is_integer(out);
    if (!is_float(x.dtype) && to_integer) {
      chain.arithmetic = Arithmetic::kI64;
    } else if (x.dtype == DataType::kF64 || out == DataType::kF64 || wide_integer(x.dtype)) {
      chain.arithmetic = Arithmetic::kF64;
    }
    return chain;
  }
  TRY(chain.work, cpu::elementwise_work(problem));
  bool floats = chain.work.integers_as_f32;
  bool wide = out == DataType::kF64;
  for (const Operand& operand : chain.work.operands) {
    if (c_type(operand.dtype).empty()) return unsupported("operands of ", operand.dtype);
    floats = floats || is_float(operand.dtype);
    wide = wide || operand.dtype == DataType::kF64;
  }
  chain.arithmetic = !floats ? Arithmetic::kI64 : wide ? Arithmetic::kF64 : Arithmetic::kF32;
  if (const auto fn = unwritable(chain.work.expr, chain.arithmetic)) return unsupported("the function ", *fn);
  return chain;
}

NestText nest_of(const Chain& chain, const Operand& out) {
  std::vector<Dims> strides = {out.strides};
  for (const Operand& operand : chain.work.operands) {
    strides.push_back(cpu::broadcast_strides(operand.dims, operand.strides, out.dims));
  }
  return NestText::make(out.dims, std::move(strides));
}

/// A constant of one element, as a number.
std::optional<double> literal(const Operand& operand) {
  if (operand.constant == nullptr || operand.count() != 1 || operand.dtype == DataType::kI64) return std::nullopt;
  const auto values = to_f64(*operand.constant);
  return values && !values->empty() ? std::optional((*values)[0]) : std::nullopt;
}

/// Codes of a quantisation: a product that is joined with a sum decides ties in another way than the reference does.
bool rounds(const Chain& chain, const Operand& out) {
  const auto steps = chain.work.expr.steps();
  return (chain.arithmetic != Arithmetic::kI64 && is_integer(out.dtype)) ||
         std::any_of(steps.begin(), steps.end(), [](const Expr::Step& step) { return step.fn == Fn::kRound; });
}

std::string function_text(const Chain& chain, const Operand& out, const NestText& nest, int width) {
  const std::string_view number = c_type(chain.arithmetic);
  const std::string_view out_type = c_type(out.dtype);
  std::string text = strings::join("extern \"C\" __global__ void BLOCK_OF(", kThreads, ") chain_", width, "(", out_type,
                                   "* __restrict__ y");
  std::vector<std::optional<double>> literals;
  for (std::size_t i = 0; i < chain.work.operands.size(); ++i) {
    literals.push_back(literal(chain.work.operands[i]));
    if (literals.back()) continue;
    text += strings::join(", const ", c_type(chain.work.operands[i].dtype), "* __restrict__ x", i);
  }
  const std::string_view offset = nest.offset_type();
  text += strings::join(") {\n  const ", offset, " group = (", offset, ")blockIdx.x * ", kThreads,
                        " + threadIdx.x;\n  if (group >= ", nest.count() / width, ") return;\n",
                        nest.offsets("group", width));
  std::vector<std::string> inputs;
  for (std::size_t i = 0; i < chain.work.operands.size(); ++i) {
    const std::string_view type = c_type(chain.work.operands[i].dtype);
    if (literals[i]) {
      inputs.push_back(number_text(*literals[i], chain.arithmetic));
      continue;
    }
    const bool one = nest.strides[i + 1].back() == 0;
    if (one) {
      text += strings::join("  const ", number, " v", i, " = Load<", number, ">::from(x", i, "[o", i + 1, "]);\n");
      inputs.push_back(strings::join("v", i));
    } else {
      text += strings::join("  const Group<", type, ", ", width, "> g", i, " = *(const Group<", type, ", ", width,
                            ">*)(x", i, " + o", i + 1, ");\n");
      inputs.push_back(strings::join("Load<", number, ">::from(g", i, ".at[e])"));
    }
  }
  text += strings::join("  Group<", out_type, ", ", width, "> to;\n#pragma unroll\n  for (int e = 0; e < ", width,
                        "; ++e) {\n    ", number, " value;\n    ");
  // Loaded once, however often the expression names them.
  std::vector<std::string> names;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    text += strings::join("const ", number, " a", i, " = ", inputs[i], "; ");
    names.push_back(strings::join("a", i));
  }
  text += strings::join("\n    ", expr_text(chain.work.expr, names, "value", chain.arithmetic), "\n    ");
  text += chain.truncates ? strings::join("to.at[e] = (", out_type, ")truncated(value);\n")
                          : strings::join("to.at[e] = Store<", out_type, ">::from(value);\n");
  text += strings::join("  }\n  *(Group<", out_type, ", ", width, ">*)(y + o0) = to;\n}\n");
  return text;
}

class ChainTactic final : public Tactic {
 public:
  constexpr ChainTactic() : Tactic("cuda.elementwise", 2) {}

  Verdict accepts(const Problem& problem, const Target&) const override {
    const Result<Chain> chain = chain_of(problem);
    if (!chain) return reject(chain.error().message);
    if (chain->work.operands.size() > 40) return reject("more than 40 operands");
    return accept();
  }

  double estimate_us(const Problem& problem, const Target& target) const override {
    double bytes = 0;
    double scattered = 1;
    const Operand& out = problem.outputs[0];
    const Result<Chain> chain = chain_of(problem);
    if (chain) {
      const NestText nest = nest_of(*chain, out);
      for (std::size_t i = 0; i < chain->work.operands.size(); ++i) {
        const Operand& operand = chain->work.operands[i];
        bytes += static_cast<double>(bolide::packed_bytes(operand.dtype, operand.count()));
        if (operand.count() > 1024 && nest.strides[i + 1].back() > 1) scattered = 3;
      }
      if (nest.strides[0].back() > 1) scattered = 3;
    }
    bytes += static_cast<double>(bolide::packed_bytes(out.dtype, out.count()));
    return estimate_cuda_us(cuda_target(target), bytes * scattered);
  }

  Result<std::unique_ptr<Kernel>> bind(const Problem& problem, const Target&) const override {
    TRY(const Chain chain, chain_of(problem));
    const Operand& out = problem.outputs[0];
    const NestText nest = nest_of(chain, out);
    TextLaunch launch{.program = {.name = "elementwise", .text = joined_text({"chain"})}};
    if (rounds(chain, out)) launch.program.options = {"-fmad=false"};
    launch.args.push_back({AddressArg::Kind::kOutput, 0});
    int bytes = bit_width(out.dtype) / 8;
    for (std::size_t i = 0; i < chain.work.operands.size(); ++i) {
      if (literal(chain.work.operands[i])) continue;
      launch.args.push_back({AddressArg::Kind::kInput, chain.work.sources[i]});
      bytes = std::max(bytes, bit_width(chain.work.operands[i].dtype) / 8);
    }
    const int widest = nest.width(bytes);
    for (int width = widest;; width = 1) {
      launch.program.text += function_text(chain, out, nest, width);
      const std::int64_t blocks = (nest.count() / width + kThreads - 1) / kThreads;
      if (blocks >= INT64_C(1) << 31) return unsupported(nest.count(), " elements in one launch");
      launch.forms.push_back({.function = strings::join("chain_", width),
                              .launch = {.grid = {static_cast<unsigned>(blocks), 1, 1}, .block = {kThreads, 1, 1}},
                              .alignment = static_cast<std::size_t>(width > 1 ? width * bytes : 1)});
      if (width == 1) break;
    }
    return std::unique_ptr<Kernel>(std::make_unique<TextKernel>(std::vector{std::move(launch)}));
  }
};

constexpr ChainTactic kTactic;

}  // namespace

std::span<const Tactic* const> chain_tactics() {
  static constexpr std::array<const Tactic*, 1> kTactics = {&kTactic};
  return kTactics;
}

}  // namespace bolide::cuda
