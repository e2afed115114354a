/// How long a piece of work may take: whoever starts it sets a limit, what runs inside asks now and then.
///
///     const TimeLimit limit(2.0);
///     while (more()) {
///       TRY_OK(TimeLimit::check());
///       step();
///     }
#pragma once

#include "base/error.h"

#include <atomic>
#include <chrono>

namespace bolide {

/// Holds on the thread that made it, until its scope ends, together with the limits around it.
class TimeLimit {
 public:
  /// `seconds`: none by time when not above 0. `cancelled`: the work is over once it is true; null, or outlives this.
  explicit TimeLimit(double seconds, const std::atomic<bool>* cancelled = nullptr);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  /// Of this thread; null when there is none. Threads that help with the work ask the one of the thread they help.
  static const TimeLimit* current();
  /// Errors: Cancelled when a limit of this thread is over, with its seconds.
  static Status check();
  /// Whether it or one around it is over. Any thread.
  bool is_over() const;

 private:
  using Clock = std::chrono::steady_clock;

  const TimeLimit* outer_;
  const std::atomic<bool>* cancelled_;
  double seconds_;
  Clock::time_point end_;
};

}  // namespace bolide
