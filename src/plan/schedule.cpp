#include "plan/schedule.h"

#include "plan/check_types.h"
#include "plan/schedule_builder.h"

#include <algorithm>

namespace bolide {

bool runs_on_host(const ScheduledStep& step) {
  return step.transfer == Transfer::kNot && (step.kernel == nullptr || !step.kernel->on_device());
}

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

Result<Schedule> build_schedule(const StepGraph& graph, const Sizes& sizes, const Backend& backend, Choice choice,
                                const CostTable& costs, const TacticRules& rules) {
  if (!sizes.all_known) {
    for (std::size_t v = 0; v < graph.values.size(); ++v) {
      if (sizes.known[v]) continue;
      return unsupported("value '", graph.values[v].name, "' is ", graph.values[v].type,
                         ": its size is known only while running");
    }
  }
  if (Status fit = check_types(graph, sizes); !fit) {
    return make_error(fit.error().code == Code::kBadFile ? Code::kInvalidArgument : fit.error().code,
                      "sizes of the inputs do not fit together: ", fit.error().message);
  }
  return ScheduleBuilder(graph, sizes, backend, std::move(choice), costs, rules).run();
}

Result<Schedule> plan_schedule(const StepGraph& graph, std::span<const Dims> inputs, const Backend& backend,
                               const CostTable& costs, const SelectOptions& options) {
  TRY(const Sizes sizes, resolve_sizes(graph, inputs));
  if (!sizes.all_known) return build_schedule(graph, sizes, backend, {}, costs, options.rules);
  TRY(Choice choice, select(graph, sizes, backend, costs, options));
  return build_schedule(graph, sizes, backend, std::move(choice), costs, options.rules);
}

}  // namespace bolide
