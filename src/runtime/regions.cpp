#include "runtime/regions.h"

#include "plan/sizes.h"
#include "runtime/context.h"
#include "runtime/reference.h"

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
  std::vector<Region> regions;
  for (const Stage& stage : work) {
    if (!stage.together.empty()) {
      regions.push_back(RegionBuilder(*graph, stage.together, leaves).finish(backend, options));
    }
    for (const std::size_t step : stage.alone) regions.push_back(single_step(*graph, step, backend, options));
  }
  return regions;
}

RegionRunner::RegionRunner(std::shared_ptr<EngineCore> engine) : engine_(std::move(engine)) {
  const std::vector<Region>& regions = engine_->regions();
  last_readers_.assign(engine_->graph().values.size(), kNone);
  for (std::size_t r = 0; r < regions.size(); ++r) {
    Contexts& contexts = contexts_.emplace_back();
    if (regions[r].engine) contexts.region = {std::make_unique<ContextCore>(regions[r].engine), {}};
    for (const auto& body : regions[r].bodies) contexts.bodies.push_back({std::make_unique<ContextCore>(body), {}});
    for (const int input : regions[r].inputs) {
      if (input != kNone) last_readers_[at(input)] = static_cast<int>(r);
    }
  }
  for (const int output : engine_->graph().outputs) last_readers_[at(output)] = static_cast<int>(regions.size());
}

RegionRunner::~RegionRunner() = default;

Result<Tensors> RegionRunner::run(std::span<const Tensor> inputs) {
  const StepGraph& graph = engine_->graph();
  TRY_OK(check_inputs(graph, inputs));
  std::vector<Dims> dims;
  for (const Tensor& input : inputs) dims.push_back(input.dims());
  TRY(const Sizes sizes, resolve_sizes(graph, dims));
  names_ = sizes.names;
  values_.assign(graph.values.size(), std::nullopt);
  for (std::size_t v = 0; v < values_.size(); ++v) {
    if (const Tensor* constant = graph.constant(static_cast<int>(v))) values_[v] = *constant;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) values_[at(graph.inputs[i])] = inputs[i];
  const std::vector<Region>& regions = engine_->regions();
  for (std::size_t r = 0; r < regions.size(); ++r) {
    TRY_OK(regions[r].engine ? run_region(regions[r], contexts_[r].region) : run_step(regions[r], contexts_[r]));
    for (const int input : regions[r].inputs) {
      if (input != kNone && last_readers_[at(input)] == static_cast<int>(r)) values_[at(input)].reset();
    }
  }
  Tensors outputs;
  for (const int output : graph.outputs) outputs.push_back(*values_[at(output)]);
  values_.clear();
  return outputs;
}

Status RegionRunner::run_region(const Region& region, Part& part) {
  int index = 0;
  for (const int input : region.inputs) {
    const Tensor& tensor = *values_[at(input)];
    TRY_OK(part.context->set_input(index++, tensor.dtype(), tensor.dims(), tensor.data()));
  }
  TRY_OK(set_names(part, region.names, index));
  TRY(Tensors results, part.context->run_owned(part.kept));
  for (std::size_t o = 0; o < results.size(); ++o) values_[at(region.outputs[o])] = std::move(results[o]);
  return {};
}

Status RegionRunner::set_names(Part& part, const std::vector<std::string>& names, int index) {
  static const std::byte kNothing{};  // where the inputs lie
  for (const std::string& name : names) {
    const auto size = names_.find(name);
    if (size == names_.end()) return internal_error("the size '", name, "' is not known where it is needed");
    TRY_OK(part.context->set_input(index++, DataType::kU8, {size->second}, &kNothing));
  }
  return {};
}

Result<Tensors> RegionRunner::run_body(Part& body, const std::vector<std::string>& names,
                                       std::span<const Tensor> inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool whole = is_container(inputs[i].dtype());
    TRY_OK(body.context->set_input(static_cast<int>(i), inputs[i].dtype(), inputs[i].dims(),
                                   whole ? static_cast<const void*>(&inputs[i]) : inputs[i].data()));
  }
  TRY_OK(set_names(body, names, static_cast<int>(inputs.size())));
  return body.context->run_owned(body.kept);
}

Status RegionRunner::run_step(const Region& region, Contexts& contexts) {
  const StepGraph& graph = engine_->graph();
  const StepGraph::Step& step = graph.steps[at(region.step)];
  TRY(Tensors results, evaluate_step(step, values_, [&](int index, std::span<const Tensor> inputs) -> Result<Tensors> {
        if (index < 0 || at(index) >= contexts.bodies.size()) {
          return internal_error("step '", step.name, "' has no body ", index);
        }
        return run_body(contexts.bodies[at(index)], region.body_names[at(index)], inputs);
      }));
  for (std::size_t o = 0; o < step.outputs.size(); ++o) {
    if (step.outputs[o] == kNone) continue;
    const Shape& shape = graph.values[at(step.outputs[o])].type.shape;
    for (std::size_t d = 0; d < shape.size() && shape.size() == results[o].dims().size(); ++d) {
      TRY(const auto solved, shape[d].solve(results[o].dims()[d], names_).within(step.name));
      if (solved) names_.insert(*solved);
    }
    values_[at(step.outputs[o])] = std::move(results[o]);
  }
  return {};
}

}  // namespace bolide
