#include "ops/recurrent.h"

#include "ops/contraction.h"
#include "ops/recurrent_cell.h"

#include <algorithm>

namespace bolide {
namespace {

/// The attributes that the three operators share.
struct Layer {
  const OpInfo& info;
  CellKind kind;
  RecurrentDirection direction;
  std::span<const std::string> activations;
  std::span<const float> alpha;
  std::span<const float> beta;
  double clip;
  bool batch_first;
  bool linear_before_reset = false;
  bool input_forget = false;

  std::int64_t directions() const { return direction == RecurrentDirection::kBidirectional ? 2 : 1; }
};

template <class T>
Layer layer_of(const T& op, CellKind kind) {
  return {T::kInfo,        kind,          op.direction, op.activations, op.activation_alpha, op.activation_beta,
          double{op.clip}, op.layout == 1};
}

Status check_shape(const Layer& layer, const InferContext& context, int index, std::string_view what,
                   const Shape& want) {
  if (!context.has(index)) return ok();
  if (context.rank(index) != static_cast<int>(want.size())) {
    return invalid_argument(layer.info.name, ": ", what, " is ", context.shape(index), ", expected ", want);
  }
  for (std::size_t d = 0; d < want.size(); ++d) {
    TRY_OK(require_equal(layer.info, strings::join(what, " dim ", d), context.shape(index)[d], want[d]));
  }
  return ok();
}

Result<std::vector<CellFunction>> functions_of(const Layer& layer) {
  static constexpr std::string_view kDefaults[3][3] = {{"Tanh"}, {"Sigmoid", "Tanh"}, {"Sigmoid", "Tanh", "Tanh"}};
  const std::size_t each = activations_of(layer.kind);
  const std::size_t count = each * static_cast<std::size_t>(layer.directions());
  if (!layer.activations.empty() && layer.activations.size() != count) {
    return invalid_argument(layer.info.name, ": ", layer.activations.size(), " activations, expected ", count);
  }
  std::span<const float> alpha = layer.alpha;
  std::span<const float> beta = layer.beta;
  std::vector<CellFunction> out;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view name = layer.activations.empty() ? kDefaults[static_cast<std::size_t>(layer.kind)][i % each]
                                                            : std::string_view(layer.activations[i]);
    const bool of_cell = i % each == 2;  // of what an LSTM remembers, which is not clipped
    Result<CellFunction> function = CellFunction::make(name, alpha, beta, of_cell ? 0 : layer.clip);
    if (!function) return std::move(function).within(layer.info.name).error();
    out.push_back(*std::move(function));
  }
  return out;
}

Result<TensorTypes> infer_layer(const Layer& layer, std::int64_t layout, const InferContext& context) {
  TRY_OK(require_float(layer.info, context));
  for (const int i : {1, 2, 3, 5, 6, 7}) {
    if (context.has(i) && context.dtype(i) != context.dtype(0)) {
      return unsupported(layer.info.name, ": input ", i, " is ", context.type(i), " and x ", context.type(0));
    }
  }
  if (layout != 0 && layout != 1) return invalid_argument(layer.info.name, ": layout is ", layout);
  TRY_OK(functions_of(layer));
  const Shape& x = context.shape(0);
  if (x.size() != 3 || context.rank(2) != 3) {
    return invalid_argument(layer.info.name, ": x is ", x, " and r is ", context.shape(2), "; both need rank 3");
  }
  const Dim& sequence = x[layer.batch_first ? 1 : 0];
  const Dim& batch = x[layer.batch_first ? 0 : 1];
  const Dim hidden = context.shape(2)[2];
  const Dim directions(layer.directions());
  const Dim gates(gates_of(layer.kind));
  const Shape state = layer.batch_first ? Shape{batch, directions, hidden} : Shape{directions, batch, hidden};
  TRY_OK(check_shape(layer, context, 1, "w", {directions, gates * hidden, x[2]}));
  TRY_OK(check_shape(layer, context, 2, "r", {directions, gates * hidden, hidden}));
  TRY_OK(check_shape(layer, context, 3, "bias", {directions, Dim(2) * gates * hidden}));
  TRY_OK(check_shape(layer, context, 4, "lengths", {batch}));
  if (context.has(4) && !is_integer(context.dtype(4))) {
    return invalid_argument(layer.info.name, ": lengths are ", context.type(4), ", expected i32");
  }
  TRY_OK(check_shape(layer, context, 5, "initial_h", state));
  TRY_OK(check_shape(layer, context, 6, "initial_c", state));
  TRY_OK(check_shape(layer, context, 7, "peepholes", {directions, Dim(3) * hidden}));
  TensorTypes types;
  types.push_back({context.dtype(0), layer.batch_first ? Shape{batch, sequence, directions, hidden}
                                                       : Shape{sequence, directions, batch, hidden}});
  for (int i = 1; i < context.output_count(); ++i) types.push_back({context.dtype(0), state});
  return types;
}

/// Part `part` of `parts` of an optional input, zeros when it is left out.
Result<std::vector<double>> part_of(TensorInputs inputs, int index, std::int64_t part, std::int64_t count) {
  if (input_at(inputs, index) == nullptr) return std::vector<double>(static_cast<std::size_t>(count), 0.0);
  TRY(const std::vector<double> all, to_f64(*inputs[static_cast<std::size_t>(index)]));
  return std::vector<double>(all.begin() + part * count, all.begin() + (part + 1) * count);
}

struct Sizes {
  std::int64_t sequence;
  std::int64_t batch;
  std::int64_t input;
  std::int64_t hidden;
  std::int64_t directions;
  bool batch_first;

  std::int64_t x_row(std::int64_t t, std::int64_t b) const { return batch_first ? b * sequence + t : t * batch + b; }
  std::int64_t y_at(std::int64_t t, std::int64_t d, std::int64_t b) const {
    return (batch_first ? (b * sequence + t) * directions + d : (t * directions + d) * batch + b) * hidden;
  }
  std::int64_t state_at(std::int64_t d, std::int64_t b) const {
    return (batch_first ? b * directions + d : d * batch + b) * hidden;
  }
};

/// Runs direction d over all rows of the batch; h and c hold the initial states and take the last ones.
void run_direction(const Cell& cell, const Sizes& sizes, std::int64_t d, bool reverse, const Dims& lengths,
                   const double* from_x, double* y, double* h, double* c) {
  const std::int64_t width = gates_of(cell.kind) * sizes.hidden;
  parallel_ranges(sizes.batch, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      double* state = h + sizes.state_at(d, b);
      double* memory = c + sizes.state_at(d, b);
      const std::int64_t length = lengths[static_cast<std::size_t>(b)];
      for (std::int64_t step = 0; step < length; ++step) {
        const std::int64_t t = reverse ? length - 1 - step : step;
        cell.step(from_x + sizes.x_row(t, b) * width, state, memory);
        std::copy_n(state, sizes.hidden, y + sizes.y_at(t, d, b));
      }
    }
  });
}

Result<Tensors> evaluate_layer(const Layer& layer, const std::vector<KnownResult>& results, TensorInputs inputs,
                               const EvalContext& context) {
  const Dims& x_dims = inputs[0]->dims();
  const Sizes sizes{x_dims[layer.batch_first ? 1 : 0],
                    x_dims[layer.batch_first ? 0 : 1],
                    x_dims[2],
                    inputs[2]->dims()[2],
                    layer.directions(),
                    layer.batch_first};
  const std::int64_t width = gates_of(layer.kind) * sizes.hidden;
  Dims lengths(static_cast<std::size_t>(sizes.batch), sizes.sequence);
  if (input_at(inputs, 4) != nullptr) {
    TRY(lengths, to_i64(*inputs[4]));
    for (const std::int64_t length : lengths) {
      if (length < 0 || length > sizes.sequence) {
        return invalid_argument(layer.info.name, ": a length is ", length, ", the sequence has ", sizes.sequence);
      }
    }
  }
  TRY(const std::vector<CellFunction> functions, functions_of(layer));
  TRY(const Tensor x, as_f64(*inputs[0]));
  TRY(const Tensor w, as_f64(*inputs[1]));
  TRY(const Tensor r, as_f64(*inputs[2]));
  TRY(Tensor y, context.allocate(DataType::kF64, results[0].dims));
  const std::int64_t states = sizes.directions * sizes.batch * sizes.hidden;
  TRY(std::vector<double> h, part_of(inputs, 5, 0, states));
  TRY(std::vector<double> c, part_of(inputs, 6, 0, states));
  TRY(Tensor turned, context.allocate(DataType::kF64, {sizes.input, width}));
  TRY(Tensor from_x, context.allocate(DataType::kF64, {sizes.sequence * sizes.batch, width}));
  const std::size_t each = activations_of(layer.kind);
  for (std::int64_t d = 0; d < sizes.directions; ++d) {
    const double* weights = w.span<double>().data() + d * width * sizes.input;
    for (std::int64_t i = 0; i < width; ++i) {
      for (std::int64_t j = 0; j < sizes.input; ++j) {
        turned.span<double>()[static_cast<std::size_t>(j * width + i)] = weights[i * sizes.input + j];
      }
    }
    contract_matrices(sizes.sequence * sizes.batch, width, sizes.input, x.span<double>().data(),
                      turned.span<double>().data(), from_x.span<double>().data());
    Cell cell{layer.kind, layer.linear_before_reset, layer.input_forget, sizes.hidden, {}, nullptr, {}, {}, {}};
    const auto first = functions.begin() + static_cast<std::ptrdiff_t>(each) * d;
    cell.functions.assign(first, first + static_cast<std::ptrdiff_t>(each));
    cell.recurrence = r.span<double>().data() + d * width * sizes.hidden;
    TRY(cell.w_bias, part_of(inputs, 3, 2 * d, width));
    TRY(cell.r_bias, part_of(inputs, 3, 2 * d + 1, width));
    TRY(cell.peepholes, part_of(inputs, 7, d, 3 * sizes.hidden));
    const bool reverse = layer.direction == RecurrentDirection::kReverse || d == 1;
    run_direction(cell, sizes, d, reverse, lengths, from_x.span<double>().data(), y.span<double>().data(), h.data(),
                  c.data());
  }
  TRY(Tensor stored, store_f64(y, results[0].dtype));
  Tensors out = one(std::move(stored));
  for (std::size_t i = 1; i < results.size(); ++i) {
    const Tensor state = Tensor::of<double>(i == 1 ? h : c, results[i].dims);
    TRY(Tensor last, store_f64(state, results[i].dtype));
    out.push_back(std::move(last));
  }
  return out;
}

}  // namespace

Result<TensorTypes> RNN::infer(const InferContext& context) const {
  return infer_layer(layer_of(*this, CellKind::kRnn), layout, context);
}
Result<Tensors> RNN::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  return evaluate_layer(layer_of(*this, CellKind::kRnn), results, inputs, context);
}

Result<TensorTypes> GRU::infer(const InferContext& context) const {
  return infer_layer(layer_of(*this, CellKind::kGru), layout, context);
}
Result<Tensors> GRU::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  Layer layer = layer_of(*this, CellKind::kGru);
  layer.linear_before_reset = linear_before_reset;
  return evaluate_layer(layer, results, inputs, context);
}

Result<TensorTypes> LSTM::infer(const InferContext& context) const {
  return infer_layer(layer_of(*this, CellKind::kLstm), layout, context);
}
Result<Tensors> LSTM::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const auto results, infer_known(*this, inputs, context));
  Layer layer = layer_of(*this, CellKind::kLstm);
  layer.input_forget = input_forget;
  return evaluate_layer(layer, results, inputs, context);
}

}  // namespace bolide
