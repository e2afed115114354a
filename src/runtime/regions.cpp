#include "runtime/regions.h"

#include "backend/cpu/cpu_backend.h"
#include "plan/sizes.h"

#include <algorithm>
#include <set>

namespace bolide {
namespace {

std::size_t at(int index) { return static_cast<std::size_t>(index); }

/// Which stage every step belongs to: the steps of stage k read what stages up to k have made.
class Stages {
 public:
  explicit Stages(const StepGraph& graph) : graph_(graph), of_value_(graph.values.size(), 0) {
    for (const int input : graph.inputs) {
      for (const Dim& dim : graph.values[at(input)].type.shape) learn(dim, 0);
    }
    for (const StepGraph::Step& step : graph.steps) place(step);
  }

  int of_step(std::size_t step) const { return of_step_[step]; }
  bool is_single(std::size_t step) const { return single_[step]; }
  int count() const { return count_; }

 private:
  void learn(const Dim& dim, int stage) {
    for (std::string& name : dim.names()) of_name_.emplace(std::move(name), stage);
  }

  /// The stage in which all sizes of a value are known; nothing when some never are.
  std::optional<int> sizes_known_at(int value) const {
    int stage = 0;
    for (const Dim& dim : graph_.values[at(value)].type.shape) {
      for (const std::string& name : dim.names()) {
        const auto found = of_name_.find(name);
        if (found == of_name_.end()) return std::nullopt;
        stage = std::max(stage, found->second);
      }
    }
    return stage;
  }

  void place(const StepGraph::Step& step) {
    int stage = 0;
    bool single = !is_plannable(graph_, step);
    for (const int input : step.inputs) {
      if (input != kNone) stage = std::max({stage, of_value_[at(input)], sizes_known_at(input).value_or(0)});
    }
    for (const int output : step.outputs) {
      if (output == kNone) continue;
      const auto known = sizes_known_at(output);
      single = single || !known;
      stage = std::max(stage, known.value_or(0));
    }
    of_step_.push_back(stage);
    single_.push_back(single);
    const int made = single ? stage + 1 : stage;
    for (const int output : step.outputs) {
      if (output == kNone) continue;
      of_value_[at(output)] = made;
      for (const Dim& dim : graph_.values[at(output)].type.shape) learn(dim, made);
    }
    count_ = std::max(count_, stage + 1);
  }

  const StepGraph& graph_;
  std::vector<int> of_value_;
  std::vector<int> of_step_;
  std::vector<bool> single_;
  std::map<std::string, int, std::less<>> of_name_;
  int count_ = 0;
};

/// Work that is worth kernels made for its sizes alone, however often those change.
bool is_heavy(const Op& op) {
  static const std::set<std::string_view> kNames = {
      "Attention",       "Conv",   "ConvTranspose", "DeformConv", "Einsum", "GRU",     "GridSample", "LSTM",
      "LinearAttention", "MatMul", "MaxRoiPool",    "RNN",        "Resize", "RoiAlign"};
  return kNames.contains(op.name());
}

/// Whether a device with memory of its own is to leave the part of a graph to the host: what it does is light, and
/// the data decide sizes in it, so that kernels would be made for every other run.
bool is_for_host(const StepGraph& part, const std::set<std::string>& told) {
  if (std::ranges::any_of(part.steps, [](const StepGraph::Step& step) { return is_heavy(step.op); })) return false;
  for (const StepGraph::Value& value : part.values) {
    for (const Dim& dim : value.type.shape) {
      for (const std::string& name : dim.names()) {
        if (!told.contains(name)) return true;
      }
    }
  }
  return false;
}

/// By value: whether it is read in another region than the one that makes it.
std::vector<bool> values_that_leave(const StepGraph& graph, const Stages& stages) {
  std::vector<int> made_in(graph.values.size(), kNone);
  for (std::size_t s = 0; s < graph.steps.size(); ++s) {
    for (const int output : graph.steps[s].outputs) {
      if (output != kNone) made_in[at(output)] = stages.of_step(s);
    }
  }
  std::vector<bool> leaves(graph.values.size(), false);
  for (std::size_t s = 0; s < graph.steps.size(); ++s) {
    for (const int input : graph.steps[s].inputs) {
      if (input == kNone) continue;
      if (stages.is_single(s) || made_in[at(input)] != stages.of_step(s)) leaves[at(input)] = true;
    }
  }
  for (const int output : graph.outputs) leaves[at(output)] = true;
  return leaves;
}

std::set<std::string> names_in(const StepGraph& graph) {
  std::set<std::string> out;
  for (const StepGraph::Value& value : graph.values) {
    for (const Dim& dim : value.type.shape) {
      for (std::string& name : dim.names()) out.insert(std::move(name));
    }
  }
  return out;
}

void add_size_input(StepGraph& graph, const std::string& name) {
  graph.inputs.push_back(static_cast<int>(graph.values.size()));
  graph.values.push_back({strings::join("size ", name), {DataType::kU8, {Dim(name)}}});
}

/// Steps of a graph as a graph of their own.
class RegionBuilder {
 public:
  /// `leaves` by value: whether another region or the caller reads it.
  RegionBuilder(const StepGraph& whole, std::span<const std::size_t> steps, const std::vector<bool>& leaves)
      : whole_(whole) {
    part_ = std::make_shared<StepGraph>();
    part_->name = whole.name;
    part_->file = whole.file;
    for (const std::size_t step : steps) add(whole.steps[step]);
    for (const int value : made_) {
      if (!leaves[at(value)]) continue;
      region_.outputs.push_back(value);
      part_->outputs.push_back(here_.at(value));
    }
    add_names();
  }

  const StepGraph& part() const { return *part_; }
  Region finish(const std::shared_ptr<const Backend>& backend, const EngineOptions& options) && {
    region_.engine = EngineCore::make(std::move(part_), backend, {}, {}, options);
    return std::move(region_);
  }

 private:
  int value_here(int value) {
    if (value == kNone) return kNone;
    const auto [known, fresh] = here_.try_emplace(value, static_cast<int>(part_->values.size()));
    if (!fresh) return known->second;
    StepGraph::Value copy = whole_.values[at(value)];
    if (const Tensor* constant = whole_.constant(value)) {
      copy.constant = static_cast<int>(part_->constants.size());
      part_->constants.push_back(*constant);
    }
    part_->values.push_back(std::move(copy));
    return known->second;
  }

  void add(const StepGraph::Step& step) {
    StepGraph::Step copy = step;
    for (int& input : copy.inputs) {
      const bool is_new = input != kNone && !here_.contains(input) && whole_.constant(input) == nullptr;
      const int value = input;
      input = value_here(value);
      if (!is_new) continue;
      region_.inputs.push_back(value);
      part_->inputs.push_back(input);
    }
    for (int& output : copy.outputs) {
      if (output != kNone) made_.push_back(output);
      output = value_here(output);
    }
    part_->steps.push_back(std::move(copy));
  }

  /// Inputs that only tell sizes.
  void add_names() {
    std::set<std::string> told;
    for (const int input : part_->inputs) {
      for (const Dim& dim : part_->values[at(input)].type.shape) {
        if (const auto name = dim.single_name()) told.insert(*name);
      }
    }
    for (std::size_t v = 0, end = part_->values.size(); v < end; ++v) {
      for (const Dim& dim : Shape(part_->values[v].type.shape)) {
        for (const std::string& name : dim.names()) {
          if (!told.insert(name).second) continue;
          region_.names.push_back(name);
          add_size_input(*part_, name);
        }
      }
    }
  }

  const StepGraph& whole_;
  std::shared_ptr<StepGraph> part_;
  Region region_;
  std::map<int, int> here_;
  std::vector<int> made_;
};

Region single_step(const StepGraph& graph, std::size_t index, const std::shared_ptr<const Backend>& backend,
                   const EngineOptions& options) {
  const StepGraph::Step& step = graph.steps[index];
  Region region{.inputs = step.inputs, .outputs = step.outputs, .step = static_cast<int>(index)};
  const std::set<std::string> around = step.bodies.empty() ? std::set<std::string>() : names_in(graph);
  for (const auto& body : step.bodies) {
    std::vector<std::string>& names = region.body_names.emplace_back();
    for (const std::string& name : untold_names(*body)) {
      if (around.contains(name)) names.push_back(name);
    }
    auto told = body;
    if (!names.empty()) {
      auto copy = std::make_shared<StepGraph>(*body);
      for (const std::string& name : names) add_size_input(*copy, name);
      told = std::move(copy);
    }
    region.bodies.push_back(EngineCore::make(std::move(told), backend, {}, {}, options));
  }
  return region;
}

}  // namespace

std::vector<Region> cut_regions(const std::shared_ptr<const StepGraph>& graph,
                                const std::shared_ptr<const Backend>& backend, const EngineOptions& options) {
  struct Stage {
    std::vector<std::size_t> together;
    std::vector<std::size_t> alone;
  };
  const Stages stages(*graph);
  std::vector<Stage> work(at(stages.count()));
  for (std::size_t s = 0; s < graph->steps.size(); ++s) {
    Stage& stage = work[at(stages.of_step(s))];
    (stages.is_single(s) ? stage.alone : stage.together).push_back(s);
  }
  const std::vector<bool> leaves = values_that_leave(*graph, stages);
  const std::set<std::string> told = told_names(*graph);
  std::shared_ptr<const Backend> host;
  std::vector<Region> regions;
  for (const Stage& stage : work) {
    if (!stage.together.empty()) {
      RegionBuilder builder(*graph, stage.together, leaves);
      const bool left = backend->has_own_memory() && is_for_host(builder.part(), told);
      if (left && host == nullptr) host = std::make_shared<CpuBackend>();
      regions.push_back(std::move(builder).finish(left ? host : backend, options));
    }
    for (const std::size_t step : stage.alone) regions.push_back(single_step(*graph, step, backend, options));
  }
  return regions;
}

}  // namespace bolide
