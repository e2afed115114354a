/// fuse-integer-contractions: Conv, ConvTranspose and MatMul of dequantized operands multiply the integers.
///
///     x8 -> DequantizeLinear -> Conv -> y      =>     x8, w8, factors, bias -> Conv{t0=mul(x0,x1);add(t0,x2)} -> y
///     w8 -> DequantizeLinear ---/
///
/// The zero points become the operator's, the product of the scales a factor in the epilogue. A bias that stands for
/// whole multiples of that product is added to the integers, any other one after the factor. What followed still
/// follows, in f32; fuse-epilogue takes it in, with the QuantizeLinear behind it.
///
///     x8 -> DequantizeLinear -> Reduce(mean) -> y     =>   x8 -> Reduce(mean, as_f32) -> sub(zero) -> mul(scale) -> y
///
/// Fires when   both operands are dequantized from u8 or i8 with constant scales: x with one, the weights with one or
///              (constant weights) with one an output channel; zero points are equal over the channels
/// Bound        sums are exact, where the float graph rounds each product's scale; the result differs from the float
///              graph's by its own rounding of the operands, a few units of f32, which decides ties of a following
///              rounding. Sums beyond 2^24 are rounded to f32.
#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/fused_elementwise.h"
#include "ops/matmul.h"
#include "ops/quantize.h"
#include "ops/reduce.h"
#include "passes/contraction_node.h"
#include "passes/expr_builder.h"
#include "passes/passes.h"
#include "passes/quantization.h"
#include "passes/rewrite.h"

#include <algorithm>
#include <cmath>

namespace bolide {
namespace {

bool is_byte(DataType type) { return type == DataType::kU8 || type == DataType::kI8; }

/// The two operands in integers.
struct Operands {
  ValueId x = kNoValue;
  ValueId w = kNoValue;
  std::int64_t x_zero = 0;
  std::int64_t w_zero = 0;
  std::vector<float> factors;  ///< one, or one an output channel
  std::vector<double> exact_factors;
};

/// The axis of the weights that runs over output channels, or -1 when it is none.
int weight_channel_axis(const Graph& graph, const Node& node) {
  if (node.op.is<Conv>()) return 0;
  if (const auto* conv = node.op.as<ConvTranspose>()) return conv->groups == 1 ? 1 : -1;
  const int rank = graph.value(node.inputs[1]).type.rank();
  return rank == 2 ? 1 : -1;  // a batch of weight matrices shares no channels
}

std::optional<Operands> integer_operands(const Graph& graph, const Node& node) {
  const auto x = dequantized_from(graph, node.inputs[0]);
  const auto w = dequantized_from(graph, node.inputs[1]);
  if (!x || !w || !is_byte(x->codes) || !is_byte(w->codes) || !x->per_tensor()) return std::nullopt;
  if (!std::equal(w->zeros.begin() + 1, w->zeros.end(), w->zeros.begin())) return std::nullopt;
  if (!w->per_tensor() && w->axis != weight_channel_axis(graph, node)) return std::nullopt;
  Operands out;
  out.x = graph.producer(node.inputs[0])->inputs[0];
  out.w = graph.producer(node.inputs[1])->inputs[0];
  // Convolutions keep their weights packed; those that change from run to run stay in float.
  if (!node.op.is<MatMul>() && graph.constant(out.w) == nullptr) return std::nullopt;
  out.x_zero = static_cast<std::int64_t>(x->zeros[0]);
  out.w_zero = static_cast<std::int64_t>(w->zeros[0]);
  for (const float scale : w->scales) {
    out.exact_factors.push_back(static_cast<double>(x->scales[0]) * static_cast<double>(scale));
    out.factors.push_back(static_cast<float>(out.exact_factors.back()));
    if (!std::isnormal(out.factors.back())) return std::nullopt;
  }
  return out;
}

/// The bias as i32 on the sums, when its value is dequantized from i32 with the factors as scales.
std::optional<ValueId> integer_bias(const Graph& graph, ValueId bias, const Operands& operands) {
  const auto from = dequantized_from(graph, bias, true);
  if (!from || from->codes != DataType::kI32) return std::nullopt;
  constexpr double kClose = 1e-6;  // writers round the product of the scales in f32, some after other steps
  const auto& factors = operands.exact_factors;
  const std::size_t channels = std::max(from->scales.size(), factors.size());
  if (from->scales.size() != channels && from->scales.size() != 1) return std::nullopt;
  if (factors.size() != channels && factors.size() != 1) return std::nullopt;
  for (std::size_t i = 0; i < channels; ++i) {
    const double scale = static_cast<double>(from->scales[from->scales.size() == 1 ? 0 : i]);
    const double factor = factors[factors.size() == 1 ? 0 : i];
    if (std::abs(scale - factor) > kClose * factor) return std::nullopt;
  }
  if (std::any_of(from->zeros.begin(), from->zeros.end(), [](double z) { return z != 0; })) return std::nullopt;
  return graph.producer(bias)->inputs[0];
}

/// The bias as numbers; nothing unless it is a constant or dequantized from one.
std::optional<Tensor> constant_bias(const Graph& graph, ValueId bias) {
  if (const Tensor* known = graph.constant(bias)) return *known;
  const Node* producer = graph.producer(bias);
  if (producer == nullptr || !producer->op.is<DequantizeLinear>()) return std::nullopt;
  std::vector<const Tensor*> inputs;
  for (const ValueId input : producer->inputs) {
    inputs.push_back(graph.constant(input));
    if (input != kNoValue && inputs.back() == nullptr) return std::nullopt;
  }
  EvalContext context;
  auto results = producer->op.evaluate(inputs, context);
  if (!results || results->empty()) return std::nullopt;
  return std::move(results->front());
}

Op with_zero_points(const Op& op, std::int64_t x_zero, std::int64_t w_zero) {
  const auto conv_like = [&](auto copy) {
    copy.x_zero = x_zero;
    copy.w_zero = w_zero;
    return Op(copy);
  };
  if (const auto* conv = op.as<Conv>()) return conv_like(*conv);
  if (const auto* conv = op.as<ConvTranspose>()) return conv_like(*conv);
  MatMul product = *op.as<MatMul>();
  product.a_zero = x_zero;
  product.b_zero = w_zero;
  return product;
}

Result<std::optional<Patch>> in_integers(Graph& graph, NodeId id) {
  std::optional<Patch> none;
  const auto view = contraction_view(graph, id);
  if (!view) return none;
  const Node node = graph.node(id);
  const auto operands = integer_operands(graph, node);
  if (!operands) return none;
  const TensorType type = graph.value(node.outputs[0]).type;
  if (operands->factors.size() > 1 && view->channel_axis < 0) return none;
  const ValueId bias = node.inputs.size() > 2 ? node.inputs[2] : kNoValue;
  const auto on_sums = bias == kNoValue ? std::nullopt : integer_bias(graph, bias, *operands);

  ExprBuilder builder(graph, 1);
  const auto vector = [&](std::span<const float> numbers) {
    if (numbers.size() == 1) return f32_number(numbers[0]);
    return builder.constant(along_axis(numbers, view->channel_axis, type.rank()));
  };
  Expr::Arg acc = builder.push(Fn::kMul, Expr::in(0), vector(operands->factors));
  if (bias != kNoValue && !on_sums) {
    const auto numbers = constant_bias(graph, bias);
    if (!numbers || numbers->dtype() != DataType::kF32) return none;
    acc = builder.push(Fn::kAdd, acc, vector(numbers->span<float>()));
  }
  std::vector<Expr::Arg> args = {acc};
  for (std::size_t i = 3; i < node.inputs.size(); ++i) args.push_back(builder.input(node.inputs[i]));
  const Expr epilogue = builder.finish(builder.apply(view->epilogue, args));

  Patch patch(graph, id);
  std::vector<ValueId> inputs = {operands->x, operands->w};
  const std::vector<ValueId> extra = builder.values(patch);
  if (on_sums || !extra.empty()) inputs.push_back(on_sums.value_or(kNoValue));
  inputs.insert(inputs.end(), extra.begin(), extra.end());
  const Op op = with_zero_points(with_epilogue(node.op, epilogue, view->out), operands->x_zero, operands->w_zero);
  auto y = patch.add(op, std::move(inputs));
  if (!y || graph.value(*y).type != type) return none;
  patch.replace(node.outputs[0], *y);
  return std::optional<Patch>(std::move(patch));
}

/// A mean of numbers of one scale is that of their codes, of which there is a quarter of the bytes.
Result<std::optional<Patch>> mean_of_codes(Graph& graph, NodeId id) {
  std::optional<Patch> none;
  const Node node = graph.node(id);
  const auto* reduce = node.op.as<Reduce>();
  if (reduce == nullptr || reduce->kind != ReduceKind::kMean || reduce->as_f32) return none;
  const auto from = dequantized_from(graph, node.inputs[0]);
  if (!from || !is_byte(from->codes) || !from->per_tensor()) return none;
  Reduce of_codes = *reduce;
  of_codes.as_f32 = true;
  std::vector<ValueId> inputs = node.inputs;
  inputs[0] = graph.producer(node.inputs[0])->inputs[0];
  Patch patch(graph, id);
  TRY(const ValueId mean, patch.add(of_codes, std::move(inputs)));
  Expr real(1);
  const Expr::Arg centred = real.push(Fn::kSub, Expr::in(0), Expr::number(from->zeros[0]));
  real.push(Fn::kMul, centred, f32_number(from->scales[0]));
  TRY(const ValueId y, patch.add(Elementwise{std::move(real)}, {mean}));
  patch.replace(node.outputs[0], y);
  return std::optional<Patch>(std::move(patch));
}

}  // namespace

Result<int> fuse_integer_contractions(Graph& graph) {
  TRY(const int contractions, rewrite_all(graph, in_integers));
  TRY(const int means, rewrite_all(graph, mean_of_codes));
  return contractions + means;
}

}  // namespace bolide
