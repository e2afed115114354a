/// Networks with sizes that only the data decide, or with values that do not lie in an arena: cut into regions. A
/// region is planned, like a whole network, once the step before it has told its sizes; between regions stand the steps
/// whose results tell sizes, or hold strings, sequences, optionals or maps. Those run by their definition, and the
/// bodies of loops among them as engines of their own.
#pragma once

#include "runtime/engine.h"

namespace bolide {

class ContextCore;

/// Steps that are planned together, or one step that is not. Values are those of the whole graph.
struct Region {
  std::shared_ptr<EngineCore> engine;  ///< null for a single step
  std::vector<int> inputs;             ///< values that the engine's first inputs take
  std::vector<int> outputs;
  std::vector<std::string> names;  ///< sizes that the inputs' sizes do not tell: one further input each, never read
  int step = kNone;                ///< the single step
  std::vector<std::shared_ptr<EngineCore>> bodies;   ///< of the single step
  std::vector<std::vector<std::string>> body_names;  ///< as `names`, for the inputs of each body
};

/// The graph in regions, in running order: as few as there are steps that wait for each other's results. Where
/// `backend` has memory of its own, light regions with sizes that the data decide are the host's.
std::vector<Region> cut_regions(const std::shared_ptr<const StepGraph>& graph,
                                const std::shared_ptr<const Backend>& backend, const EngineOptions& options);

/// Runs the regions of an engine; one run at a time. Buffers of regions stay between runs and grow where sizes do.
class RegionRunner {
 public:
  explicit RegionRunner(std::shared_ptr<EngineCore> engine);
  ~RegionRunner();
  RegionRunner(const RegionRunner&) = delete;
  RegionRunner& operator=(const RegionRunner&) = delete;

  /// Outputs in the graph's order. Errors: as run_reference().
  Result<Tensors> run(std::span<const Tensor> inputs);

 private:
  /// A context, and the memory of its outputs.
  struct Part {
    std::unique_ptr<ContextCore> context;
    Tensors kept;
  };
  struct Contexts {
    Part region;
    std::vector<Part> bodies;
  };
  Status run_region(const Region& region, Part& part);
  Status run_step(const Region& region, Contexts& contexts);
  Result<Tensors> results_of(const Region& region, Contexts& contexts);
  Result<Tensor> rows_of(const StepGraph::Step& step);
  void find_places();
  Result<Tensors> run_body(Part& body, const std::vector<std::string>& names, std::span<const Tensor> inputs);
  /// Sets the inputs from `index` on that only tell sizes.
  Status set_names(Part& part, const std::vector<std::string>& names, int index);

  std::shared_ptr<EngineCore> engine_;
  std::vector<Contexts> contexts_;             // by region
  std::vector<int> last_readers_;              // by value: the last region that reads it
  std::vector<std::optional<Tensor>> values_;  // of the run that is under way
  std::vector<bool> stays_;                    // by value: its elements are in the device's memory
  std::shared_ptr<Device> device_;             // null: none with memory of its own
  std::unique_ptr<DeviceStream> stream_;       // for rows that are copied
  DimBindings names_;
};

}  // namespace bolide
