/// Steps that need nothing of each other, side by side: which must wait for which, and the lane (a stream) of each.
#pragma once

#include "plan/schedule.h"

namespace bolide {

/// By step: the steps that must be over before. Pairs that follow from others are left out.
using StepOrder = std::vector<std::vector<int>>;

/// What the operands say: a step comes after those that wrote what it reads or writes, and after those that read what
/// it writes. Two slices of one buffer that share no element are told apart. Where buffers lie in the arena does not
/// count.
StepOrder find_step_order(const Schedule& schedule);

struct Lanes {
  int count = 1;
  std::vector<int> lane;                ///< by step
  std::vector<std::vector<int>> after;  ///< by step: steps of other lanes to wait for; what follows is left out
  double us = 0;                        ///< until all are done, were lanes to leave each other room
};

/// Gives every step a lane, at most `most`: that of a step it comes after where it can, so that chains stay together.
/// `us` are the times of the steps.
Lanes assign_lanes(const StepOrder& order, std::span<const double> us, int most);

/// Which of two steps is over before the other begins, when lanes run in order and wait as `lanes` says.
class Precedence {
 public:
  explicit Precedence(const Lanes& lanes);
  bool before(int first, int then) const {
    return first < then && (bits_[static_cast<std::size_t>(then)][static_cast<std::size_t>(first) / 64] >>
                                (static_cast<std::size_t>(first) % 64) &
                            1) != 0;
  }
  /// The steps before one, a bit each, 64 in a word.
  const std::vector<std::uint64_t>& before(int step) const { return bits_[static_cast<std::size_t>(step)]; }

 private:
  std::vector<std::vector<std::uint64_t>> bits_;  // by step: those before it
};

/// Of arena buffers by number: whether two must not share memory because lanes may use them at the same time.
std::function<bool(std::size_t, std::size_t)> buffers_apart(const Schedule& schedule,
                                                            std::span<const std::size_t> buffers);

}  // namespace bolide
