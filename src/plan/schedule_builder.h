/// How a schedule is made: where every value lies (schedule_layout.cpp), the steps and their kernels
/// (schedule_steps.cpp), and what crosses between a device with its own memory and the host (schedule_transfers.cpp).
#pragma once

#include "plan/schedule.h"

#include <map>

namespace bolide {

class ScheduleBuilder {
 public:
  ScheduleBuilder(const StepGraph& graph, const Sizes& sizes, const Backend& backend, Choice choice,
                  const CostTable& costs, const TacticRules& rules)
      : graph_(graph), flow_(graph), backend_(backend), costs_(costs), rules_(rules) {
    schedule_.sizes = sizes;
    schedule_.choice = std::move(choice);
    schedule_.threads = backend.target().threads;
    schedule_.places.resize(graph.values.size());
    schedule_.strides.resize(graph.values.size());
    aliases_.resize(graph.values.size());
    leaves_as_.assign(graph.values.size(), kNone);
    constants_.assign(graph.constants.size(), kNone);
  }

  Result<Schedule> run();

 private:
  using Kind = ScheduleBuffer::Kind;

  /// The slice of a concatenation's buffer that a value is written into.
  struct Alias {
    int into = kNone;  ///< the concatenation's output value
    std::int64_t start = 0;
    std::size_t axis = 0;
  };

  /// A result on the host and where it belongs on the device.
  struct Delivery {
    std::string name;
    Place from;
    Place to;
    Operand written;   // as the host writes it
    Operand expected;  // as the device reads it
  };

  /// What lies on the device and was copied to the host, or the other way round.
  struct Mirror {
    Place device;
    Dims dims;
    Dims device_strides;
    Place host;
    Dims strides;  // on the host
  };

  const Dims& dims(int value) const { return schedule_.sizes.dims[static_cast<std::size_t>(value)]; }
  DataType dtype(int value) const { return graph_.values[static_cast<std::size_t>(value)].type.dtype; }
  const Order& order(int value) const { return schedule_.choice.orders[static_cast<std::size_t>(value)]; }
  Place& place(int value) { return schedule_.places[static_cast<std::size_t>(value)]; }
  Dims& strides(int value) { return schedule_.strides[static_cast<std::size_t>(value)]; }
  int now() const { return static_cast<int>(schedule_.steps.size()); }
  std::int64_t element_bytes(int value) const { return bit_width(dtype(value)) / 8; }

  static bool dense(const Operand& operand) { return extent(operand.dims, operand.strides) == operand.count(); }

  static std::int64_t bytes_of(const Operand& operand) {
    return static_cast<std::int64_t>(packed_bytes(operand.dtype, operand.count()));
  }

  // Where values lie.
  bool written_by_kernel(int value) const;
  void find_aliases();
  /// Values whose elements are a graph output's, in its order, under other sizes: they are written there.
  void find_outputs();
  int add_buffer(Kind kind, int index, std::int64_t bytes);
  void touch(int buffer);
  void place_sources();
  std::int64_t bytes_of(int value) const;
  /// Decides where a value that a step writes lies.
  void place_written(int value);
  int constant_buffer(int constant);
  Operand operand(int value);
  Status finish_output(int index);
  /// Lets steps of a device run side by side where the plan is one graph.
  void plan_lanes();
  void plan_arena();
  MemoryPlan plan_arena(bool on_host);

  // Steps.
  Status add_step(int s);
  Status add_view(int s);
  Status add_concat(int s);
  /// Copies a value to a place with other strides.
  Status add_copy(const std::string& name, int value, Place to, Dims to_strides);
  Status add_compute(int s);
  /// Binds `wanted` when it takes the problem as it came out, else the cheapest tactic that does.
  Status finish(ScheduledStep step, const Tactic* wanted, std::string_view name);
  /// The best by times that are known and by estimates; without tactics of libraries where they failed.
  Status choose_tactic(ScheduledStep& step, std::string_view name, bool libraries);
  /// A library may lack what it had when the network was built (memory, a part of it): then another tactic runs.
  Status bind_library(ScheduledStep& step, std::string_view name);
  void push(ScheduledStep step);
  /// Tells apart what is packed from values that follow from the sizes: those of other sizes are others.
  std::string known_digest(const ScheduledStep& step) const;
  /// If and its kind: operands are handed over contiguous, bodies are planned for the sizes of the captures.
  Status add_bodies(int s);

  // Between the device and the host.
  /// The host's copy of constants and arena buffers, beside a device with its own memory.
  int add_host_buffer(Kind kind, int index, std::int64_t bytes);
  void add_transfer(const std::string& name, Transfer direction, const Operand& operand, Place from, Place to);
  /// Gives a step that runs on the host its operands there: what lies on the device is copied, once a place.
  Result<std::vector<Delivery>> move_to_host(ScheduledStep& step);
  Error no_strings(const std::string& step) const;
  /// Replaces a place on the device by one on the host with the same elements.
  Status mirror(const std::string& name, Operand& operand, Place& at);
  Status deliver(Delivery delivery);

  const StepGraph& graph_;
  const Flow flow_;
  const Backend& backend_;
  const CostTable& costs_;
  const TacticRules& rules_;
  Schedule schedule_;
  std::vector<Alias> aliases_;
  std::vector<int> leaves_as_;  ///< the index of the output in whose memory a value lies, or kNone
  std::vector<int> constants_;
  std::vector<Mirror> mirrors_;
  std::map<int, int> host_constants_;  // buffer by constant
  std::map<int, int> host_known_;      // buffer by value
};

}  // namespace bolide
