#include <bolide/network.h>

#include "api/network_state.h"
#include "base/time_limit.h"
#include "compile/lower.h"
#include "ir/text.h"
#include "ops/all.h"
#include "runtime/reference.h"

#include <algorithm>

namespace bolide {
namespace {

std::vector<std::int64_t> integers(const Dims& dims) { return {dims.begin(), dims.end()}; }

std::string list(std::string_view name, const Dims& values) {
  return values.empty() ? std::string() : strings::join(' ', name, '=', values);
}

TensorRef add_conv(Network& network, std::string_view op, TensorRef x, const ConvSpec& spec) {
  const std::string attributes = strings::join(list("strides", spec.strides), list("pads", spec.pads),
                                               list("dilations", spec.dilations), " groups=", spec.groups);
  std::vector<TensorRef> inputs = {x, network.constant(spec.weights, strings::join(spec.name, ".weight"))};
  if (spec.bias.count() > 0) inputs.push_back(network.constant(spec.bias, strings::join(spec.name, ".bias")));
  return network.layer(op, attributes, inputs, spec.name);
}

}  // namespace

Result<Tensor> to_internal(const HostTensor& tensor) {
  Tensor view = HostTensor::Access::view(tensor);
  if (is_container(tensor.dtype())) return view;  // whose items are ours already
  TRY(Tensor copy, Tensor::allocate(tensor.dtype(), tensor.dims()));
  if (tensor.dtype() == DataType::kString) {
    std::ranges::copy(view.span<std::string>(), copy.span<std::string>().begin());
  } else if (tensor.bytes() > 0) {
    std::memcpy(copy.data(), tensor.data(), tensor.bytes());
  }
  return copy;
}

Network::Network() : state_(std::make_unique<State>()) {}
Network::~Network() = default;
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;

TensorRef Network::input(std::string_view name, DataType type, std::string_view shape) {
  if (!state_->status) return {};
  if (is_container(type)) {
    state_->status = unsupported("input '", name, "': a network built by layers has tensors only");
    return {};
  }
  Result<Shape> parsed = parse_shape(shape);
  if (!parsed) {
    state_->status = std::move(parsed).within(strings::join("input '", name, "'")).error();
    return {};
  }
  Result<ValueId> value = state_->graph.add_input(std::string(name), {type, *std::move(parsed)});
  if (!value) {
    state_->status = std::move(value).error();
    return {};
  }
  return {*value};
}

TensorRef Network::constant(const HostTensor& tensor, std::string_view name) {
  if (!state_->status) return {};
  Result<Tensor> copy = to_internal(tensor);
  if (!copy) {
    state_->status = std::move(copy).within(strings::join("constant '", name, "'")).error();
    return {};
  }
  return {state_->graph.add_constant(name.empty() ? "constant" : name, *std::move(copy))};
}

void Network::output(TensorRef value, std::string_view name) {
  if (!state_->status) return;
  if (!value || value.id >= static_cast<int>(state_->graph.value_count())) {
    state_->status = invalid_argument("output '", name, "': the value is ", value ? "not of this network" : "empty");
    return;
  }
  ValueId id = value.id;
  if (!name.empty() && state_->graph.value(id).name != name) {
    Result<std::vector<ValueId>> named =
        state_->graph.add_node(Identity{}, {id}, strings::join(name, "/output"), {std::string(name)});
    if (!named) {
      state_->status = std::move(named).error();
      return;
    }
    id = named->front();
  }
  state_->outputs.push_back(id);
  state_->graph.set_outputs(state_->outputs);
}

Status Network::mark_output(std::string_view name) {
  TRY(const TensorRef value, find(name));
  if (std::find(state_->outputs.begin(), state_->outputs.end(), value.id) == state_->outputs.end()) {
    state_->outputs.push_back(value.id);
    state_->graph.set_outputs(state_->outputs);
  }
  return {};
}

std::vector<TensorRef> Network::layers(std::string_view op, std::string_view attributes,
                                       const std::vector<TensorRef>& inputs, int outputs, std::string_view name) {
  std::vector<TensorRef> none(static_cast<std::size_t>(std::max(outputs, 1)));
  if (!state_->status) return none;
  Graph& graph = state_->graph;
  const auto fail = [&](Error error) {
    state_->status = std::move(error);
    return none;
  };
  Result<Op> parsed = parse_op(op, attributes);
  if (!parsed) return fail(std::move(parsed).within(strings::join("layer '", name, "'")).error());
  std::vector<ValueId> values;
  for (const TensorRef& input : inputs) {
    if (input.id >= static_cast<int>(graph.value_count())) {
      return fail(invalid_argument("layer '", name, "' (", op, "): an input is not of this network"));
    }
    values.push_back(input ? input.id : kNoValue);
  }
  while (!values.empty() && values.back() == kNoValue) values.pop_back();
  std::string layer_name(name.empty() ? std::string_view{} : name);
  if (layer_name.empty()) layer_name = graph.unique_name(strings::join(op, "_", graph.node_slots()));
  std::vector<std::string> names;
  for (int i = 0; i < outputs; ++i) {
    names.push_back(graph.unique_name(i == 0 ? layer_name : strings::join(layer_name, ":", i)));
  }
  Result<std::vector<ValueId>> made =
      graph.add_node(*std::move(parsed), std::move(values), layer_name, std::move(names));
  if (!made) return fail(std::move(made).error());
  std::vector<TensorRef> result;
  for (const ValueId id : *made) result.push_back({id});
  return result;
}

TensorRef Network::layer(std::string_view op, std::string_view attributes, const std::vector<TensorRef>& inputs,
                         std::string_view name) {
  return layers(op, attributes, inputs, 1, name).front();
}

TensorRef Network::conv(TensorRef x, const ConvSpec& spec) { return add_conv(*this, "Conv", x, spec); }

TensorRef Network::conv_transpose(TensorRef x, const ConvSpec& spec) {
  return add_conv(*this, "ConvTranspose", x, spec);
}

TensorRef Network::fully_connected(TensorRef x, const HostTensor& weights, const HostTensor& bias,
                                   std::string_view name) {
  std::vector<TensorRef> inputs = {x, constant(weights, strings::join(name, ".weight"))};
  if (bias.count() > 0) inputs.push_back(constant(bias, strings::join(name, ".bias")));
  return layer("MatMul", "", inputs, name);
}

TensorRef Network::matmul(TensorRef a, TensorRef b, std::string_view name) { return layer("MatMul", "", {a, b}, name); }

TensorRef Network::batch_norm(TensorRef x, const HostTensor& scale, const HostTensor& bias, const HostTensor& mean,
                              const HostTensor& variance, float epsilon, std::string_view name) {
  return layer("BatchNormalization", strings::join("epsilon=", epsilon),
               {x, constant(scale, strings::join(name, ".scale")), constant(bias, strings::join(name, ".bias")),
                constant(mean, strings::join(name, ".mean")), constant(variance, strings::join(name, ".variance"))},
               name);
}

TensorRef Network::relu(TensorRef x, std::string_view name) { return layer("Relu", "", {x}, name); }
TensorRef Network::sigmoid(TensorRef x, std::string_view name) { return layer("Sigmoid", "", {x}, name); }
TensorRef Network::clip(TensorRef x, float low, float high, std::string_view name) {
  return layer("Clip", strings::join("lo=", low, " hi=", high), {x}, name);
}
TensorRef Network::add(TensorRef a, TensorRef b, std::string_view name) { return layer("Add", "", {a, b}, name); }
TensorRef Network::mul(TensorRef a, TensorRef b, std::string_view name) { return layer("Mul", "", {a, b}, name); }

TensorRef Network::max_pool(TensorRef x, const PoolSpec& spec) {
  return layer("MaxPool",
               strings::join("kernel=", spec.kernel, list("strides", spec.strides), list("pads", spec.pads),
                             " ceil_mode=", spec.ceil_mode),
               {x}, spec.name);
}

TensorRef Network::average_pool(TensorRef x, const PoolSpec& spec) {
  return layer("AveragePool",
               strings::join("kernel=", spec.kernel, list("strides", spec.strides), list("pads", spec.pads),
                             " ceil_mode=", spec.ceil_mode, " count_include_pad=", spec.count_include_pad),
               {x}, spec.name);
}

TensorRef Network::global_average_pool(TensorRef x, std::string_view name) {
  Dims axes;
  const std::size_t rank = x ? info(x).dims.size() : 0;
  for (std::size_t axis = 2; axis < rank; ++axis) axes.push_back(static_cast<std::int64_t>(axis));
  return layer("Reduce", strings::join("kind=mean axes=", axes, " keepdims=true"), {x}, name);
}

TensorRef Network::softmax(TensorRef x, std::int64_t axis, std::string_view name) {
  return layer("Softmax", strings::join("axis=", axis), {x}, name);
}

TensorRef Network::concat(const std::vector<TensorRef>& values, std::int64_t axis, std::string_view name) {
  for (std::size_t i = 0; i < values.size() && state_->status; ++i) {
    if (!values[i]) state_->status = invalid_argument("layer '", name, "' (Concat): input ", i, " is empty");
  }
  return layer("Concat", strings::join("axis=", axis), values, name);
}

TensorRef Network::reshape(TensorRef x, const Dims& dims, std::string_view name) {
  if (!state_->status) return {};
  const std::vector<std::int64_t> wanted = integers(dims);
  const ValueId shape = state_->graph.add_constant(strings::join(name, ".shape"), Tensor::of<std::int64_t>(wanted));
  return layer("Reshape", "", {x, TensorRef{shape}}, name);
}

TensorRef Network::transpose(TensorRef x, const Dims& perm, std::string_view name) {
  return layer("Transpose", strings::join("perm=", perm), {x}, name);
}

Result<std::vector<HostTensor>> Network::evaluate(const std::vector<std::pair<std::string, HostTensor>>& inputs,
                                                  double seconds) const {
  TRY_OK(state_->status);
  const Graph& graph = state_->graph;
  TRY(const auto steps, lower(graph));
  Tensors given;
  for (const ValueId id : graph.inputs()) {
    const std::string& wanted = graph.value(id).name;
    const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const auto& i) { return i.first == wanted; });
    if (found == inputs.end()) return invalid_argument("input '", wanted, "' is not given");
    TRY(Tensor tensor, to_internal(found->second));
    given.push_back(std::move(tensor));
  }
  const TimeLimit limit(seconds);
  TRY(const Tensors results, run_reference(*steps, given));
  std::vector<HostTensor> outputs;
  for (const Tensor& result : results) {
    outputs.push_back(HostTensor::Access::share(result));
  }
  return outputs;
}

}  // namespace bolide
