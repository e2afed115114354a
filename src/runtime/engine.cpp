#include "runtime/engine.h"

#include "plan/sizes.h"
#include "runtime/regions.h"

#include <algorithm>
#include <set>

namespace bolide {
namespace {

/// Elements that are C++ objects do not lie in an arena.
bool made_of_objects(DataType dtype) { return dtype == DataType::kString || is_container(dtype); }

int index_of(const StepGraph& graph, std::span<const int> values, std::string_view name) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (graph.values[static_cast<std::size_t>(values[i])].name == name) return static_cast<int>(i);
  }
  return kNone;
}

}  // namespace

bool is_plannable(const StepGraph& graph, const StepGraph::Step& step) {
  for (const std::vector<int>* values : {&step.inputs, &step.outputs}) {
    for (const int value : *values) {
      if (value != kNone && made_of_objects(graph.values[static_cast<std::size_t>(value)].type.dtype)) return false;
    }
  }
  if (step.bodies.empty()) return true;
  return step.op.name() == "If" &&
         std::ranges::all_of(step.bodies, [](const auto& body) { return is_plannable(*body); });
}

bool is_plannable(const StepGraph& graph) {
  const std::set<std::string> bound = told_names(graph);
  for (const std::vector<int>* values : {&graph.inputs, &graph.outputs}) {
    for (const int value : *values) {
      if (made_of_objects(graph.values[static_cast<std::size_t>(value)].type.dtype)) return false;
    }
  }
  for (const StepGraph::Value& value : graph.values) {
    for (const Dim& dim : value.type.shape) {
      for (const std::string& name : dim.names()) {
        if (!bound.contains(name)) return false;
      }
    }
  }
  return std::ranges::all_of(graph.steps, [&graph](const StepGraph::Step& step) { return is_plannable(graph, step); });
}

EngineCore::EngineCore() = default;
EngineCore::~EngineCore() = default;

std::shared_ptr<EngineCore> EngineCore::make(std::shared_ptr<const StepGraph> graph,
                                             std::shared_ptr<const Backend> backend, CostTable costs,
                                             std::vector<Variant> variants, EngineOptions options) {
  auto engine = std::shared_ptr<EngineCore>(new EngineCore());
  engine->graph_ = std::move(graph);
  engine->backend_ = std::move(backend);
  engine->costs_ = std::move(costs);
  engine->variants_ = std::move(variants);
  engine->options_ = std::move(options);
  engine->splits_ = !engine->backend_->has_own_memory() && splits_by_batch(*engine->graph_);
  engine->sizes_known_ = is_plannable(*engine->graph_);
  if (!engine->sizes_known_) engine->regions_ = cut_regions(engine->graph_, engine->backend_, engine->options_);
  return engine;
}

int EngineCore::input_index(std::string_view name) const { return index_of(*graph_, graph_->inputs, name); }
int EngineCore::output_index(std::string_view name) const { return index_of(*graph_, graph_->outputs, name); }

Result<std::int64_t> EngineCore::cut_batch(std::vector<Dims>& inputs) const {
  // A device of its own is kept busy by large batches.
  if (backend_->has_own_memory()) return 1;
  if (!splits_ || !sizes_known_ || inputs[0].empty() || inputs[0][0] < 2) return 1;
  TRY(const Sizes sizes, resolve_dims(*graph_, inputs));
  const std::int64_t part = slice_size(*graph_, sizes, options_.max_slice_bytes);
  const std::int64_t parts = inputs[0][0] / part;
  for (Dims& input : inputs) input[0] = part;
  return parts;
}

Result<std::shared_ptr<const PreparedSchedule>> EngineCore::prepare(std::span<const Dims> inputs) {
  const auto same = [&](const std::vector<Dims>& other) {
    return std::equal(inputs.begin(), inputs.end(), other.begin(), other.end());
  };
  const std::lock_guard lock(mutex_);
  for (auto entry = cache_.begin(); entry != cache_.end(); ++entry) {
    if (!same(entry->inputs)) continue;
    cache_.splice(cache_.begin(), cache_, entry);
    return entry->prepared;
  }
  Result<Schedule> schedule = internal_error("not planned");
  const auto variant =
      std::find_if(variants_.begin(), variants_.end(), [&](const Variant& v) { return same(v.inputs); });
  if (variant != variants_.end()) {
    TRY(const Sizes sizes, resolve_sizes(*graph_, inputs));
    schedule = build_schedule(*graph_, sizes, *backend_, variant->choice, costs_, options_.rules);
  } else {
    schedule = plan_schedule(*graph_, inputs, *backend_, costs_, {.rules = options_.rules, .observe = {}});
  }
  if (!schedule) return std::move(schedule).error();
  TRY(auto prepared, PreparedSchedule::make(graph_, *std::move(schedule), packs_, store_, *backend_));
  cache_.push_front({std::vector<Dims>(inputs.begin(), inputs.end()), prepared});
  if (cache_.size() > std::max<std::size_t>(options_.max_schedules, 1)) cache_.pop_back();
  return prepared;
}

}  // namespace bolide
