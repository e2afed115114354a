/// Times of steps beside what the machine does at most.
#pragma once

#include "cli/command.h"
#include "cli/machine_limit.h"
#include "cli/table.h"

#include <bolide/device.h>

#include <nlohmann/json_fwd.hpp>

#include <iosfwd>
#include <variant>

namespace bolide::cli {

/// Collects the median time of every step.
class StepMedians final : public Profiler {
 public:
  void report_step(std::string_view step, std::string_view tactic, double microseconds) override;
  /// Before each run.
  void next_run() { next_ = 0; }
  double median(std::size_t index) const;
  std::size_t size() const { return times_.size(); }

 private:
  std::vector<std::vector<double>> times_;
  std::size_t next_ = 0;
};

/// Of the host with so many threads, or of the engine's device; measured when it is made.
class Limits {
 public:
  static Result<Limits> measure(const Engine& engine, int threads);
  /// Share of the limit that binds (compute of the step's type, or memory) that the step reached in so many
  /// microseconds; nothing for steps that run on the host beside a device.
  std::optional<double> share(const StepInfo& step, double microseconds) const;
  nlohmann::json json() const;
  /// One line for people.
  std::string text() const;

 private:
  explicit Limits(MachineLimit host, int threads) : limit_(host), threads_(threads) {}
  Limits(const DeviceLimits& device, bool tf32) : limit_(device), tf32_(tf32) {}
  double gflop_per_s(DataType type) const;

  std::variant<MachineLimit, DeviceLimits> limit_;
  int threads_ = 0;
  bool tf32_ = false;  // FP32 steps may multiply in TF32
};

/// A table for people, and the entries of `layers`.
void print_layers(std::ostream& out, const PlanInfo& plan, const StepMedians& times, const Limits& limits);
nlohmann::json layers_json(const PlanInfo& plan, const StepMedians& times, const Limits& limits);

}  // namespace bolide::cli
