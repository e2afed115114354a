/// Waiting for another thread: briefly by looking, then in the kernel.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/clock.h"

namespace bolide {

constexpr std::int64_t kLongestSpin = 40'000;  ///< nanoseconds
constexpr std::int64_t kShortestSpin = 1'000;
/// While a job is under way the next one is near: threads that have run out of chunks stay awake this long, because
/// waking one costs more than a short chunk takes.
constexpr std::int64_t kLongestCompany = 1'000'000;

inline void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Looks at `done` for about `nanoseconds` after `busy` was last true, at most kLongestCompany longer; the last answer.
/// Stops early when the thread seems to have lost its CPU, because then others need it.
template <class Done, class Busy>
bool spin(std::int64_t nanoseconds, const Done& done, const Busy& busy) {
  constexpr int kLooks = 16;  // between two looks at the clock: a microsecond or less
  constexpr std::int64_t kLostCpu = 200'000;
  const std::int64_t start = monotonic_nanoseconds();
  std::int64_t last = start;
  std::int64_t quiet = start;  // since when nothing is under way
  while (true) {
    for (int i = 0; i < kLooks; ++i) {
      if (done()) return true;
      pause_cpu();
    }
    const std::int64_t now = monotonic_nanoseconds();
    if (now - last >= kLostCpu) return done();
    if (now - start < kLongestCompany && busy()) quiet = now;
    if (now - quiet >= nanoseconds) return done();
    last = now;
  }
}

/// How long spinning is worth while: long where work comes soon, short where it does not.
class SpinBudget {
 public:
  std::int64_t nanoseconds() const { return nanoseconds_; }
  /// Work came during the spin.
  void paid() { nanoseconds_ = std::min(nanoseconds_ * 2, kLongestSpin); }
  /// The spin ended without work, which came `after` nanoseconds from its start.
  void missed(std::int64_t after) {
    nanoseconds_ = after <= kLongestSpin ? kLongestSpin : std::max(nanoseconds_ / 2, kShortestSpin);
  }

 private:
  std::int64_t nanoseconds_ = kLongestSpin;
};

static_assert(std::atomic<std::uint32_t>::is_always_lock_free && sizeof(std::atomic<std::uint32_t>) == 4);

/// Sleeps while `word` is `value`; may return early.
inline void sleep_while(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}
/// Wakes up to `count` threads that sleep on `word`.
inline void wake(std::atomic<std::uint32_t>& word, int count) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, count, nullptr, nullptr, 0);
}

}  // namespace bolide
