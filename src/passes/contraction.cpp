#include "passes/contraction.h"

#include "ops/conv.h"
#include "ops/conv_transpose.h"
#include "ops/matmul.h"
#include "tensor/number.h"

#include <algorithm>

namespace bolide {
namespace {

std::int64_t inner_size(const Tensor& weights) {
  std::int64_t out = 1;
  for (std::size_t i = 2; i < weights.dims().size(); ++i) out *= weights.dims()[i];
  return out;
}

/// Attributes that all three operators have.
template <class T>
bool is_plain(const T& op, DataType type) {
  return op.epilogue.is_identity() && op.out == type;
}

bool describe(const Op& op, const Dims& w, int x_rank, Contraction& out) {
  const DataType type = out.dtype();
  if (const Conv* conv = op.as<Conv>()) {
    out.kind = Contraction::Kind::kConv;
    out.groups = conv->groups;
    out.out_channels = w[0];
    out.in_channels = w[1] * conv->groups;
    out.pads_with_zeros = conv->auto_pad == AutoPad::kSameLower || conv->auto_pad == AutoPad::kSameUpper ||
                          std::any_of(conv->pads.begin(), conv->pads.end(), [](std::int64_t p) { return p != 0; });
    return is_plain(*conv, type) && conv->x_zero == 0 && conv->w_zero == 0;
  }
  if (const ConvTranspose* conv = op.as<ConvTranspose>()) {
    out.kind = Contraction::Kind::kConvTranspose;
    out.groups = conv->groups;
    out.in_channels = w[0];
    out.out_channels = w[1] * conv->groups;
    out.pads_with_zeros = true;  // positions that no input reaches get no shift
    return is_plain(*conv, type) && conv->x_zero == 0 && conv->w_zero == 0;
  }
  if (const MatMul* matmul = op.as<MatMul>()) {
    out.kind = Contraction::Kind::kMatMul;
    out.in_channels = w[0];
    out.out_channels = w[1];
    return w.size() == 2 && x_rank >= 2 && is_plain(*matmul, type) && matmul->a_zero == 0 && matmul->b_zero == 0;
  }
  return false;
}

double at(const std::vector<double>& numbers, std::int64_t channel) {
  return numbers.size() == 1 ? numbers.front() : numbers[static_cast<std::size_t>(channel)];
}

Result<std::vector<double>> bias_of(const Contraction& contraction) {
  if (contraction.bias == nullptr) return std::vector<double>(static_cast<std::size_t>(contraction.out_channels), 0.0);
  return to_f64(*contraction.bias);
}

bool all_zero(const std::vector<double>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double number) { return number == 0; });
}

}  // namespace

std::int64_t Contraction::in_channel(std::int64_t i) const {
  if (kind == Kind::kMatMul) return i / out_channels;
  const std::int64_t inner = inner_size(*weights);
  const std::int64_t second = weights->dims()[1];
  if (kind == Kind::kConvTranspose) return i / (inner * second);
  const std::int64_t out = i / (inner * second);
  return out / (out_channels / groups) * second + i / inner % second;
}

std::int64_t Contraction::out_channel(std::int64_t i) const {
  if (kind == Kind::kMatMul) return i % out_channels;
  const std::int64_t inner = inner_size(*weights);
  const std::int64_t second = weights->dims()[1];
  if (kind == Kind::kConv) return i / (inner * second);
  const std::int64_t in = i / (inner * second);
  return in / (in_channels / groups) * second + i / inner % second;
}

std::optional<Contraction> contraction_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.inputs.size() < 2 || node.inputs.size() > 3 || node.outputs.size() != 1) return std::nullopt;
  Contraction out;
  out.node = id;
  out.x = node.inputs[0];
  out.weights = graph.constant(node.inputs[1]);
  if (out.weights == nullptr || out.weights->rank() < 2 || out.weights->count() == 0 || !is_float(out.dtype())) {
    return std::nullopt;
  }
  if (graph.value(out.x).type.dtype != out.dtype()) return std::nullopt;
  if (!describe(node.op, out.weights->dims(), graph.value(out.x).type.rank(), out)) return std::nullopt;
  if (node.inputs.size() == 3 && node.inputs[2] != kNoValue) {
    out.bias = graph.constant(node.inputs[2]);
    if (out.bias == nullptr || out.bias->count() != out.out_channels) return std::nullopt;
  }
  return out;
}

std::optional<Contraction> sole_contraction(const Graph& graph, ValueId value) {
  if (graph.producer(value) == nullptr || graph.use_count(value) != 1) return std::nullopt;
  return contraction_of(graph, graph.producer_id(value));
}

std::optional<std::vector<double>> per_channel(const Graph& graph, ValueId constant, const Shape& shape, int axis) {
  const Tensor* tensor = graph.constant(constant);
  if (tensor == nullptr || tensor->rank() > static_cast<int>(shape.size()) || !is_float(tensor->dtype())) {
    return std::nullopt;
  }
  const int missing = static_cast<int>(shape.size()) - tensor->rank();
  for (int i = 0; i < tensor->rank(); ++i) {
    const std::int64_t size = tensor->dims()[static_cast<std::size_t>(i)];
    if (size == 1) continue;
    if (i + missing != axis || !(shape[static_cast<std::size_t>(axis)] == Dim(size))) return std::nullopt;
  }
  auto numbers = to_f64(*tensor);
  if (!numbers || numbers->empty()) return std::nullopt;
  return *std::move(numbers);
}

Result<ValueId> with_weights(const Graph& graph, Patch& patch, const Contraction& contraction,
                             const std::vector<double>& weights, const std::vector<double>& bias) {
  const Node& node = graph.node(contraction.node);
  const std::string name = graph.value(node.inputs[1]).name;
  const Dims dims = contraction.weights->dims();
  const DataType dtype = contraction.dtype();
  TRY(Tensor w, cast(Tensor::of<double>(weights, dims), dtype));
  std::vector<ValueId> inputs = {contraction.x, patch.constant(name, std::move(w))};
  if (!bias.empty()) {
    TRY(Tensor b, cast(Tensor::of<double>(bias), dtype));
    inputs.push_back(patch.constant(strings::join(name, ".bias"), std::move(b)));
  }
  return patch.add(node.op, std::move(inputs));
}

Result<ValueId> with_output_affine(const Graph& graph, Patch& patch, const Contraction& contraction,
                                   const std::vector<double>& scale, const std::vector<double>& shift) {
  TRY(std::vector<double> weights, to_f64(*contraction.weights));
  TRY(std::vector<double> bias, bias_of(contraction));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    weights[i] *= at(scale, contraction.out_channel(static_cast<std::int64_t>(i)));
  }
  for (std::size_t o = 0; o < bias.size(); ++o) {
    bias[o] = bias[o] * at(scale, static_cast<std::int64_t>(o)) + at(shift, static_cast<std::int64_t>(o));
  }
  if (contraction.bias == nullptr && all_zero(shift)) bias.clear();
  return with_weights(graph, patch, contraction, weights, bias);
}

Result<ValueId> with_input_affine(const Graph& graph, Patch& patch, const Contraction& contraction, ValueId x,
                                  const std::vector<double>& scale, const std::vector<double>& shift) {
  TRY(std::vector<double> weights, to_f64(*contraction.weights));
  TRY(std::vector<double> bias, bias_of(contraction));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    const std::int64_t in = contraction.in_channel(index);
    bias[static_cast<std::size_t>(contraction.out_channel(index))] += weights[i] * at(shift, in);
    weights[i] *= at(scale, in);
  }
  if (contraction.bias == nullptr && all_zero(shift)) bias.clear();
  Contraction moved = contraction;
  moved.x = x;
  return with_weights(graph, patch, moved, weights, bias);
}

}  // namespace bolide
