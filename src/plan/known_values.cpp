#include "plan/known_values.h"

#include "ops/shape.h"
#include "ops/work.h"

#include <algorithm>
#include <array>

namespace bolide {
namespace {

constexpr std::int64_t kMostBytes = INT64_C(256) << 10;
constexpr double kMostWork = 1e6;
constexpr std::int64_t kMostDeciding = 1024;  // elements of what decides sizes

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

/// The first input whose numbers decide the sizes of the result, together with those after it and the sizes of those
/// before. Nothing for other operators.
std::optional<std::size_t> first_deciding(const StepGraph::Step& step) {
  static constexpr std::array<std::pair<std::string_view, std::size_t>, 8> kDeciding = {{{"ConstantOfShape", 0},
                                                                                         {"Expand", 1},
                                                                                         {"Pad", 1},
                                                                                         {"Range", 0},
                                                                                         {"Reshape", 1},
                                                                                         {"Resize", 1},
                                                                                         {"Slice", 1},
                                                                                         {"Tile", 1}}};
  const auto* found = std::ranges::find(kDeciding, step.op.name(), &std::pair<std::string_view, std::size_t>::first);
  return found == kDeciding.end() ? std::nullopt : std::optional(found->second);
}

const Shape& shape_of(const StepGraph& graph, int value) {
  return graph.values[static_cast<std::size_t>(value)].type.shape;
}

/// Walks over the steps with names of sizes known: values, and names that values decide.
class Known {
 public:
  Known(const StepGraph& graph, DimBindings names) : graph_(graph), names_(std::move(names)) {}

  Status run() {
    const auto matters = [](const StepGraph::Step& step) { return reads_sizes(step.op) || first_deciding(step); };
    if (std::ranges::none_of(graph_.steps, matters)) return {};
    for (const StepGraph::Step& step : graph_.steps) {
      if (!is_plain(graph_, step)) continue;
      TRY_OK(bind_names(step).within(strings::join("step '", step.name, "'")));
      add(step);
    }
    return {};
  }
  std::map<int, Tensor> values() && { return std::move(values_); }
  DimBindings names() && { return std::move(names_); }

 private:
  std::optional<Dims> dims_of(int value) const {
    auto dims = evaluate(shape_of(graph_, value), names_);
    return dims ? std::optional(*std::move(dims)) : std::nullopt;
  }

  const Tensor* known(int value) const {
    const auto found = values_.find(value);
    return found != values_.end() ? &found->second : graph_.constant(value);
  }

  /// Where numbers decide sizes that nothing has told yet.
  Status bind_names(const StepGraph::Step& step) {
    const auto first = first_deciding(step);
    if (!first || step.outputs.empty() || step.outputs[0] == kNone || dims_of(step.outputs[0])) return {};
    std::vector<TensorType> types(step.inputs.size());
    std::vector<InferContext::Input> inputs(step.inputs.size());
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      if (step.inputs[i] == kNone) continue;
      const Tensor* tensor = known(step.inputs[i]);
      const auto dims = tensor != nullptr ? std::optional(tensor->dims()) : dims_of(step.inputs[i]);
      if (!dims || (i >= *first && tensor == nullptr)) return {};
      types[i] = {graph_.values[static_cast<std::size_t>(step.inputs[i])].type.dtype, to_shape(*dims)};
      inputs[i] = {&types[i], tensor, nullptr};
    }
    TRY(const TensorTypes result, step.op.infer(InferContext(inputs)));
    const Shape& declared = shape_of(graph_, step.outputs[0]);
    for (std::size_t i = 0; i < declared.size() && i < result[0].shape.size(); ++i) {
      const auto size = result[0].shape[i].constant();
      const auto name = declared[i].single_name();
      if (size && name) names_.emplace(*name, *size);
    }
    return {};
  }

  void add(const StepGraph::Step& step) {
    std::vector<const Tensor*> inputs;
    Tensor sized;
    bool follows = reads_sizes(step.op);
    if (follows) {
      const auto dims = dims_of(step.inputs[0]);
      if (!dims) return;
      // Sizes without elements: these operators read none.
      sized =
          Tensor::borrow(graph_.values[static_cast<std::size_t>(step.inputs[0])].type.dtype, *dims, nullptr, nullptr);
      inputs.push_back(&sized);
    } else {
      for (const int input : step.inputs) {
        const Tensor* tensor = known(input);
        follows = follows || values_.contains(input);
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
      const Tensor& tensor = results[i];
      if (dims_of(step.outputs[i]) != tensor.dims() || tensor.bytes() > static_cast<std::size_t>(kMostBytes) ||
          tensor.dtype() != graph_.values[static_cast<std::size_t>(step.outputs[i])].type.dtype) {
        return false;
      }
    }
    return true;
  }

  const StepGraph& graph_;
  DimBindings names_;
  std::map<int, Tensor> values_;
};

}  // namespace

Result<std::map<int, Tensor>> known_values(const StepGraph& graph, const DimBindings& names) {
  Known known(graph, names);
  TRY_OK(known.run());
  return std::move(known).values();
}

Result<DimBindings> with_decided_names(const StepGraph& graph, const DimBindings& names) {
  Known known(graph, names);
  TRY_OK(known.run());
  return std::move(known).names();
}

std::set<std::string> decided_names(const StepGraph& graph, std::set<std::string> told) {
  std::vector<bool> follows(graph.values.size(), false);
  const auto sized = [&](int value) {
    return std::ranges::all_of(shape_of(graph, value), [&told](const Dim& dim) {
      return std::ranges::all_of(dim.names(), [&told](const std::string& name) { return told.contains(name); });
    });
  };
  const auto fixed = [&](int value) {
    return value == kNone || graph.constant(value) != nullptr || follows[static_cast<std::size_t>(value)];
  };
  for (const StepGraph::Step& step : graph.steps) {
    if (!is_plain(graph, step) || step.outputs.empty() || step.outputs[0] == kNone) continue;
    if (const auto first = first_deciding(step); first && !sized(step.outputs[0])) {
      bool decided = true;
      for (std::size_t i = 0; i < step.inputs.size(); ++i) {
        decided = decided && (fixed(step.inputs[i]) || (i < *first && sized(step.inputs[i])));
      }
      for (const Dim& dim : shape_of(graph, step.outputs[0])) {
        if (const auto name = dim.single_name(); decided && name) told.insert(*name);
      }
    }
    const auto computed = [&](int value) { return value != kNone && follows[static_cast<std::size_t>(value)]; };
    const bool from_sizes = reads_sizes(step.op)
                                ? sized(step.inputs[0])
                                : std::ranges::all_of(step.inputs, fixed) && std::ranges::any_of(step.inputs, computed);
    for (const int output : step.outputs) {
      if (output == kNone || !from_sizes) continue;
      const auto dims = constant_dims(shape_of(graph, output));
      const auto count = dims ? element_count(*dims) : Result<std::int64_t>(kMostDeciding + 1);
      follows[static_cast<std::size_t>(output)] = count && *count <= kMostDeciding;
    }
  }
  return told;
}

bool is_known(const StepGraph::Step& step, const Sizes& sizes) {
  return !sizes.values.empty() && !step.outputs.empty() && std::ranges::all_of(step.outputs, [&sizes](int value) {
    return value == kNone || sizes.value(value) != nullptr;
  });
}

}  // namespace bolide
