#include "plan/schedule.h"

#include "ops/all.h"
#include "plan/check_types.h"
#include "plan/run_kernel.h"

#include <algorithm>
#include <limits>
#include <map>

namespace bolide {

std::string_view method_of(const ScheduledStep& step) {
  if (step.transfer == Transfer::kToHost) return "to host";
  if (step.transfer == Transfer::kToDevice) return "to device";
  return step.tactic != nullptr ? step.tactic->name() : "bodies";
}

Cut cut_grid(const Grid& grid, int threads, double us) {
  Cut cut{.grid = grid};
  // `us` is the time with all threads; what one thread would need decides whether sharing pays.
  constexpr double kWorthSharing = 12;
  constexpr double kShortestChunk = 6;
  const double alone = us * threads;
  if (threads <= 1 || alone < kWorthSharing) return cut;
  const auto units = [](std::int64_t size, std::int64_t grain) {
    return std::max<std::int64_t>((size + grain - 1) / std::max<std::int64_t>(grain, 1), 1);
  };
  const std::int64_t rows = units(grid.rows, grid.row_grain);
  const std::int64_t channels = units(grid.channels, grid.channel_grain);
  const auto wanted = std::clamp<std::int64_t>(static_cast<std::int64_t>(alone / kShortestChunk), 2, threads * 4);
  cut.row_chunks = std::min(rows, wanted);
  cut.channel_chunks = std::min(channels, (wanted + cut.row_chunks - 1) / cut.row_chunks);
  return cut;
}

namespace {

/// The slice of a concatenation's buffer that a value is written into.
struct Alias {
  int into = kNone;  ///< the concatenation's output value
  std::int64_t start = 0;
  std::size_t axis = 0;
};

class Builder {
 public:
  Builder(const StepGraph& graph, const Sizes& sizes, const Backend& backend, Choice choice, const CostTable& costs,
          const TacticRules& rules)
      : graph_(graph), flow_(graph), backend_(backend), costs_(costs), rules_(rules) {
    schedule_.sizes = sizes;
    schedule_.choice = std::move(choice);
    schedule_.threads = backend.target().threads;
    schedule_.places.resize(graph.values.size());
    schedule_.strides.resize(graph.values.size());
    aliases_.resize(graph.values.size());
    constants_.assign(graph.constants.size(), kNone);
  }

  Result<Schedule> run() {
    find_aliases();
    place_sources();
    for (std::size_t s = 0; s < graph_.steps.size(); ++s) TRY_OK(add_step(static_cast<int>(s)));
    for (std::size_t i = 0; i < graph_.outputs.size(); ++i) TRY_OK(finish_output(static_cast<int>(i)));
    plan_arena();
    return std::move(schedule_);
  }

 private:
  using Kind = ScheduleBuffer::Kind;

  const Dims& dims(int value) const { return schedule_.sizes.dims[static_cast<std::size_t>(value)]; }
  DataType dtype(int value) const { return graph_.values[static_cast<std::size_t>(value)].type.dtype; }
  const Order& order(int value) const { return schedule_.choice.orders[static_cast<std::size_t>(value)]; }
  Place& place(int value) { return schedule_.places[static_cast<std::size_t>(value)]; }
  Dims& strides(int value) { return schedule_.strides[static_cast<std::size_t>(value)]; }
  int now() const { return static_cast<int>(schedule_.steps.size()); }
  std::int64_t element_bytes(int value) const { return bit_width(dtype(value)) / 8; }

  bool written_by_kernel(int value) const {
    const int producer = flow_.producer[static_cast<std::size_t>(value)];
    if (producer == kNone) return false;
    const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(producer)];
    return !step.op.info().view && step.bodies.empty();
  }

  void find_aliases() {
    for (const StepGraph::Step& step : graph_.steps) {
      const auto* concat = step.op.as<Concat>();
      if (concat == nullptr || element_bytes(step.outputs[0]) == 0) continue;
      const int into = step.outputs[0];
      const auto axis = static_cast<std::size_t>(
          concat->axis < 0 ? concat->axis + static_cast<std::int64_t>(dims(into).size()) : concat->axis);
      std::int64_t start = 0;
      for (const int input : step.inputs) {
        Alias& alias = aliases_[static_cast<std::size_t>(input)];
        const bool is_output = std::find(graph_.outputs.begin(), graph_.outputs.end(), input) != graph_.outputs.end();
        if (alias.into == kNone && written_by_kernel(input) && !is_output && order(input) == order(into)) {
          alias = {into, start, axis};
        }
        start += dims(input)[axis];
      }
    }
  }

  int add_buffer(Kind kind, int index, std::int64_t bytes) {
    schedule_.buffers.push_back({.kind = kind, .index = index, .bytes = bytes, .first = now(), .last = now()});
    return static_cast<int>(schedule_.buffers.size()) - 1;
  }

  /// The host's copy of constants and arena buffers, beside a device with its own memory.
  int add_host_buffer(Kind kind, int index, std::int64_t bytes) {
    const int buffer = add_buffer(kind, index, bytes);
    schedule_.buffers.back().on_host = true;
    return buffer;
  }

  void touch(int buffer) {
    ScheduleBuffer& touched = schedule_.buffers[static_cast<std::size_t>(buffer)];
    touched.first = std::min(touched.first, now());
    touched.last = std::max(touched.last, now());
  }

  void place_sources() {
    for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
      const int value = graph_.inputs[i];
      strides(value) = contiguous_strides(dims(value));
      place(value) = {add_buffer(Kind::kInput, static_cast<int>(i), bytes_of(value)), 0};
    }
  }

  std::int64_t bytes_of(int value) const {
    std::int64_t count = 1;
    for (const std::int64_t size : dims(value)) count *= size;
    return static_cast<std::int64_t>(packed_bytes(dtype(value), count));
  }

  /// Decides where a value that a step writes lies.
  void place_written(int value) {
    if (place(value).buffer != kNone) return;
    const Alias& alias = aliases_[static_cast<std::size_t>(value)];
    if (alias.into != kNone) {
      place_written(alias.into);
      strides(value) = strides(alias.into);
      place(value) = place(alias.into);
      place(value).offset += alias.start * strides(value)[alias.axis] * element_bytes(value);
      return;
    }
    const Order layout = order(value).empty() ? row_major(static_cast<int>(dims(value).size())) : order(value);
    strides(value) = dense_strides(dims(value), layout);
    const auto output = std::find(graph_.outputs.begin(), graph_.outputs.end(), value);
    if (output != graph_.outputs.end() && same_strides(dims(value), strides(value), contiguous_strides(dims(value)))) {
      place(value) = {add_buffer(Kind::kOutput, static_cast<int>(output - graph_.outputs.begin()), bytes_of(value)), 0};
    } else {
      place(value) = {add_buffer(Kind::kArena, kNone, bytes_of(value)), 0};
    }
  }

  int constant_buffer(int constant) {
    int& buffer = constants_[static_cast<std::size_t>(constant)];
    if (buffer == kNone) {
      const auto bytes = static_cast<std::int64_t>(graph_.constants[static_cast<std::size_t>(constant)].bytes());
      buffer = add_buffer(Kind::kConstant, constant, bytes);
    }
    return buffer;
  }

  Operand operand(int value) {
    if (value == kNone) return {.absent = true};
    Operand result{.dtype = dtype(value), .dims = dims(value), .constant = graph_.constant(value)};
    if (result.constant != nullptr) {
      strides(value) = contiguous_strides(result.dims);
      place(value) = {constant_buffer(graph_.values[static_cast<std::size_t>(value)].constant), 0};
    }
    result.strides = strides(value);
    return result;
  }

  Status add_step(int s) {
    const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(s)];
    if (!step.bodies.empty()) return add_bodies(s);
    if (step.op.info().view) return add_view(s);
    if (step.op.is<Concat>()) return add_concat(s);
    return add_compute(s);
  }

  Status add_view(int s) {
    const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(s)];
    std::vector<Operand> operands;
    for (const int input : step.inputs) operands.push_back(operand(input));
    for (std::size_t i = 0; i < step.outputs.size(); ++i) {
      const int output = step.outputs[i];
      if (output == kNone) continue;
      auto view = view_of(step.op, operands, static_cast<int>(i), dims(output));
      if (view && view->offset != 0 && element_bytes(output) == 0) view.reset();
      if (!view) return add_compute(s);
      place(output) = place(step.inputs[0]);
      place(output).offset += view->offset * element_bytes(output);
      strides(output) = std::move(view->strides);
    }
    return {};
  }

  Status add_concat(int s) {
    const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(s)];
    const int into = step.outputs[0];
    if (element_bytes(into) == 0) return add_compute(s);
    const auto& concat = *step.op.as<Concat>();
    const auto rank = static_cast<std::int64_t>(dims(into).size());
    const auto axis = static_cast<std::size_t>(concat.axis < 0 ? concat.axis + rank : concat.axis);
    place_written(into);
    std::int64_t start = 0;
    for (const int input : step.inputs) {
      const std::int64_t begin = start;
      start += dims(input)[axis];
      const Alias& alias = aliases_[static_cast<std::size_t>(input)];
      if (alias.into == into && alias.start == begin) continue;
      Place to = place(into);
      to.offset += begin * strides(into)[axis] * element_bytes(into);
      TRY_OK(add_copy(step.name, input, to, strides(into)));
    }
    return {};
  }

  /// Copies a value to a place with other strides.
  Status add_copy(const std::string& name, int value, Place to, Dims to_strides) {
    Operand from = operand(value);
    if (from.count() == 0) return {};
    ScheduledStep step{.name = name};
    step.problem = copy_problem(std::move(from), std::move(to_strides), schedule_.threads);
    step.inputs = {place(value)};
    step.outputs = {to};
    ++schedule_.copies;
    return finish(std::move(step), nullptr, "copy");
  }

  Status add_compute(int s) {
    const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(s)];
    ScheduledStep scheduled{.step = s, .name = step.name};
    scheduled.problem = {.op = &step.op, .threads = schedule_.threads};
    const StepChoice& choice = schedule_.choice.steps[static_cast<std::size_t>(s)];
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      const int input = step.inputs[i];
      Operand read = operand(input);
      Place from = input == kNone ? Place{} : place(input);
      if (i < choice.reformats.size() && choice.reformats[i] && input != kNone && read.constant == nullptr) {
        Dims wanted = dense_strides(read.dims, *choice.reformats[i]);
        if (!same_strides(read.dims, wanted, read.strides)) {
          from = {add_buffer(Kind::kArena, kNone, bytes_of(input)), 0};
          TRY_OK(add_copy(strings::join(step.name, " <- ", graph_.values[static_cast<std::size_t>(input)].name), input,
                          from, wanted));
          read.strides = std::move(wanted);
        }
      }
      scheduled.problem.inputs.push_back(std::move(read));
      scheduled.inputs.push_back(from);
    }
    bool any = false;
    for (const int output : step.outputs) {
      if (output != kNone) place_written(output);
      scheduled.problem.outputs.push_back(operand(output));
      scheduled.outputs.push_back(output == kNone ? Place{} : place(output));
      any |= output != kNone && scheduled.problem.outputs.back().count() > 0;
    }
    if (!any) return {};
    scheduled.us = choice.us;
    scheduled.measured = choice.measured;
    return finish(std::move(scheduled), choice.tactic, step.name);
  }

  /// Binds `wanted` when it takes the problem as it came out, else the cheapest tactic that does.
  Status finish(ScheduledStep step, const Tactic* wanted, std::string_view name) {
    const Target& target = backend_.target();
    std::string reasons;
    if (wanted == nullptr || !wanted->accepts(step.problem, target).accepted) {
      wanted = nullptr;
      step.us = std::numeric_limits<double>::infinity();
      const std::string key = step.problem.key();
      for (const Tactic* tactic : backend_.tactics(*step.problem.op)) {
        Verdict verdict = accept();
        if (auto refused = refused_by(rules_, name, tactic->name())) verdict = reject(*refused);
        if (verdict.accepted) verdict = tactic->accepts(step.problem, target);
        if (!verdict.accepted) {
          reasons += strings::join("; ", tactic->name(), ": ", verdict.reason);
          continue;
        }
        const std::optional<double> measured = costs_.find(key, *tactic);
        const double us = measured ? *measured : tactic->estimate_us(step.problem, target);
        if (us >= step.us) continue;
        wanted = tactic;
        step.us = us;
        step.measured = measured.has_value();
      }
    }
    if (wanted == nullptr) {
      return unsupported("step '", step.name, "' (", text(*step.problem.op), "): no tactic of ", backend_.name(),
                         " can run it", reasons);
    }
    step.tactic = wanted;
    const bool on_host = backend_.has_own_memory() && wanted->is_reference();
    std::vector<Delivery> deliveries;
    if (on_host) {
      TRY(deliveries, move_to_host(step));
    }
    TRY(step.kernel,
        wanted->bind(step.problem, target).within(strings::join("step '", step.name, "', ", wanted->name())));
    if (wanted->packed_bytes(step.problem, target) > 0) {
      step.pack_key =
          strings::join(step.step, ' ', CostTable::tactic_key(*wanted), ' ', wanted->pack_key(step.problem, target));
    }
    // By the estimate, measured or not: measuring cuts by it, too, so that what was measured is what runs.
    if (!step.kernel->on_device()) {
      const HostKernel& host = host_kernel(*step.kernel);
      step.cuts = cut_phases(host, schedule_.threads, wanted->estimate_us(step.problem, target));
      schedule_.scratch_bytes = std::max(schedule_.scratch_bytes, host.scratch_bytes());
    }
    if (const std::size_t bytes = step.kernel->workspace_bytes(); bytes > 0) {
      step.workspace = {add_buffer(Kind::kArena, kNone, static_cast<std::int64_t>(bytes)), 0};
      schedule_.buffers.back().on_host = on_host;
    }
    push(std::move(step));
    for (Delivery& delivery : deliveries) TRY_OK(deliver(std::move(delivery)));
    return {};
  }

  void push(ScheduledStep step) {
    for (const std::vector<Place>* places : {&step.inputs, &step.outputs}) {
      for (const Place& used : *places) {
        if (used.buffer != kNone) touch(used.buffer);
      }
    }
    if (step.workspace.buffer != kNone) touch(step.workspace.buffer);
    schedule_.steps.push_back(std::move(step));
  }

  /// A result on the host and where it belongs on the device.
  struct Delivery {
    std::string name;
    Place from;
    Place to;
    Operand written;   // as the host writes it
    Operand expected;  // as the device reads it
  };

  static bool dense(const Operand& operand) { return extent(operand.dims, operand.strides) == operand.count(); }

  void add_transfer(const std::string& name, Transfer direction, const Operand& operand, Place from, Place to) {
    ScheduledStep step{.name = name, .transfer = direction};
    step.problem = copy_problem(operand, operand.strides, schedule_.threads);
    step.inputs = {from};
    step.outputs = {to};
    step.us = backend_.transfer_us(bytes_of(operand));
    ++schedule_.copies;
    push(std::move(step));
  }

  static std::int64_t bytes_of(const Operand& operand) {
    return static_cast<std::int64_t>(packed_bytes(operand.dtype, operand.count()));
  }

  /// Gives a step that runs on the host its operands there: what lies on the device is copied, once a place.
  Result<std::vector<Delivery>> move_to_host(ScheduledStep& step) {
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      Operand& operand = step.problem.inputs[i];
      if (operand.absent || step.inputs[i].buffer == kNone) continue;
      if (operand.dtype == DataType::kString) return no_strings(step.name);
      TRY_OK(mirror(step.name, operand, step.inputs[i]));
    }
    std::vector<Delivery> deliveries;
    for (std::size_t o = 0; o < step.outputs.size(); ++o) {
      Operand& operand = step.problem.outputs[o];
      if (operand.absent || step.outputs[o].buffer == kNone) continue;
      if (operand.dtype == DataType::kString) return no_strings(step.name);
      Delivery delivery{.name = step.name, .to = step.outputs[o], .expected = operand};
      if (!dense(operand)) operand.strides = contiguous_strides(operand.dims);
      step.outputs[o] = {add_host_buffer(Kind::kArena, kNone, bytes_of(operand)), 0};
      delivery.from = step.outputs[o];
      delivery.written = operand;
      deliveries.push_back(std::move(delivery));
    }
    return deliveries;
  }

  Error no_strings(const std::string& step) const {
    return unsupported("step '", step, "' works on strings, which ", backend_.name(), " cannot hold; use the CPU");
  }

  /// Replaces a place on the device by one on the host with the same elements.
  Status mirror(const std::string& name, Operand& operand, Place& at) {
    if (const int buffer = at.buffer; schedule_.buffers[static_cast<std::size_t>(buffer)].kind == Kind::kConstant) {
      const int constant = schedule_.buffers[static_cast<std::size_t>(buffer)].index;
      const auto [known, fresh] = host_constants_.try_emplace(constant, kNone);
      if (fresh) {
        known->second =
            add_host_buffer(Kind::kConstant, constant, schedule_.buffers[static_cast<std::size_t>(buffer)].bytes);
      }
      at.buffer = known->second;
      return {};
    }
    for (const Mirror& known : mirrors_) {
      if (known.device.buffer != at.buffer || known.device.offset != at.offset || known.dims != operand.dims) continue;
      if (!same_strides(operand.dims, known.device_strides, operand.strides)) continue;
      at = known.host;
      operand.strides = known.strides;
      return {};
    }
    Mirror made{.device = at, .dims = operand.dims, .device_strides = operand.strides};
    if (!dense(operand)) {
      // A part of something larger: gathered on the device first.
      const Place whole = {add_buffer(Kind::kArena, kNone, bytes_of(operand)), 0};
      ScheduledStep gather{.name = name};
      gather.problem = copy_problem(operand, contiguous_strides(operand.dims), schedule_.threads);
      gather.problem.inputs[0].constant = nullptr;
      gather.inputs = {at};
      gather.outputs = {whole};
      ++schedule_.copies;
      TRY_OK(finish(std::move(gather), nullptr, "copy"));
      at = whole;
      operand.strides = contiguous_strides(operand.dims);
    }
    const Place host = {add_host_buffer(Kind::kArena, kNone, bytes_of(operand)), 0};
    add_transfer(name, Transfer::kToHost, operand, at, host);
    at = host;
    made.host = host;
    made.strides = operand.strides;
    mirrors_.push_back(std::move(made));
    return {};
  }

  Status deliver(Delivery delivery) {
    if (delivery.written.count() == 0) return {};
    mirrors_.push_back({.device = delivery.to,
                        .dims = delivery.expected.dims,
                        .device_strides = delivery.expected.strides,
                        .host = delivery.from,
                        .strides = delivery.written.strides});
    if (dense(delivery.expected)) {
      add_transfer(delivery.name, Transfer::kToDevice, delivery.written, delivery.from, delivery.to);
      return {};
    }
    const Place whole = {add_buffer(Kind::kArena, kNone, bytes_of(delivery.written)), 0};
    add_transfer(delivery.name, Transfer::kToDevice, delivery.written, delivery.from, whole);
    ScheduledStep spread{.name = delivery.name};
    spread.problem = copy_problem(delivery.written, delivery.expected.strides, schedule_.threads);
    spread.inputs = {whole};
    spread.outputs = {delivery.to};
    ++schedule_.copies;
    return finish(std::move(spread), nullptr, "copy");
  }

  /// If and its kind: operands are handed over contiguous, bodies are planned for the sizes of the captures.
  Status add_bodies(int s) {
    const StepGraph::Step& step = graph_.steps[static_cast<std::size_t>(s)];
    ScheduledStep scheduled{.step = s, .name = step.name};
    scheduled.problem = {.op = &step.op, .threads = schedule_.threads};
    for (const int input : step.inputs) {
      Operand read = operand(input);
      Place from = input == kNone ? Place{} : place(input);
      if (input != kNone && !read.contiguous()) {
        const Dims wanted = contiguous_strides(read.dims);
        from = {add_buffer(Kind::kArena, kNone, bytes_of(input)), 0};
        TRY_OK(add_copy(step.name, input, from, wanted));
        read.strides = wanted;
      }
      scheduled.problem.inputs.push_back(std::move(read));
      scheduled.inputs.push_back(from);
    }
    for (const int output : step.outputs) {
      if (output != kNone) place_written(output);
      scheduled.problem.outputs.push_back(operand(output));
      scheduled.outputs.push_back(output == kNone ? Place{} : place(output));
    }
    const bool on_host = backend_.has_own_memory();
    const Backend& backend = on_host && backend_.host() != nullptr ? *backend_.host() : backend_;
    std::vector<Delivery> deliveries;
    if (on_host) {
      TRY(deliveries, move_to_host(scheduled));
    }
    std::int64_t workspace = 0;
    for (const auto& body : step.bodies) {
      std::vector<Dims> captures;
      for (std::size_t i = 1; i < scheduled.problem.inputs.size(); ++i)
        captures.push_back(scheduled.problem.inputs[i].dims);
      auto planned = plan_schedule(*body, captures, backend, costs_, {.rules = rules_, .observe = {}});
      if (!planned) return std::move(planned).within(strings::join("body of '", step.name, "'")).error();
      workspace = std::max(workspace, planned->arena_bytes);
      schedule_.scratch_bytes = std::max(schedule_.scratch_bytes, planned->scratch_bytes);
      schedule_.copies += planned->copies;
      scheduled.us = 0;
      for (const ScheduledStep& inner : planned->steps) scheduled.us += inner.us;
      scheduled.bodies.push_back(std::make_unique<Schedule>(*std::move(planned)));
    }
    if (workspace > 0) {
      scheduled.workspace = {add_buffer(Kind::kArena, kNone, workspace), 0};
      schedule_.buffers.back().on_host = on_host;
    }
    push(std::move(scheduled));
    for (Delivery& delivery : deliveries) TRY_OK(deliver(std::move(delivery)));
    return {};
  }

  Status finish_output(int index) {
    const int value = graph_.outputs[static_cast<std::size_t>(index)];
    const Operand source = operand(value);
    const Place from = place(value);
    if (from.buffer == kNone) return {};  // empty: no step wrote it
    const ScheduleBuffer& buffer = schedule_.buffers[static_cast<std::size_t>(from.buffer)];
    if (buffer.kind == Kind::kOutput && buffer.index == index) return {};
    const Place to = {add_buffer(Kind::kOutput, index, bytes_of(value)), 0};
    return add_copy(graph_.values[static_cast<std::size_t>(value)].name, value, to, contiguous_strides(source.dims));
  }

  void plan_arena() {
    const MemoryPlan plan = plan_arena(false);
    schedule_.arena_bytes = plan.arena_bytes;
    schedule_.arena_lower_bound = plan.lower_bound;
    if (backend_.has_own_memory()) schedule_.host_arena_bytes = plan_arena(true).arena_bytes;
  }

  MemoryPlan plan_arena(bool on_host) {
    std::vector<Lifetime> lifetimes;
    std::vector<std::size_t> owners;
    for (std::size_t b = 0; b < schedule_.buffers.size(); ++b) {
      const ScheduleBuffer& buffer = schedule_.buffers[b];
      if (buffer.kind != Kind::kArena || buffer.on_host != on_host) continue;
      // Kernels may read up to one vector past the end of a row.
      lifetimes.push_back({buffer.bytes + 64, buffer.first, buffer.last});
      owners.push_back(b);
    }
    MemoryPlan plan = plan_memory(lifetimes);
    for (std::size_t i = 0; i < owners.size(); ++i) schedule_.buffers[owners[i]].arena_offset = plan.offsets[i];
    return plan;
  }

  /// What lies on the device and was copied to the host, or the other way round.
  struct Mirror {
    Place device;
    Dims dims;
    Dims device_strides;
    Place host;
    Dims strides;  // on the host
  };

  const StepGraph& graph_;
  const Flow flow_;
  const Backend& backend_;
  const CostTable& costs_;
  const TacticRules& rules_;
  Schedule schedule_;
  std::vector<Alias> aliases_;
  std::vector<int> constants_;
  std::vector<Mirror> mirrors_;
  std::map<int, int> host_constants_;  // buffer by constant
};

}  // namespace

Result<Schedule> build_schedule(const StepGraph& graph, const Sizes& sizes, const Backend& backend, Choice choice,
                                const CostTable& costs, const TacticRules& rules) {
  if (!sizes.all_known) {
    for (std::size_t v = 0; v < graph.values.size(); ++v) {
      if (sizes.known[v]) continue;
      return unsupported("value '", graph.values[v].name, "' is ", graph.values[v].type,
                         ": its size is known only while running");
    }
  }
  TRY_OK(check_types(graph, sizes));
  return Builder(graph, sizes, backend, std::move(choice), costs, rules).run();
}

Result<Schedule> plan_schedule(const StepGraph& graph, std::span<const Dims> inputs, const Backend& backend,
                               const CostTable& costs, const SelectOptions& options) {
  TRY(const Sizes sizes, resolve_sizes(graph, inputs));
  if (!sizes.all_known) return build_schedule(graph, sizes, backend, {}, costs, options.rules);
  TRY(Choice choice, select(graph, sizes, backend, costs, options));
  return build_schedule(graph, sizes, backend, std::move(choice), costs, options.rules);
}

}  // namespace bolide
