#include "compile/precision.h"

#include "ops/all.h"
#include "ops/retype.h"
#include "plan/cost.h"
#include "tensor/number.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

namespace bolide {
namespace {

/// Steps whose meaning hangs on FP32 numbers: scales, ranges, random draws, what is rounded against a scale.
bool stays(const Op& op) {
  static const std::set<std::string_view> kNames = {"QuantizeLinear",
                                                    "DequantizeLinear",
                                                    "DynamicQuantizeLinear",
                                                    "Range",
                                                    "RandomNormal",
                                                    "RandomUniform",
                                                    "Bernoulli",
                                                    "NonMaxSuppression",
                                                    "Multinomial",
                                                    "CumSum",
                                                    "CumProd",
                                                    "LSTM",
                                                    "GRU",
                                                    "RNN",
                                                    "EyeLike",
                                                    "GridSample",
                                                    "RoiAlign"};
  return kNames.contains(op.name());
}

class Converter {
 public:
  Converter(const StepGraph& graph, DataType storage, const PrecisionRules& rules, PrecisionReport& report)
      : graph_(graph), storage_(storage), rules_(rules), report_(report), narrow_(graph.values.size(), kNone) {
    out_.name = graph.name;
    out_.values = graph.values;
    out_.inputs = graph.inputs;
    out_.outputs = graph.outputs;
    out_.constants = graph.constants;
    out_.file = graph.file;
  }

  Result<std::shared_ptr<const StepGraph>> run() {
    TRY_OK(check_patterns());
    for (const StepGraph::Step& step : graph_.steps) TRY_OK(add(step));
    drop_unread_constants();
    TRY_OK(check(out_).within("the network in another precision"));
    return std::shared_ptr<const StepGraph>(std::make_shared<StepGraph>(std::move(out_)));
  }

 private:
  bool is_f32(int value) const {
    return value != kNone && graph_.values[static_cast<std::size_t>(value)].type.dtype == DataType::kF32;
  }

  /// The value on the samples, where FP16 cannot hold it.
  const ValueRange* beyond(int value) const {
    if (!is_f32(value) || storage_ != DataType::kF16 || rules_.ranges.empty()) return nullptr;
    const ValueRange& range = rules_.ranges[static_cast<std::size_t>(value)];
    if (!range.known || (range.largest <= kMostInF16 && range.change <= allowed_)) return nullptr;
    return &range;
  }

  /// Whether input `index` stays as it is: a mask of Attention that is beyond FP16, the scales of Resize.
  bool keeps_input(const StepGraph::Step& step, std::size_t index) const {
    if (step.op.is<Resize>()) return index > 0;
    return step.op.is<Attention>() && index == 3 && beyond(step.inputs[index]) != nullptr;
  }

  static std::string digits(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3g", value);
    return text.data();
  }

  std::string why(const ValueRange& range, std::string_view value) const {
    if (range.largest > kMostInF16) {
      return strings::join("'", value, "' reaches ", digits(range.largest),
                           "; fp16 ends at 65504 and half of it is allowed");
    }
    return strings::join("'", value, "' is so small that fp16 rounds it by ", digits(range.rounding),
                         " of its size, which changes an output by ", digits(range.change),
                         " of its largest value plus 1; at most ", digits(allowed_));
  }

  bool is_named(const StepGraph::Step& step, const std::string& pattern) const {
    if (matches(pattern, step.name)) return true;
    for (const std::string& member : step.members) {
      if (matches(pattern, member)) return true;
    }
    for (const int output : step.outputs) {
      if (output != kNone && matches(pattern, graph_.values[static_cast<std::size_t>(output)].name)) return true;
    }
    return false;
  }

  Status check_patterns() const {
    for (const std::string& pattern : rules_.keep) {
      const auto named = [&](const StepGraph::Step& step) { return is_named(step, pattern); };
      if (std::any_of(graph_.steps.begin(), graph_.steps.end(), named)) continue;
      std::string some;
      for (std::size_t i = 0; i < std::min<std::size_t>(graph_.steps.size(), 5); ++i) {
        some += strings::join(i == 0 ? "'" : ", '", graph_.steps[i].name, "'");
      }
      return not_found("no layer to keep in FP32 is named '", pattern, "'; * stands for any characters; of the ",
                       graph_.steps.size(), " steps after optimisation the first are ", some);
    }
    return {};
  }

  /// Why the step stays in FP32; nothing where it need not.
  std::optional<PrecisionReport::Kept> kept(const StepGraph::Step& step, const Op& narrow_op) const {
    PrecisionReport::Kept out{.step = step.name, .op = std::string(step.op.name())};
    for (const std::string& pattern : rules_.keep) {
      if (!is_named(step, pattern)) continue;
      out.reason = strings::join("asked for by '", pattern, "'");
      return out;
    }
    for (const std::vector<int>* values : {&step.outputs, &step.inputs}) {
      for (std::size_t i = 0; i < values->size(); ++i) {
        const int value = (*values)[i];
        const ValueRange* range = beyond(value);
        if (range == nullptr || (values == &step.inputs && keeps_input(step, i))) continue;
        out.value = graph_.values[static_cast<std::size_t>(value)].name;
        out.largest = range->largest;
        out.rounding = range->rounding;
        out.change = range->change;
        out.reason = why(*range, out.value);
        return out;
      }
    }
    if (!step.bodies.empty()) {
      out.reason = "it has bodies";
    } else if (stays(step.op)) {
      out.reason = "its meaning hangs on FP32 numbers";
    } else if (!works_narrow(step, narrow_op)) {
      out.reason = strings::join("the operator takes no ", storage_);
    } else {
      return std::nullopt;
    }
    return out;
  }

  /// Whether the operator takes narrow inputs and gives narrow results where it had FP32.
  bool works_narrow(const StepGraph::Step& step, const Op& op) const {
    std::vector<TensorType> types(step.inputs.size());
    std::vector<InferContext::Input> inputs(step.inputs.size());
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      const int input = step.inputs[i];
      if (input == kNone) continue;
      types[i] = graph_.values[static_cast<std::size_t>(input)].type;
      const bool narrows = is_f32(input) && !keeps_input(step, i);
      if (narrows) types[i].dtype = storage_;
      inputs[i] = {.type = &types[i], .constant = narrows ? nullptr : graph_.constant(input), .contents = nullptr};
    }
    const InferContext context(inputs, static_cast<int>(step.outputs.size()));
    const auto results = op.infer(context);
    if (!results) return false;
    for (std::size_t o = 0; o < step.outputs.size(); ++o) {
      if (step.outputs[o] == kNone) continue;
      if (o >= results->size()) return false;
      const DataType wanted =
          is_f32(step.outputs[o]) ? storage_ : graph_.values[static_cast<std::size_t>(step.outputs[o])].type.dtype;
      if ((*results)[o].dtype != wanted) return false;
    }
    return true;
  }

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
      for (const int value : *values) touches = touches || is_f32(value);
    }
    if (!touches && step.bodies.empty()) {
      out_.steps.push_back(step);
      return {};
    }
    const Op op = with_float_type(step.op, storage_);
    if (auto stays_wide = kept(step, op)) {
      report_.kept.push_back(*std::move(stays_wide));
      for (const int input : step.inputs) {
        if (is_f32(input)) wide(input);
      }
      out_.steps.push_back(step);
      return {};
    }
    StepGraph::Step made = step;
    made.op = op;
    for (std::size_t i = 0; i < made.inputs.size(); ++i) {
      int& input = made.inputs[i];
      if (!is_f32(input)) continue;
      if (keeps_input(step, i)) {
        wide(input);
        continue;
      }
      TRY(input, narrow(input));
    }
    std::vector<std::pair<int, int>> outputs;
    for (int& output : made.outputs) {
      if (!is_f32(output)) continue;
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

  /// Constants that only had FP32 readers: their bytes go.
  void drop_unread_constants() {
    std::vector<bool> read(out_.values.size(), false);
    for (const StepGraph::Step& step : out_.steps) {
      for (const int input : step.inputs) {
        if (input != kNone) read[static_cast<std::size_t>(input)] = true;
      }
    }
    for (const int output : out_.outputs) read[static_cast<std::size_t>(output)] = true;
    for (const int input : out_.inputs) read[static_cast<std::size_t>(input)] = true;
    for (const StepGraph::Step& step : out_.steps) {
      for (const int output : step.outputs) {
        if (output != kNone) read[static_cast<std::size_t>(output)] = true;
      }
    }
    StepGraph kept;
    std::vector<int> at(out_.values.size(), kNone);
    std::map<int, int> constants;
    for (std::size_t v = 0; v < out_.values.size(); ++v) {
      if (!read[v]) continue;
      at[v] = static_cast<int>(kept.values.size());
      StepGraph::Value value = std::move(out_.values[v]);
      if (value.constant != kNone) {
        const auto [known, fresh] = constants.try_emplace(value.constant, static_cast<int>(kept.constants.size()));
        if (fresh) kept.constants.push_back(out_.constants[static_cast<std::size_t>(value.constant)]);
        value.constant = known->second;
      }
      kept.values.push_back(std::move(value));
    }
    const auto renumber = [&](std::vector<int>& values) {
      for (int& value : values) {
        if (value != kNone) value = at[static_cast<std::size_t>(value)];
      }
    };
    kept.name = std::move(out_.name);
    kept.file = std::move(out_.file);
    kept.steps = std::move(out_.steps);
    kept.inputs = std::move(out_.inputs);
    kept.outputs = std::move(out_.outputs);
    for (StepGraph::Step& step : kept.steps) {
      renumber(step.inputs);
      renumber(step.outputs);
    }
    renumber(kept.inputs);
    renumber(kept.outputs);
    out_ = std::move(kept);
  }

  const StepGraph& graph_;
  DataType storage_;
  const PrecisionRules& rules_;
  double allowed_ = allowed_change_in_f16(graph_.steps.size());
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
