#include "ops/plugin_op.h"

#include "ops/plugin_call.h"
#include "ops/reference.h"

#include <limits>

namespace bolide {
namespace {

constexpr std::int64_t kFirstName = std::numeric_limits<std::int64_t>::min();

/// Inference: sizes with names in them are numbers far below zero, which stand for entries of a list.
class InferCall final : public PluginCall {
 public:
  InferCall(const InferContext& context, std::span<const bolide_plugin_attribute> attributes,
            std::span<const bolide_plugin_tensor> inputs, std::span<bolide_plugin_tensor> outputs,
            std::vector<Dim>& list)
      : PluginCall(attributes, inputs, outputs), context_(context), dims_(list), types_(outputs.size()) {}

  static std::int64_t number(const Dim& dim, std::vector<Dim>& list) {
    if (const auto known = dim.constant()) return *known;
    list.push_back(dim);
    return kFirstName + static_cast<std::int64_t>(list.size()) - 1;
  }
  const std::vector<std::optional<TensorType>>& types() const { return types_; }

 private:
  std::optional<Dim> dim(std::int64_t number) const {
    if (number >= 0) return Dim(number);
    if (number == -1) return context_.fresh_dim("plugin");
    const std::int64_t index = number - kFirstName;
    if (index < 0 || index >= static_cast<std::int64_t>(dims_.size())) return std::nullopt;
    return dims_[static_cast<std::size_t>(index)];
  }
  bolide_code set_output(std::size_t output, std::int32_t dtype, std::span<const std::int64_t> sizes) override {
    TensorType type{static_cast<DataType>(dtype), {}};
    for (const std::int64_t size : sizes) {
      const auto one = dim(size);
      if (!one) return fail(BOLIDE_INVALID_ARGUMENT, "it gives a size that is none");
      type.shape.push_back(*one);
    }
    types_[output] = std::move(type);
    return BOLIDE_OK;
  }
  std::int64_t size(bolide_plugin_arithmetic what, std::int64_t a, std::int64_t b) override {
    const auto x = dim(a);
    const auto y = dim(b);
    const bool divides = what == BOLIDE_PLUGIN_FLOOR_DIV || what == BOLIDE_PLUGIN_CEIL_DIV;
    if (!x || !y || (divides && *y == Dim(0))) {
      fail(BOLIDE_INVALID_ARGUMENT, "it computes with a size that is none");
      return 0;
    }
    switch (what) {
      case BOLIDE_PLUGIN_ADD: return number(*x + *y, dims_);
      case BOLIDE_PLUGIN_SUB: return number(*x - *y, dims_);
      case BOLIDE_PLUGIN_MUL: return number(*x * *y, dims_);
      case BOLIDE_PLUGIN_FLOOR_DIV: return number(x->floor_div(*y), dims_);
      case BOLIDE_PLUGIN_CEIL_DIV: return number(x->ceil_div(*y), dims_);
    }
    fail(BOLIDE_INVALID_ARGUMENT, "it computes sizes in an unknown way");
    return 0;
  }

  const InferContext& context_;
  std::vector<Dim>& dims_;
  std::vector<std::optional<TensorType>> types_;
};

/// Evaluation: outputs whose sizes only the data decide are made when the plugin says them.
class EvaluateCall final : public PluginCall {
 public:
  EvaluateCall(EvalContext& context, std::span<const bolide_plugin_attribute> attributes,
               std::span<const bolide_plugin_tensor> inputs, std::span<bolide_plugin_tensor> outputs, Tensors& tensors)
      : PluginCall(attributes, inputs, outputs), context_(context), outputs_(outputs), tensors_(tensors) {}

 private:
  bolide_code set_output(std::size_t output, std::int32_t dtype, std::span<const std::int64_t> sizes) override {
    Result<Tensor> made = context_.allocate(static_cast<DataType>(dtype), Dims(sizes.begin(), sizes.end()));
    if (!made) return fail(BOLIDE_OUT_OF_MEMORY, made.error().message.c_str());
    tensors_[output] = *std::move(made);
    outputs_[output] = plugin_tensor(&tensors_[output]);
    return BOLIDE_OK;
  }

  EvalContext& context_;
  std::span<bolide_plugin_tensor> outputs_;
  Tensors& tensors_;
};

}  // namespace

Result<const PluginOperator*> PluginOp::find() const {
  const PluginOperator* found = find_plugin_operator(domain, op);
  if (found == nullptr) {
    return not_found("operator ", domain, ".", op, " needs plugin '", plugin, "' ", version,
                     ": name its file with --plugin, or give it to bolide::load_plugin()");
  }
  if (found->plugin != plugin || found->version != version) {
    return invalid_argument("operator ", domain, ".", op, " needs plugin '", plugin, "' ", version, ", and '",
                            found->plugin, "' ", found->version, " is loaded; build the engine again");
  }
  return found;
}

Result<TensorTypes> PluginOp::infer(const InferContext& context) const {
  TRY(const PluginOperator* found, find());
  const bolide_plugin_operator& functions = *found->functions;
  const int inputs = context.input_count();
  if (inputs < functions.min_inputs || (functions.max_inputs >= 0 && inputs > functions.max_inputs)) {
    return invalid_argument(op, ": ", inputs, " inputs, plugin '", plugin, "' takes ", functions.min_inputs, " to ",
                            functions.max_inputs);
  }
  if (context.output_count() > functions.outputs) {
    return invalid_argument(op, ": ", context.output_count(), " outputs, there are ", functions.outputs);
  }
  TRY(const PluginAttributes attributes, PluginAttributes::of(*this));
  std::vector<Dim> list;
  std::vector<Dims> sizes(static_cast<std::size_t>(inputs));
  std::vector<bolide_plugin_tensor> seen;
  for (int i = 0; i < inputs; ++i) {
    seen.push_back(plugin_tensor(nullptr));
    if (!context.has(i)) continue;
    if (!is_plugin_type(context.dtype(i))) return unsupported(op, ": input ", i, " is ", context.type(i));
    Dims& dims = sizes[static_cast<std::size_t>(i)];
    for (const Dim& dim : context.shape(i)) dims.push_back(InferCall::number(dim, list));
    const Tensor* constant = context.constant(i);
    seen.back() = {static_cast<std::int32_t>(context.dtype(i)), context.rank(i), dims.data(),
                   constant == nullptr ? nullptr : const_cast<std::byte*>(constant->data()),
                   constant == nullptr ? 0 : constant->bytes()};
  }
  std::vector<bolide_plugin_tensor> outputs(static_cast<std::size_t>(std::max(context.output_count(), 1)),
                                            plugin_tensor(nullptr));
  InferCall call(context, attributes.all(), seen, outputs, list);
  TRY_OK(call.run(functions.infer, op));
  TensorTypes types;
  for (const auto& type : call.types()) {
    if (!type) return invalid_argument(op, ": plugin '", plugin, "' says nothing of output ", types.size());
    types.push_back(*type);
  }
  return types;
}

Result<Tensors> PluginOp::evaluate(TensorInputs inputs, EvalContext& context) const {
  TRY(const PluginOperator* found, find());
  TRY(const TensorTypes types, infer(KnownInputs(inputs, context.output_count).context()));
  TRY(const PluginAttributes attributes, PluginAttributes::of(*this));
  std::vector<bolide_plugin_tensor> seen;
  for (const Tensor* input : inputs) seen.push_back(plugin_tensor(input));
  Tensors tensors(types.size());
  std::vector<bolide_plugin_tensor> outputs;
  for (std::size_t i = 0; i < types.size(); ++i) {
    outputs.push_back({static_cast<std::int32_t>(types[i].dtype), types[i].rank(), nullptr, nullptr, 0});
    const auto dims = constant_dims(types[i].shape);
    if (!dims) continue;
    TRY(tensors[i], context.allocate(types[i].dtype, *dims));
    outputs.back() = plugin_tensor(&tensors[i]);
  }
  EvaluateCall call(context, attributes.all(), seen, outputs, tensors);
  TRY_OK(call.run(found->functions->evaluate, op));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (outputs[i].dims == nullptr) return invalid_argument(op, ": output ", i, " was not made");
    if (tensors[i].dtype() != types[i].dtype) return invalid_argument(op, ": output ", i, " is ", tensors[i].dtype());
  }
  return tensors;
}

}  // namespace bolide
