#include "cli/per_layer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace bolide::cli {
namespace {

double share_of(double gflop_per_s, double gbyte_per_s, const StepInfo& step, double us) {
  if (gbyte_per_s <= 0 || us <= 0) return 0;
  const double compute = gflop_per_s > 0 ? step.operations / (gflop_per_s * 1e3) : 0;
  return std::max(compute, static_cast<double>(step.bytes) / (gbyte_per_s * 1e3)) / us;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : " ") + part;
  return out;
}

/// Amount a second, in 1e9; 0 for a step that did not run: the branch of If that is not taken.
double rate(double amount, double us) { return us > 0 ? amount / (us * 1e3) : 0; }

double total_of(const PlanInfo& plan, const StepMedians& times) {
  double total = 0;
  for (std::size_t i = 0; i < std::min(times.size(), plan.steps.size()); ++i) total += times.median(i);
  return total;
}

}  // namespace

void StepMedians::report_step(std::string_view, std::string_view, double microseconds) {
  if (next_ == times_.size()) times_.emplace_back();
  times_[next_++].push_back(microseconds);
}

double StepMedians::median(std::size_t index) const {
  std::vector<double> times = times_[index];
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

Result<Limits> Limits::measure(const Engine& engine, int threads) {
  auto facts = engine.facts();
  if (facts["device"] == "cpu") return Limits(measure_machine_limit(threads), threads);
  Result<DeviceLimits> device = measure_device(engine);
  if (!device) return std::move(device).error();
  return Limits(*device, facts["precision"] == "tf32");
}

double Limits::gflop_per_s(DataType type) const {
  if (const auto* host = std::get_if<MachineLimit>(&limit_)) return host->gflop_per_s;
  const DeviceLimits& device = std::get<DeviceLimits>(limit_);
  switch (type) {
    case DataType::kF16: return device.fp16_gflop_per_s;
    case DataType::kBF16: return device.bf16_gflop_per_s;
    case DataType::kF32: return tf32_ ? device.tf32_gflop_per_s : device.fp32_gflop_per_s;
    default: return 0;
  }
}

std::optional<double> Limits::share(const StepInfo& step, double microseconds) const {
  if (step.tactic == "bodies" || microseconds <= 0) return std::nullopt;  // what it does, others do or nobody
  if (const auto* host = std::get_if<MachineLimit>(&limit_)) {
    return share_of(host->gflop_per_s, host->gbyte_per_s, step, microseconds);
  }
  if (step.on_host || (step.copy && step.kernels.empty())) return std::nullopt;
  return share_of(gflop_per_s(step.dtype), std::get<DeviceLimits>(limit_).gbyte_per_s, step, microseconds);
}

nlohmann::json Limits::json() const {
  if (const auto* host = std::get_if<MachineLimit>(&limit_)) {
    return {{"gflop_per_s", host->gflop_per_s}, {"gbyte_per_s", host->gbyte_per_s}};
  }
  const DeviceLimits& device = std::get<DeviceLimits>(limit_);
  return {{"fp32_gflop_per_s", device.fp32_gflop_per_s},
          {"tf32_gflop_per_s", device.tf32_gflop_per_s},
          {"bf16_gflop_per_s", device.bf16_gflop_per_s},
          {"fp16_gflop_per_s", device.fp16_gflop_per_s},
          {"gbyte_per_s", device.gbyte_per_s}};
}

std::string Limits::text() const {
  if (const auto* host = std::get_if<MachineLimit>(&limit_)) {
    return fmt::format("limit of this machine, measured now  {} GFLOP/s, {} GB/s with {} threads",
                       number(host->gflop_per_s, 0), number(host->gbyte_per_s, 0), threads_);
  }
  const DeviceLimits& device = std::get<DeviceLimits>(limit_);
  return fmt::format("limit of this device, measured now  {} GB/s; TFLOP/s: fp32 {}, tf32 {}, bf16 {}, fp16 {}",
                     number(device.gbyte_per_s, 0), number(device.fp32_gflop_per_s / 1e3, 1),
                     number(device.tf32_gflop_per_s / 1e3, 1), number(device.bf16_gflop_per_s / 1e3, 1),
                     number(device.fp16_gflop_per_s / 1e3, 1));
}

void print_layers(std::ostream& out, const PlanInfo& plan, const StepMedians& times, const Limits& limits) {
  Table table({"step", "operator", "tactic", "us", "share", "GFLOP/s", "of limit", "kernels", "members"});
  const double total = total_of(plan, times);
  for (std::size_t i = 0; i < std::min(times.size(), plan.steps.size()); ++i) {
    const StepInfo& step = plan.steps[i];
    const double us = times.median(i);
    const std::optional<double> share = limits.share(step, us);
    table.row({step.name, step.op, step.tactic, number(us, 1), number(100 * us / total, 1) + " %",
               number(rate(step.operations, us), 1), share ? number(100 * *share, 0) + " %" : "-",
               step.kernels.empty() ? "-" : std::to_string(step.kernels.size()), joined(step.members)});
  }
  table.print(out);
}

nlohmann::json layers_json(const PlanInfo& plan, const StepMedians& times, const Limits& limits) {
  nlohmann::json layers = nlohmann::json::array();
  const double total = total_of(plan, times);
  for (std::size_t i = 0; i < std::min(times.size(), plan.steps.size()); ++i) {
    const StepInfo& step = plan.steps[i];
    const double us = times.median(i);
    const std::optional<double> share = limits.share(step, us);
    layers.push_back({{"name", step.name},
                      {"op", step.op},
                      {"tactic", step.tactic},
                      {"dtype", name(step.dtype)},
                      {"us", us},
                      {"share", us / total},
                      {"gflop_per_s", rate(step.operations, us)},
                      {"gbyte_per_s", rate(static_cast<double>(step.bytes), us)},
                      {"share_of_limit", share ? nlohmann::json(*share) : nlohmann::json()},
                      {"kernels", step.kernels.size()},
                      {"members", step.members},
                      {"reference", step.reference}});
  }
  return layers;
}

}  // namespace bolide::cli
