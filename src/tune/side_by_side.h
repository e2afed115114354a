/// Times tactics of one problem in rounds, so that what disturbs one of them disturbs all.
#pragma once

#include "tune/measurer.h"

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace bolide {

/// Times on the measurer's clock.
struct TimingLimits {
  double enough_us = 0;        ///< from then on, after a few rounds, no more
  double longer_us = 0;        ///< until then, more rounds than usual
  std::function<bool()> over;  ///< true ends it after the second round
};

/// Microseconds of a run of each of `tactics`, which are those of `bench` in order: the median of the rounds, or the
/// shortest where other programs disturb. Nothing for one that failed, which is logged with the step's name. One that
/// is much slower than the fastest is timed once only.
std::vector<std::optional<double>> time_side_by_side(Bench& bench, std::span<const Tactic* const> tactics,
                                                     Measurer& measurer, const TimingLimits& limits,
                                                     std::string_view step);

}  // namespace bolide
