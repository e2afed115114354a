#include "plan/check_types.h"

#include "ops/plugin_op.h"

namespace bolide {
namespace {

using Contents = std::vector<std::optional<std::vector<Dim>>>;

class Checker {
 public:
  Checker(const StepGraph& graph, std::vector<TensorType> types) : graph_(graph), types_(std::move(types)) {
    contents_.resize(graph.values.size());
  }

  Status run(bool bodies) {
    for (const StepGraph::Step& step : graph_.steps) {
      TRY_OK(check_step(step));
      if (!bodies) continue;
      TRY_OK(check_captures(step));
      for (const auto& body : step.bodies) {
        TRY_OK(check_types(*body).within(strings::join("body of step '", step.name, "'")));
      }
    }
    return {};
  }

 private:
  Status check_step(const StepGraph::Step& step) {
    std::vector<InferContext::Input> inputs(step.inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (step.inputs[i] == kNone) continue;
      const auto value = static_cast<std::size_t>(step.inputs[i]);
      inputs[i] = {&types_[value], graph_.constant(step.inputs[i]), contents_[value] ? &*contents_[value] : nullptr};
    }
    InferContext context(inputs, static_cast<int>(step.outputs.size()));
    context.fresh_dim = [this](std::string_view hint) { return Dim(strings::join(hint, "?", ++fresh_)); };
    context.subgraph_types = [&step](int index) { return body_types(step, index); };
    const auto derived = step.op.infer(context);
    if (!derived) {
      // A plugin that was not given is no fault of the file.
      const Code code = step.op.is<PluginOp>() ? derived.error().code : Code::kBadFile;
      return make_error(code, "step '", step.name, "': ", derived.error().message);
    }
    if (derived->size() < step.outputs.size()) {
      return bad_file("step '", step.name, "': ", step.op.name(), " has ", derived->size(), " outputs, ",
                      step.outputs.size(), " are named");
    }
    for (std::size_t i = 0; i < step.outputs.size(); ++i) {
      if (step.outputs[i] == kNone) continue;
      const auto value = static_cast<std::size_t>(step.outputs[i]);
      if (compatible(types_[value], (*derived)[i])) continue;
      return bad_file("step '", step.name, "': '", graph_.values[value].name, "' is ", types_[value],
                      " but its inputs make it ", (*derived)[i]);
    }
    if (!step.outputs.empty() && step.outputs[0] != kNone) {
      contents_[static_cast<std::size_t>(step.outputs[0])] = step.op.contents(context);
    }
    return {};
  }

  /// Captures are the last inputs of a step and of each of its bodies.
  Status check_captures(const StepGraph::Step& step) {
    if (step.op.name() != "If") return {};  // the others hand tensors over, which are checked when they come
    for (const auto& body : step.bodies) {
      bool same = body->inputs.size() + 1 == step.inputs.size() && body->outputs.size() == step.outputs.size();
      for (std::size_t i = 0; same && i < body->inputs.size(); ++i) {
        if (step.inputs[i + 1] == kNone) continue;
        const StepGraph::Value& inner = body->values[static_cast<std::size_t>(body->inputs[i])];
        same = compatible(inner.type, types_[static_cast<std::size_t>(step.inputs[i + 1])]);
      }
      if (!same) return bad_file("step '", step.name, "': a body takes or gives other values than the step");
    }
    if (step.bodies.size() != 2) return bad_file("step '", step.name, "': If with ", step.bodies.size(), " bodies");
    return {};
  }

  const StepGraph& graph_;
  std::vector<TensorType> types_;
  Contents contents_;
  int fresh_ = 0;
};

}  // namespace

Status check_types(const StepGraph& graph) {
  std::vector<TensorType> types;
  for (const StepGraph::Value& value : graph.values) types.push_back(value.type);
  return Checker(graph, std::move(types)).run(true);
}

Status check_types(const StepGraph& graph, const Sizes& sizes) {
  std::vector<TensorType> types;
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    const TensorType& declared = graph.values[v].type;
    types.push_back(sizes.known[v] ? TensorType{declared.dtype, to_shape(sizes.dims[v])} : declared);
  }
  return Checker(graph, std::move(types)).run(false);
}

}  // namespace bolide
