#include "cli/trace.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <map>

namespace bolide::cli {
namespace {

double now_us() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

nlohmann::json details_of(const StepInfo& step) {
  nlohmann::json details = {{"operator", step.op},    {"tactic", step.tactic}, {"dtype", name(step.dtype)},
                            {"bytes", step.bytes},    {"inputs", step.inputs}, {"outputs", step.outputs},
                            {"members", step.members}};
  if (step.operations > 0) details["operations"] = step.operations;
  if (!step.kernels.empty()) {
    nlohmann::json kernels = nlohmann::json::array();
    for (const KernelInfo& kernel : step.kernels) kernels.push_back(kernel.name);
    details["kernels"] = kernels;
  }
  return details;
}

}  // namespace

void Trace::phase(std::string_view name) {
  const double now = now_us();
  if (!phase_.empty() && phase_ != name) {
    spans_.push_back({.name = phase_, .track = "build", .start_us = phase_start_us_, .us = now - phase_start_us_});
  }
  if (phase_ != name) phase_start_us_ = now;
  phase_ = name;
}

Status Trace::run(ExecutionContext& context, const PlanInfo& plan) {
  Result<std::vector<TraceSpan>> spans = context.trace();
  if (!spans) return std::move(spans).error();
  spans_.insert(spans_.end(), spans->begin(), spans->end());
  steps_ = plan.steps;
  return {};
}

Status Trace::write(const std::string& path) const {
  std::map<std::string, int> tracks;
  double first = spans_.empty() ? 0 : spans_.front().start_us;
  for (const TraceSpan& span : spans_) {
    tracks.try_emplace(span.track, 0);
    first = std::min(first, span.start_us);
  }
  int number = 0;
  for (auto& [track, id] : tracks) id = ++number;
  nlohmann::json events = nlohmann::json::array();
  events.push_back({{"ph", "M"}, {"pid", 1}, {"name", "process_name"}, {"args", {{"name", "bolide"}}}});
  for (const auto& [track, id] : tracks) {
    events.push_back({{"ph", "M"}, {"pid", 1}, {"tid", id}, {"name", "thread_name"}, {"args", {{"name", track}}}});
  }
  for (const TraceSpan& span : spans_) {
    nlohmann::json event = {{"ph", "X"},
                            {"pid", 1},
                            {"tid", tracks.at(span.track)},
                            {"cat", span.step < 0 ? "build" : "step"},
                            {"name", span.name},
                            {"ts", span.start_us - first},
                            {"dur", span.us}};
    if (span.step >= 0 && static_cast<std::size_t>(span.step) < steps_.size()) {
      event["args"] = details_of(steps_[static_cast<std::size_t>(span.step)]);
    }
    events.push_back(std::move(event));
  }
  const nlohmann::json document = {{"displayTimeUnit", "ms"}, {"traceEvents", events}};
  return write_whole_file(path, document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace bolide::cli
