/// An engine: a step graph with what is known about running it fast on one device. Immutable for its users; shared by
/// threads. Plans for shapes are made on first use and kept in a bounded cache.
#pragma once

#include "plan/batch_slices.h"
#include "runtime/prepared_schedule.h"

#include <list>

namespace bolide {

struct EngineOptions {
  TacticRules rules;
  std::int64_t max_slice_bytes = kMaxSliceBytes;  ///< see slice_size()
  bool side_by_side = true;                       ///< lanes of a device's plan as streams; false: one after the other
  std::size_t max_schedules = 8;                  ///< shapes kept planned; the least recently used goes first
};

/// True when the step's operands are plain bytes (no strings and containers, which do not lie in an arena), and it has
/// no bodies or is an If whose bodies are plannable.
bool is_plannable(const StepGraph& graph, const StepGraph::Step& step);
/// True when every name in the graph's shapes comes from an input, and every step is plannable.
bool is_plannable(const StepGraph& graph);

struct Region;

class EngineCore : public std::enable_shared_from_this<EngineCore> {
 public:
  ~EngineCore();
  EngineCore(const EngineCore&) = delete;
  EngineCore& operator=(const EngineCore&) = delete;
  static std::shared_ptr<EngineCore> make(std::shared_ptr<const StepGraph> graph,
                                          std::shared_ptr<const Backend> backend, CostTable costs,
                                          std::vector<Variant> variants, EngineOptions options = {});

  const StepGraph& graph() const { return *graph_; }
  const std::shared_ptr<const StepGraph>& shared_graph() const { return graph_; }
  const Backend& backend() const { return *backend_; }
  const CostTable& costs() const { return costs_; }
  const EngineOptions& options() const { return options_; }
  const std::vector<Variant>& variants() const { return variants_; }
  int input_index(std::string_view name) const;  ///< kNone when there is none
  int output_index(std::string_view name) const;

  /// The plan for these input sizes: a tuned variant, else the cost model's choice; cached. Any thread.
  /// Errors: InvalidArgument for sizes the graph does not allow; Unsupported when some size is known only while
  /// running.
  Result<std::shared_ptr<const PreparedSchedule>> prepare(std::span<const Dims> inputs);
  /// Cuts the batch of these input sizes to what runs at a time, so that less is live, and gives the number of equal
  /// parts (1: nothing was cut); each is planned for by itself. Errors: as prepare().
  Result<std::int64_t> cut_batch(std::vector<Dims>& inputs) const;
  /// True when the whole is planned at once: see is_plannable(). Else it runs in regions.
  bool sizes_known() const { return sizes_known_; }
  const std::vector<Region>& regions() const { return regions_; }
  std::int64_t packed_bytes() const { return packs_.bytes() + store_.bytes(); }

 private:
  EngineCore();

  std::shared_ptr<const StepGraph> graph_;
  std::shared_ptr<const Backend> backend_;
  CostTable costs_;
  std::vector<Variant> variants_;
  EngineOptions options_;
  bool sizes_known_ = true;
  std::vector<Region> regions_;  // when they are not
  bool splits_ = false;          // splits_by_batch()
  PackStore packs_;
  DeviceStore store_;

  struct Entry {
    std::vector<Dims> inputs;
    std::shared_ptr<const PreparedSchedule> prepared;
  };
  std::mutex mutex_;
  std::list<Entry> cache_;  // most recently used first
};

}  // namespace bolide
