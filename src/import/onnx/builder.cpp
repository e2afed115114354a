#include "import/onnx/builder.h"

#include "ops/work.h"
#include "tensor/number.h"

namespace bolide::onnx {
namespace {

constexpr std::int64_t kMostFolded = 1024;  // elements; shape arithmetic is smaller
constexpr double kMostWork = 1 << 22;

bool is_small_integer(const TensorType& type) {
  const auto count = element_count(type.shape).constant();
  return (is_integer(type.dtype) || type.dtype == DataType::kBool) && count && *count <= kMostFolded;
}

}  // namespace

const Value& Builder::missing() const {
  static const Value kNothing;
  asked_for_missing_ = true;
  return kNothing;
}

std::string Builder::fresh_name(std::string_view op) const {
  std::string hint = strings::join(node_name_, "/", op);
  std::string name = graph_.unique_name(hint);
  while (taken_(name)) {
    hint += '_';
    name = graph_.unique_name(hint);
  }
  return name;
}

/// The value of a small constant, or of integers that shape arithmetic knows.
std::optional<Tensor> Builder::known_value(ValueId id) const {
  const Value& value = graph_.value(id);
  if (value.constant != nullptr) {
    if (value.constant->count() > kMostFolded) return std::nullopt;
    return *value.constant;
  }
  const auto dims = value.contents ? constant_dims(*value.contents) : std::nullopt;
  if (!dims || value.type.rank() > 1) return std::nullopt;
  const Tensor wide =
      Tensor::of<std::int64_t>(*dims, value.type.rank() == 0 ? Dims{} : Dims{static_cast<std::int64_t>(dims->size())});
  Result<Tensor> out = cast(wide, value.type.dtype);
  if (!out) return std::nullopt;
  return *std::move(out);
}

Result<std::optional<Tensors>> Builder::evaluate_now(const Op& op, const Values& inputs, std::size_t outputs) const {
  if (!op.info().pure || inputs.empty()) return std::optional<Tensors>();
  std::vector<Tensor> values(inputs.size());
  std::vector<TensorType> value_types(inputs.size());
  std::vector<InferContext::Input> known(inputs.size());
  std::vector<const Tensor*> tensors(inputs.size(), nullptr);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == kNoValue) continue;
    std::optional<Tensor> value = known_value(inputs[i]);
    if (!value) return std::optional<Tensors>();
    values[i] = *std::move(value);
    value_types[i] = values[i].type();
    tensors[i] = &values[i];
    known[i] = {&value_types[i], tensors[i], nullptr};
  }
  const auto types = op.infer(InferContext(known, static_cast<int>(outputs)));
  if (!types || types->size() < outputs) return std::optional<Tensors>();  // adding the node will tell
  for (std::size_t i = 0; i < outputs; ++i) {
    if (!is_small_integer((*types)[i])) return std::optional<Tensors>();
  }
  if (evaluation_work(op, tensors, static_cast<int>(outputs)) > kMostWork) return std::optional<Tensors>();
  EvalContext context;
  context.output_count = static_cast<int>(outputs);
  context.max_bytes = kMostFolded * 16;
  TRY(Tensors results, op.evaluate(tensors, context));
  return std::optional<Tensors>(std::move(results));
}

Result<Values> Builder::add_node(Op op, Values inputs, std::size_t outputs,
                                 std::vector<std::shared_ptr<const Graph>> bodies) {
  if (bodies.empty()) {
    TRY(std::optional<Tensors> known, evaluate_now(op, inputs, outputs));
    if (known && known->size() >= outputs) {
      Values out;
      for (std::size_t i = 0; i < outputs; ++i) out.push_back(constant(op.name(), std::move((*known)[i])));
      return out;
    }
  }
  std::vector<std::string> names;
  const std::string name = fresh_name(op.name());
  names.push_back(name);
  for (std::size_t i = 1; i < outputs; ++i) names.push_back(fresh_name(strings::join(op.name(), ":", i)));
  return graph_.add_node(std::move(op), std::move(inputs), name, std::move(names), std::move(bodies));
}

Result<ValueId> Builder::add(Op op, Values inputs) {
  TRY(const Values values, add_node(std::move(op), std::move(inputs), 1));
  return values.front();
}

ValueId Builder::constant(std::string_view hint, Tensor tensor) {
  return graph_.add_constant(fresh_name(hint), std::move(tensor));
}

Result<ValueId> Builder::scalar(DataType dtype, double value) {
  TRY(Tensor tensor, cast(Tensor::scalar(value), dtype));
  return constant("const", std::move(tensor));
}

ValueId Builder::integers(std::string_view hint, std::span<const std::int64_t> values) {
  return constant(hint, Tensor::of<std::int64_t>(values));
}

}  // namespace bolide::onnx
