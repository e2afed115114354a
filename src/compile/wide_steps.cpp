#include "compile/wide_steps.h"

#include "ops/all.h"
#include "plan/cost.h"

#include <algorithm>
#include <array>
#include <cstdio>
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

std::string digits(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g", value);
  return text.data();
}

}  // namespace

Status WideSteps::check_patterns() const {
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

bool WideSteps::is_f32(int value) const {
  return value != kNone && graph_.values[static_cast<std::size_t>(value)].type.dtype == DataType::kF32;
}

const ValueRange* WideSteps::beyond(int value) const {
  if (!is_f32(value) || storage_ != DataType::kF16 || rules_.ranges.empty()) return nullptr;
  const ValueRange& range = rules_.ranges[static_cast<std::size_t>(value)];
  if (!range.known || (range.largest <= kMostInF16 && range.change <= allowed_)) return nullptr;
  return &range;
}

bool WideSteps::keeps_input(const StepGraph::Step& step, std::size_t index) const {
  if (step.op.is<Resize>()) return index > 0;
  return step.op.is<Attention>() && index == 3 && beyond(step.inputs[index]) != nullptr;
}

std::string WideSteps::why(const ValueRange& range, std::string_view value) const {
  if (range.largest > kMostInF16) {
    return strings::join("'", value, "' reaches ", digits(range.largest),
                         "; fp16 ends at 65504 and half of it is allowed");
  }
  return strings::join("'", value, "' is so small that fp16 rounds it by ", digits(range.rounding),
                       " of its size, which changes an output by ", digits(range.change),
                       " of its largest value plus 1; at most ", digits(allowed_));
}

bool WideSteps::is_named(const StepGraph::Step& step, const std::string& pattern) const {
  if (matches(pattern, step.name)) return true;
  for (const std::string& member : step.members) {
    if (matches(pattern, member)) return true;
  }
  for (const int output : step.outputs) {
    if (output != kNone && matches(pattern, graph_.values[static_cast<std::size_t>(output)].name)) return true;
  }
  return false;
}

std::optional<PrecisionReport::Kept> WideSteps::kept(const StepGraph::Step& step, const Op& narrow_op) const {
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

bool WideSteps::works_narrow(const StepGraph::Step& step, const Op& op) const {
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

}  // namespace bolide
