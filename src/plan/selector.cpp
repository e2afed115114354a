#include "plan/selector.h"

#include "ops/all.h"
#include "plan/known_values.h"

#include <algorithm>
#include <unordered_map>

namespace bolide {
namespace {

/// Walks over orders of values and prices them.
class Search {
 public:
  Search(const StepGraph& graph, const Sizes& sizes, const Backend& backend, const CostTable& costs,
         const SelectOptions& options)
      : graph_(graph), flow_(graph), sizes_(sizes), backend_(backend), costs_(costs), options_(options) {
    for (const StepGraph::Step& step : graph.steps) tactics_.push_back(backend.tactics(step.op));
  }

  Result<Choice> run() {
    Choice best = start(true);
    price_all(best);
    if (Choice other = start(false); price_all(other) < best.total_us) best = std::move(other);
    improve(best);
    for (std::size_t s = 0; s < best.steps.size(); ++s) {
      if (best.steps[s].us >= kImpossible) return nothing_runs(best, static_cast<int>(s));
    }
    return best;
  }

 private:
  static constexpr double kImpossible = 1e15;
  /// A tactic must be this much cheaper than the incumbent: timings of equal kernels differ by a few percent.
  static constexpr double kClearly = 0.95;
  /// And a library's kernel by so much more: the launches beside it do not overlap it, which timing alone does not
  /// show.
  static constexpr double kLibraryUs = 1.0;

  bool spatial(int step) const {
    const Op& op = graph_.steps[static_cast<std::size_t>(step)].op;
    return op.is<Conv>() || op.is<ConvTranspose>();
  }

  /// Values that a step writes may take these orders.
  std::vector<Order> candidates(int value) const {
    const int rank = static_cast<int>(sizes_.dims[static_cast<std::size_t>(value)].size());
    std::vector<Order> orders = {row_major(rank)};
    const auto add = [&](Order order) {
      if (std::find(orders.begin(), orders.end(), order) == orders.end()) orders.push_back(std::move(order));
    };
    if (rank >= 3) add(channels_last(rank));
    for (const int reader : flow_.readers[static_cast<std::size_t>(value)]) {
      const auto* transpose = graph_.steps[static_cast<std::size_t>(reader)].op.as<Transpose>();
      if (transpose == nullptr || static_cast<int>(transpose->perm.size()) != rank) continue;
      const auto axes = transpose->order(rank);
      if (axes) add(Order(axes->begin(), axes->end()));
    }
    return orders;
  }

  Choice start(bool spatial_channels_last) const {
    Choice choice;
    choice.orders.resize(graph_.values.size());
    choice.steps.resize(graph_.steps.size());
    for (std::size_t v = 0; v < graph_.values.size(); ++v) {
      const int rank = static_cast<int>(sizes_.dims[v].size());
      const int producer = flow_.producer[v];
      const bool free = producer != kNone && graph_.steps[static_cast<std::size_t>(producer)].bodies.empty();
      choice.orders[v] = free && spatial_channels_last && (rank >= 4 || (rank == 3 && spatial(producer)))
                             ? channels_last(rank)
                             : row_major(rank);
    }
    return choice;
  }

  double price_all(Choice& choice) {
    choice.total_us = 0;
    for (std::size_t s = 0; s < graph_.steps.size(); ++s) {
      choice.steps[s] = price(choice, static_cast<int>(s));
      choice.total_us += choice.steps[s].us;
    }
    for (const int output : graph_.outputs) choice.total_us += leaving_us(choice, output);
    return choice.total_us;
  }

  /// A result of the network lies row-major for the user: what is written otherwise is copied in the end.
  double leaving_us(const Choice& choice, int value) {
    if (flow_.producer[static_cast<std::size_t>(value)] == kNone) return 0;
    const Operand operand = written_operand(graph_, sizes_, choice.orders, value);
    const Dims strides = dense_strides(operand.dims, row_major(operand.rank()));
    if (operand.count() < 2 || same_strides(operand.dims, strides, operand.strides)) return 0;
    return copy_cost(operand, strides);
  }
  double leaving_us(const Choice& choice, std::span<const int> values) {
    double us = 0;
    for (const int value : values) us += leaving_us(choice, value);
    return us;
  }

  void improve(Choice& choice) {
    for (int sweep = 0; sweep < 4; ++sweep) {
      bool changed = false;
      for (std::size_t v = 0; v < graph_.values.size(); ++v) changed |= improve_value(choice, static_cast<int>(v));
      if (!changed) return;
    }
  }

  bool improve_value(Choice& choice, int value) {
    const int producer = flow_.producer[static_cast<std::size_t>(value)];
    if (producer == kNone || !graph_.steps[static_cast<std::size_t>(producer)].bodies.empty()) return false;
    const std::vector<Order> orders = candidates(value);
    if (orders.size() < 2) return false;
    std::vector<int> affected = {producer};
    collect_readers(value, affected);
    double now = 0;
    for (const int s : affected) now += choice.steps[static_cast<std::size_t>(s)].us;
    std::vector<int> leaving;
    std::copy_if(graph_.outputs.begin(), graph_.outputs.end(), std::back_inserter(leaving),
                 [value](int output) { return output == value; });
    now += leaving_us(choice, leaving);
    Order& order = choice.orders[static_cast<std::size_t>(value)];
    const Order original = order;
    Order best_order = original;
    std::vector<StepChoice> best_steps;
    double best = now;
    for (const Order& candidate : orders) {
      if (candidate == original) continue;
      order = candidate;
      double total = leaving_us(choice, leaving);
      std::vector<StepChoice> steps;
      for (const int s : affected) {
        steps.push_back(price(choice, s));
        total += steps.back().us;
        if (total >= best) break;
      }
      if (total < best * 0.998) {
        best = total;
        best_order = candidate;
        best_steps = std::move(steps);
      }
    }
    order = best_order;
    if (best_steps.empty()) return false;
    choice.total_us += best - now;
    for (std::size_t i = 0; i < affected.size(); ++i) {
      choice.steps[static_cast<std::size_t>(affected[i])] = std::move(best_steps[i]);
    }
    return true;
  }

  /// Steps whose problem changes with the value's order: its readers, through views.
  void collect_readers(int value, std::vector<int>& steps) const {
    for (const int reader : flow_.readers[static_cast<std::size_t>(value)]) {
      if (std::find(steps.begin(), steps.end(), reader) != steps.end()) continue;
      steps.push_back(reader);
      const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(reader)];
      if (!step.op.info().view) continue;
      for (const int output : step.outputs) {
        if (output != kNone) collect_readers(output, steps);
      }
    }
  }

  StepChoice price(const Choice& choice, int s) {
    const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(s)];
    StepChoice result;
    result.reformats.resize(step.inputs.size());
    if (!step.bodies.empty() || is_known(step, sizes_)) return result;
    const Problem problem = problem_of(graph_, flow_, sizes_, choice.orders, s, backend_.target().threads);
    if (step.op.info().view) {
      for (std::size_t i = 0; i < step.outputs.size(); ++i) {
        if (step.outputs[i] == kNone) continue;
        if (view_of(step.op, problem.inputs, static_cast<int>(i), problem.outputs[i].dims)) continue;
        result.us += backend_.copy_us(bytes_of(problem.outputs[i]));
      }
      return result;
    }
    if (step.op.is<Concat>()) {
      for (std::size_t i = 0; i < step.inputs.size(); ++i) {
        const Operand& input = problem.inputs[i];
        const int producer = flow_.producer[static_cast<std::size_t>(step.inputs[i])];
        const bool in_place = producer != kNone && sizes_.value(step.inputs[i]) == nullptr &&
                              !graph_.steps[static_cast<std::size_t>(producer)].op.info().view &&
                              choice.orders[static_cast<std::size_t>(step.inputs[i])] ==
                                  choice.orders[static_cast<std::size_t>(step.outputs[0])];
        if (!in_place) result.us += backend_.copy_us(bytes_of(input));
      }
      return result;
    }
    return cheapest(step, s, problem, result);
  }

  static std::int64_t bytes_of(const Operand& operand) {
    return static_cast<std::int64_t>(packed_bytes(operand.dtype, operand.count()));
  }

  /// The best tactic as the inputs lie, or after copying those that lie otherwise into the output's or row-major order.
  StepChoice cheapest(const StepGraph::Step& step, int s, const Problem& problem, StepChoice result) {
    result.us = kImpossible;
    weigh(step, s, problem, 0, result);
    const Operand* out = nullptr;
    for (const Operand& output : problem.outputs) {
      if (!output.absent) {
        out = &output;
        break;
      }
    }
    const bool hopeless = result.tactic == nullptr || result.tactic->is_reference();
    if (out == nullptr || (!hopeless && result.us < 20)) return result;
    for (const bool as_output : {true, false}) {
      Problem copied = problem;
      std::vector<std::optional<Order>> reformats(problem.inputs.size());
      double cost = 0;
      for (std::size_t i = 0; i < copied.inputs.size(); ++i) {
        Operand& input = copied.inputs[i];
        if (input.absent || input.constant != nullptr || input.count() < 2) continue;
        const Order order = as_output && input.rank() == out->rank() ? order_of(*out) : row_major(input.rank());
        Dims strides = dense_strides(input.dims, order);
        if (same_strides(input.dims, strides, input.strides)) continue;
        cost += copy_cost(input, strides);
        input.strides = std::move(strides);
        reformats[i] = order;
      }
      if (cost == 0 || cost >= result.us) continue;
      StepChoice other;
      other.us = result.us;
      weigh(step, s, copied, cost, other);
      if (other.tactic != nullptr && other.us < result.us) {
        other.reformats = std::move(reformats);
        result = std::move(other);
      }
    }
    return result;
  }

  /// Of the best tactic that copies, measured where somebody did.
  double copy_cost(const Operand& from, const Dims& to_strides) {
    static const StepGraph::Step copy{.name = "copy", .op = Identity{}};
    const Problem problem = copy_problem(from, to_strides, backend_.target().threads);
    const std::string key = problem.key();
    auto [known, fresh] = weighed_.try_emplace(strings::join("copy ", key));
    if (fresh) {
      copy_tactics_ = backend_.tactics(copy.op);
      known->second = weigh_tactics(copy, copy_tactics_, problem, key);
    }
    const double model = backend_.copy_us(bytes_of(from));
    return known->second.tactic == nullptr || known->second.tactic->is_reference() ? model : known->second.us;
  }

  static Order order_of(const Operand& operand) {
    Order order = row_major(operand.rank());
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return operand.strides[static_cast<std::size_t>(a)] > operand.strides[static_cast<std::size_t>(b)];
    });
    return order;
  }

  struct Weighed {
    const Tactic* tactic = nullptr;
    double us = kImpossible;
    bool measured = false;
  };

  void weigh(const StepGraph::Step& step, int s, const Problem& problem, double extra_us, StepChoice& best) {
    const std::string key = problem.key();
    auto [known, fresh] = weighed_.try_emplace(strings::join(s, ' ', key));
    if (fresh) known->second = weigh_tactics(step, tactics_[static_cast<std::size_t>(s)], problem, key);
    if (known->second.tactic != nullptr && known->second.us + extra_us < best.us) {
      best.tactic = known->second.tactic;
      best.us = known->second.us + extra_us;
      best.measured = known->second.measured;
    }
  }

  Weighed weigh_tactics(const StepGraph::Step& step, std::span<const Tactic* const> tactics, const Problem& problem,
                        const std::string& key) {
    Weighed best;
    std::vector<CandidateReport> accepted;
    bool any_measured = false;
    for (const Tactic* tactic : tactics) {
      CandidateReport report =
          bolide::weigh(*tactic, step.name, problem, key, backend_.target(), costs_, options_.rules);
      if (!report.verdict.accepted) continue;
      any_measured |= report.measured;
      accepted.push_back(std::move(report));
    }
    for (const CandidateReport& report : accepted) {
      // Where some were measured, a hopeful estimate of another does not count.
      if (any_measured && !report.measured) continue;
      // The incumbent (the earlier in the list) stays unless the other is clearly better.
      const bool own = best.tactic != nullptr && !best.tactic->is_library();
      const double extra = own && report.tactic->is_library() ? kLibraryUs : 0;
      if (report.us + extra < best.us * (best.tactic != nullptr ? kClearly : 1.0)) {
        best = {report.tactic, report.us, report.measured};
      }
    }
    if (options_.observe) options_.observe(step, problem, key, accepted);
    return best;
  }

  Error nothing_runs(const Choice& choice, int s) const {
    const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(s)];
    const Problem problem = problem_of(graph_, flow_, sizes_, choice.orders, s, backend_.target().threads);
    const std::string key = problem.key();
    std::vector<CandidateReport> refused;
    for (const Tactic* tactic : tactics_[static_cast<std::size_t>(s)]) {
      refused.push_back(bolide::weigh(*tactic, step.name, problem, key, backend_.target(), costs_, options_.rules));
    }
    return no_tactic(step.name, problem, backend_.name(), refused);
  }

  const StepGraph& graph_;
  const Flow flow_;
  const Sizes& sizes_;
  const Backend& backend_;
  const CostTable& costs_;
  const SelectOptions& options_;
  std::vector<std::vector<const Tactic*>> tactics_;
  std::vector<const Tactic*> copy_tactics_;
  std::unordered_map<std::string, Weighed> weighed_;
};

}  // namespace

Result<Choice> select(const StepGraph& graph, const Sizes& sizes, const Backend& backend, const CostTable& costs,
                      const SelectOptions& options) {
  return Search(graph, sizes, backend, costs, options).run();
}

}  // namespace bolide
