#include "base/log.h"
#include "plan/engine_file.h"

#include <algorithm>

namespace bolide {
namespace {

/// Errors where the numbers of values, steps and dims of a decision are not the graph's.
Status check_shape(const StoredVariant& stored, const StepGraph& graph, const Sizes& sizes) {
  if (stored.orders.size() != graph.values.size() || stored.steps.size() != graph.steps.size()) {
    return bad_file("a tuned shape has ", stored.orders.size(), " values and ", stored.steps.size(),
                    " steps, the graph has ", graph.values.size(), " and ", graph.steps.size());
  }
  const auto fits = [&](const Order& order, int value) {
    return order.size() == sizes.dims[static_cast<std::size_t>(value)].size();
  };
  for (std::size_t v = 0; v < stored.orders.size(); ++v) {
    if (!fits(stored.orders[v], static_cast<int>(v))) {
      return bad_file("value '", graph.values[v].name, "' has ", sizes.dims[v].size(), " dims, its order ",
                      stored.orders[v].size());
    }
  }
  for (std::size_t s = 0; s < stored.steps.size(); ++s) {
    const StepGraph::Step& step = graph.steps[s];
    const auto& reformats = stored.steps[s].reformats;
    bool same = reformats.size() == step.inputs.size();
    for (std::size_t i = 0; same && i < reformats.size(); ++i) {
      same = !reformats[i] || (step.inputs[i] != kNone && fits(*reformats[i], step.inputs[i]));
    }
    if (!same) return bad_file("step '", step.name, "': the orders of its inputs do not fit them");
  }
  return {};
}

/// Errors where a step names a tactic for other operators, which must not be asked about this one.
Status check_tactics(const StoredVariant& stored, const StepGraph& graph, const Backend& backend) {
  for (std::size_t s = 0; s < stored.steps.size(); ++s) {
    const std::string& name = stored.steps[s].tactic;
    const Tactic* tactic = name.empty() ? nullptr : backend.find_tactic(name);
    if (tactic == nullptr) continue;
    const StepGraph::Step& step = graph.steps[s];
    if (std::ranges::count(backend.tactics(step.op), tactic) == 0) {
      return bad_file("step '", step.name, "': ", name, " is no tactic of ", step.op.name());
    }
  }
  return {};
}

/// Nothing when a tactic is not this build's. Steps by a library of another version are left open.
std::optional<Choice> bind(const StoredVariant& stored, const StepGraph& graph, const Backend& backend) {
  Choice choice{.orders = stored.orders, .total_us = stored.total_us};
  std::string first_open;
  int open = 0;
  for (std::size_t s = 0; s < stored.steps.size(); ++s) {
    const StoredStep& step = stored.steps[s];
    const Tactic* tactic = step.tactic.empty() ? nullptr : backend.find_tactic(step.tactic);
    if (!step.tactic.empty() && (tactic == nullptr || tactic->revision() != step.revision)) {
      const std::string tuned =
          strings::join("step '", graph.steps[s].name, "' was tuned for ", step.tactic, "@", step.revision);
      if (tactic == nullptr || !tactic->is_library()) {
        const std::string has = tactic == nullptr ? "this build has none of that name"
                                                  : strings::join("this build has revision ", tactic->revision());
        log(LogLevel::kWarn, "engine: ", tuned, ", ", has, ": the cost model chooses for this shape");
        return std::nullopt;
      }
      const std::string has = tactic->revision() == 0 ? "the library is not here"
                                                      : strings::join("the library here has ", tactic->revision());
      if (open++ == 0) first_open = strings::join(tuned, ", ", has);
      tactic = nullptr;
    }
    choice.steps.push_back({.tactic = tactic, .reformats = step.reformats, .us = step.us, .measured = step.measured});
  }
  if (open > 0) {
    log(LogLevel::kWarn, "engine: ", first_open, ": the fastest of the other tactics runs it and ", open - 1,
        " more such steps");
  }
  return choice;
}

}  // namespace

Result<std::vector<Variant>> bind_variants(const DeviceVariant& device, const StepGraph& graph,
                                           const Backend& backend) {
  std::vector<Variant> out;
  for (const StoredVariant& stored : device.shapes) {
    const auto sizes = resolve_sizes(graph, stored.inputs);
    if (!sizes) return bad_file("a tuned shape: ", sizes.error().message);
    if (!sizes->all_known) return bad_file("a tuned shape of a network whose sizes only the data decide");
    TRY_OK(check_shape(stored, graph, *sizes));
    TRY_OK(check_tactics(stored, graph, backend));
    if (auto choice = bind(stored, graph, backend)) out.push_back({stored.inputs, *std::move(choice)});
  }
  return out;
}

}  // namespace bolide
