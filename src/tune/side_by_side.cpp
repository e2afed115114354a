#include "tune/side_by_side.h"

#include "base/log.h"

#include <algorithm>
#include <limits>

namespace bolide {
namespace {

constexpr int kFewestSamples = 3;  // of a tactic
constexpr int kMostSamples = 15;
constexpr double kDropFactor = 2;  // a tactic this much slower than the best is timed once only

struct Trial {
  const Tactic* tactic;
  std::size_t number;
  std::vector<double> samples;
  bool dropped = false;
};

double median(std::vector<double> samples) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

void run_round(int round, Bench& bench, std::vector<Trial>& trials, std::string_view step) {
  double fastest = std::numeric_limits<double>::infinity();
  for (Trial& trial : trials) {
    if (trial.dropped) continue;
    const auto us = bench.time(trial.number);
    if (!us) {
      log(LogLevel::kWarn, "tune: step '", step, "', ", trial.tactic->name(), ": ", us.error().message);
      trial.dropped = true;
      trial.samples.clear();
      continue;
    }
    fastest = std::min(fastest, *us);
    // The first run warms up; it counts only for those that are dropped by it.
    if (round == 1) trial.samples.clear();
    trial.samples.push_back(*us);
  }
  for (Trial& trial : trials) {
    if (!trial.dropped && trial.samples.back() > kDropFactor * fastest * (round == 0 ? 2 : 1)) trial.dropped = true;
  }
}

}  // namespace

std::vector<std::optional<double>> time_side_by_side(Bench& bench, std::span<const Tactic* const> tactics,
                                                     Measurer& measurer, const TimingLimits& limits,
                                                     std::string_view step) {
  std::vector<Trial> trials;
  for (const Tactic* tactic : tactics) trials.push_back({tactic, trials.size(), {}});
  for (int round = 0; round < 1 + kMostSamples || measurer.now_us() < limits.longer_us; ++round) {
    if (round > kFewestSamples && measurer.now_us() >= limits.enough_us) break;
    if (round > 1 && limits.over()) break;
    run_round(round, bench, trials, step);
  }
  std::vector<std::optional<double>> out;
  for (const Trial& trial : trials) {
    if (trial.samples.empty()) {
      out.emplace_back();
    } else {
      out.emplace_back(measurer.disturbed() ? *std::ranges::min_element(trial.samples) : median(trial.samples));
    }
  }
  return out;
}

}  // namespace bolide
