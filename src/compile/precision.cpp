#include "compile/precision.h"

#include "compile/wide_steps.h"
#include "ops/all.h"
#include "ops/retype.h"
#include "tensor/number.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace bolide {
namespace {

/// Values that no step reads or writes go, and with them the bytes of constants that only had FP32 readers.
void drop_unread_values(StepGraph& graph) {
  std::vector<bool> read(graph.values.size(), false);
  for (const StepGraph::Step& step : graph.steps) {
    for (const int input : step.inputs) {
      if (input != kNone) read[static_cast<std::size_t>(input)] = true;
    }
  }
  for (const int output : graph.outputs) read[static_cast<std::size_t>(output)] = true;
  for (const int input : graph.inputs) read[static_cast<std::size_t>(input)] = true;
  for (const StepGraph::Step& step : graph.steps) {
    for (const int output : step.outputs) {
      if (output != kNone) read[static_cast<std::size_t>(output)] = true;
    }
  }
  StepGraph kept;
  std::vector<int> at(graph.values.size(), kNone);
  std::map<int, int> constants;
  for (std::size_t v = 0; v < graph.values.size(); ++v) {
    if (!read[v]) continue;
    at[v] = static_cast<int>(kept.values.size());
    StepGraph::Value value = std::move(graph.values[v]);
    if (value.constant != kNone) {
      const auto [known, fresh] = constants.try_emplace(value.constant, static_cast<int>(kept.constants.size()));
      if (fresh) kept.constants.push_back(graph.constants[static_cast<std::size_t>(value.constant)]);
      value.constant = known->second;
    }
    kept.values.push_back(std::move(value));
  }
  const auto renumber = [&](std::vector<int>& values) {
    for (int& value : values) {
      if (value != kNone) value = at[static_cast<std::size_t>(value)];
    }
  };
  kept.name = std::move(graph.name);
  kept.file = std::move(graph.file);
  kept.steps = std::move(graph.steps);
  kept.inputs = std::move(graph.inputs);
  kept.outputs = std::move(graph.outputs);
  for (StepGraph::Step& step : kept.steps) {
    renumber(step.inputs);
    renumber(step.outputs);
  }
  renumber(kept.inputs);
  renumber(kept.outputs);
  graph = std::move(kept);
}

class Converter {
 public:
  Converter(const StepGraph& graph, DataType storage, const PrecisionRules& rules, PrecisionReport& report)
      : graph_(graph),
        storage_(storage),
        wide_steps_(graph, storage, rules),
        report_(report),
        narrow_(graph.values.size(), kNone) {
    out_.name = graph.name;
    out_.values = graph.values;
    out_.inputs = graph.inputs;
    out_.outputs = graph.outputs;
    out_.constants = graph.constants;
    out_.file = graph.file;
  }

  Result<std::shared_ptr<const StepGraph>> run() {
    TRY_OK(wide_steps_.check_patterns());
    for (const StepGraph::Step& step : graph_.steps) TRY_OK(add(step));
    drop_unread_values(out_);
    TRY_OK(check(out_).within("the network in another precision"));
    return std::shared_ptr<const StepGraph>(std::make_shared<StepGraph>(std::move(out_)));
  }

 private:
  int add_value(int like, DataType dtype, std::string_view suffix) {
    StepGraph::Value value = graph_.values[static_cast<std::size_t>(like)];
    value.type.dtype = dtype;
    value.constant = kNone;
    value.name = strings::join(value.name, suffix);
    out_.values.push_back(std::move(value));
    return static_cast<int>(out_.values.size()) - 1;
  }

  void add_cast(int from, int to) {
    const StepGraph::Value& value = out_.values[static_cast<std::size_t>(to)];
    StepGraph::Step step{.name = strings::join("cast ", value.name), .op = Cast{.to = value.type.dtype}};
    step.inputs = {from};
    step.outputs = {to};
    out_.steps.push_back(std::move(step));
  }

  std::string suffix() const { return strings::join(".", storage_); }

  /// The value in the narrow type: an earlier conversion, a converted constant or a cast.
  Result<int> narrow(int value) {
    int& known = narrow_[static_cast<std::size_t>(value)];
    if (known != kNone) return known;
    if (const Tensor* constant = graph_.constant(value); constant != nullptr) {
      TRY(Tensor converted, cast(*constant, storage_));
      count(*constant, converted);
      known = add_value(value, storage_, suffix());
      out_.values[static_cast<std::size_t>(known)].constant = static_cast<int>(out_.constants.size());
      out_.constants.push_back(std::move(converted));
      return known;
    }
    known = add_value(value, storage_, suffix());
    add_cast(value, known);
    return known;
  }

  void count(const Tensor& from, const Tensor& to) {
    const std::span<const float> before = from.span<float>();
    const auto* after = reinterpret_cast<const std::uint16_t*>(to.data());
    report_.weights += from.count();
    for (std::size_t i = 0; i < before.size(); ++i) {
      const float now = storage_ == DataType::kF16 ? f16_to_f32(after[i]) : bf16_to_f32(after[i]);
      report_.overflowed += std::isfinite(before[i]) && std::isinf(now) ? 1 : 0;
      report_.vanished += before[i] != 0 && now == 0 ? 1 : 0;
    }
  }

  /// The value in FP32: as it was, or cast back where it was computed narrow.
  int wide(int value) {
    const auto [known, fresh] = wide_.try_emplace(value, value);
    if (!fresh || !computed_narrow_.contains(value)) return known->second;
    const bool is_output = std::find(graph_.outputs.begin(), graph_.outputs.end(), value) != graph_.outputs.end();
    if (!is_output) {  // an output has its cast already
      add_cast(narrow_[static_cast<std::size_t>(value)], value);
    }
    return known->second;
  }

  Status add(const StepGraph::Step& step) {
    bool touches = false;
    for (const std::vector<int>* values : {&step.inputs, &step.outputs}) {
      for (const int value : *values) touches = touches || wide_steps_.is_f32(value);
    }
    if (!touches && step.bodies.empty()) {
      out_.steps.push_back(step);
      return {};
    }
    const Op op = with_float_type(step.op, storage_);
    if (auto stays_wide = wide_steps_.kept(step, op)) {
      report_.kept.push_back(*std::move(stays_wide));
      for (const int input : step.inputs) {
        if (wide_steps_.is_f32(input)) wide(input);
      }
      out_.steps.push_back(step);
      return {};
    }
    StepGraph::Step made = step;
    made.op = op;
    for (std::size_t i = 0; i < made.inputs.size(); ++i) {
      int& input = made.inputs[i];
      if (!wide_steps_.is_f32(input)) continue;
      if (wide_steps_.keeps_input(step, i)) {
        wide(input);
        continue;
      }
      TRY(input, narrow(input));
    }
    std::vector<std::pair<int, int>> outputs;
    for (int& output : made.outputs) {
      if (!wide_steps_.is_f32(output)) continue;
      const int value = output;
      output = add_value(value, storage_, suffix());
      narrow_[static_cast<std::size_t>(value)] = output;
      computed_narrow_.insert(value);
      if (std::find(graph_.outputs.begin(), graph_.outputs.end(), value) != graph_.outputs.end()) {
        outputs.emplace_back(output, value);
      }
    }
    out_.steps.push_back(std::move(made));
    for (const auto& [from, to] : outputs) add_cast(from, to);
    ++report_.steps;
    return {};
  }

  const StepGraph& graph_;
  DataType storage_;
  WideSteps wide_steps_;
  PrecisionReport& report_;
  StepGraph out_;
  std::vector<int> narrow_;        // by value of `graph_`: its narrow twin
  std::set<int> computed_narrow_;  // values of `graph_` that only exist narrow
  std::map<int, int> wide_;        // values of `graph_` that FP32 readers have asked for
};

}  // namespace

double allowed_change_in_f16(std::size_t steps) {
  constexpr double kRounding = 1.0 / 2048;
  return 2 * kRounding * std::sqrt(static_cast<double>(std::max<std::size_t>(steps, 64)));
}

Result<std::shared_ptr<const StepGraph>> with_precision(const StepGraph& graph, DataType storage,
                                                        const PrecisionRules& rules, PrecisionReport& report) {
  return Converter(graph, storage, rules, report).run();
}

}  // namespace bolide
