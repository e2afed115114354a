#include "plan/known_values.h"

#include "ops/shape.h"
#include "ops/work.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr std::int64_t kMostBytes = INT64_C(256) << 10;
constexpr double kMostWork = 1e6;

bool reads_sizes(const Op& op) { return op.is<ShapeOf>() || op.is<Size>(); }

/// A pure operator on tensors of numbers.
bool is_plain(const StepGraph& graph, const StepGraph::Step& step) {
  const auto plain = [&graph](int value) {
    if (value == kNone) return true;
    const DataType dtype = graph.values[static_cast<std::size_t>(value)].type.dtype;
    return dtype != DataType::kString && !is_container(dtype);
  };
  const bool sized = reads_sizes(step.op);  // whatever the elements are
  return step.op.info().pure && step.bodies.empty() && (sized || std::ranges::all_of(step.inputs, plain)) &&
         std::ranges::all_of(step.outputs, plain);
}

class Known {
 public:
  Known(const StepGraph& graph, const Sizes& sizes) : graph_(graph), sizes_(sizes) {}

  std::map<int, Tensor> run() {
    if (std::ranges::none_of(graph_.steps, [](const auto& step) { return reads_sizes(step.op); })) return {};
    for (const StepGraph::Step& step : graph_.steps) {
      if (is_plain(graph_, step)) add(step);
    }
    return std::move(values_);
  }

 private:
  void add(const StepGraph::Step& step) {
    std::vector<const Tensor*> inputs;
    Tensor sized;
    bool follows = reads_sizes(step.op);
    if (follows) {
      const auto value = static_cast<std::size_t>(step.inputs[0]);
      if (!sizes_.known[value]) return;
      // Sizes without elements: these operators read none.
      sized = Tensor::borrow(graph_.values[value].type.dtype, sizes_.dims[value], nullptr, nullptr);
      inputs.push_back(&sized);
    } else {
      for (const int input : step.inputs) {
        const Tensor* tensor = graph_.constant(input);
        if (const auto known = values_.find(input); known != values_.end()) {
          tensor = &known->second;
          follows = true;
        }
        if (tensor == nullptr && input != kNone) return;
        inputs.push_back(tensor);
      }
    }
    if (!follows) return;
    EvalContext context{.output_count = static_cast<int>(step.outputs.size())};
    context.max_bytes = kMostBytes;
    if (evaluation_work(step.op, inputs, context.output_count) > kMostWork) return;
    Result<Tensors> results = step.op.evaluate(inputs, context);
    if (!results || results->size() < step.outputs.size() || !fit(step, *results)) return;  // running it will tell
    for (std::size_t i = 0; i < step.outputs.size(); ++i) {
      if (step.outputs[i] != kNone) values_.emplace(step.outputs[i], std::move((*results)[i]));
    }
  }

  /// Whether they are of the types that planning goes by.
  bool fit(const StepGraph::Step& step, const Tensors& results) const {
    for (std::size_t i = 0; i < step.outputs.size(); ++i) {
      if (step.outputs[i] == kNone) continue;
      const auto value = static_cast<std::size_t>(step.outputs[i]);
      const Tensor& tensor = results[i];
      if (!sizes_.known[value] || tensor.dims() != sizes_.dims[value] ||
          tensor.dtype() != graph_.values[value].type.dtype || tensor.bytes() > static_cast<std::size_t>(kMostBytes)) {
        return false;
      }
    }
    return true;
  }

  const StepGraph& graph_;
  const Sizes& sizes_;
  std::map<int, Tensor> values_;
};

}  // namespace

std::map<int, Tensor> known_values(const StepGraph& graph, const Sizes& sizes) { return Known(graph, sizes).run(); }

bool is_known(const StepGraph::Step& step, const Sizes& sizes) {
  return !sizes.values.empty() && !step.outputs.empty() && std::ranges::all_of(step.outputs, [&sizes](int value) {
    return value == kNone || sizes.value(value) != nullptr;
  });
}

}  // namespace bolide
