#include "base/time_limit.h"

#include <algorithm>

namespace bolide {
namespace {

constexpr double kLongest = 1e9;  // seconds; what a clock's ticks hold

thread_local const TimeLimit* innermost = nullptr;

}  // namespace

TimeLimit::TimeLimit(double seconds, const std::atomic<bool>* cancelled)
    : outer_(innermost), cancelled_(cancelled), seconds_(std::min(seconds, kLongest)) {
  if (seconds_ > 0)
    end_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds_));
  innermost = this;
}

TimeLimit::~TimeLimit() { innermost = outer_; }

const TimeLimit* TimeLimit::current() { return innermost; }

bool TimeLimit::is_over() const {
  if (cancelled_ != nullptr && cancelled_->load(std::memory_order_relaxed)) return true;
  if (seconds_ > 0 && Clock::now() >= end_) return true;
  return outer_ != nullptr && outer_->is_over();
}

Status TimeLimit::check() {
  for (const TimeLimit* limit = innermost; limit != nullptr; limit = limit->outer_) {
    if (limit->cancelled_ != nullptr && limit->cancelled_->load(std::memory_order_relaxed)) {
      return make_error(Code::kCancelled, "the run was cancelled");
    }
    if (limit->seconds_ > 0 && Clock::now() >= limit->end_) {
      return make_error(Code::kCancelled, "the time limit of ", limit->seconds_, " s is over");
    }
  }
  return ok();
}

}  // namespace bolide
