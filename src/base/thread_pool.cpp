#include "base/thread_pool.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include "base/cpu_quota.h"
#include "base/file.h"
#include "base/log.h"
#include "base/spin.h"

namespace bolide {
namespace {

constexpr int kSlots = 8;
constexpr std::uint32_t kMostHomes = 64;
constexpr int kMostThreads = 4096;

// A slot's gate: who may enter a job and who is in it, in one word so that entering is one step.
constexpr std::uint32_t kTaken = 1U << 0;    // a caller owns the slot
constexpr std::uint32_t kOpen = 1U << 1;     // workers may enter while seats are left
constexpr std::uint32_t kWaiting = 1U << 2;  // the caller sleeps until the last worker leaves
constexpr int kSeatShift = 3;                // 14 bits: seats left
constexpr int kInsideShift = 17;             // 14 bits: workers inside
constexpr std::uint32_t kCountMask = (1U << 14) - 1;
constexpr std::uint32_t kOneSeat = 1U << kSeatShift;
constexpr std::uint32_t kOneInside = 1U << kInsideShift;

std::uint32_t seats(std::uint32_t gate) { return (gate >> kSeatShift) & kCountMask; }
std::uint32_t inside(std::uint32_t gate) { return (gate >> kInsideShift) & kCountMask; }
bool can_enter(std::uint32_t gate) { return (gate & kOpen) != 0 && seats(gate) > 0; }

using Task = FunctionRef<void(std::int64_t, int)>;

/// The chunks that a thread of the pool claims first. Others help when their own are done.
struct Home {
  alignas(64) std::atomic<std::uint64_t> next{0};  // first chunk that nobody has claimed
  std::uint64_t end = 0;
};

/// One running job. All but `gate` and each home's `next` is written by the caller before it opens the gate.
struct Slot {
  alignas(64) std::atomic<std::uint32_t> gate{0};
  std::array<Home, kMostHomes> homes;
  alignas(64) std::uint32_t home_count = 1;
  std::uint32_t seats = 0;
  const Task* task = nullptr;
  std::atomic<bool> failed{false};
  std::exception_ptr error;
};

thread_local bool inside_task = false;
thread_local std::uint32_t own_home = 0;  // of the pool's threads from 1 on; callers have 0

/// Marks this thread as inside a task.
class InsideTask {
 public:
  InsideTask() : before_(std::exchange(inside_task, true)) {}
  ~InsideTask() { inside_task = before_; }
  InsideTask(const InsideTask&) = delete;
  InsideTask& operator=(const InsideTask&) = delete;

 private:
  bool before_;
};

/// Claims and runs chunks until none is left, the thread's own first: what it read and wrote there in the job before is
/// still in its cache. Keeps the first exception in the slot.
void work(Slot& slot, int worker) {
  const InsideTask mark;
  for (std::uint32_t i = 0; i < slot.home_count; ++i) {
    Home& home = slot.homes[(own_home + i) % slot.home_count];
    while (!slot.failed.load(std::memory_order_relaxed)) {
      if (home.next.load(std::memory_order_relaxed) >= home.end) break;
      const std::uint64_t chunk = home.next.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= home.end) break;
      try {
        (*slot.task)(static_cast<std::int64_t>(chunk), worker);
      } catch (...) {
        if (!slot.failed.exchange(true, std::memory_order_relaxed)) slot.error = std::current_exception();
      }
    }
  }
}

/// No chunk is left to claim: keeps others out, then leaves.
void leave(Slot& slot) {
  if ((slot.gate.load(std::memory_order_relaxed) & kOpen) != 0) slot.gate.fetch_and(~kOpen, std::memory_order_relaxed);
  const std::uint32_t before = slot.gate.fetch_sub(kOneInside, std::memory_order_acq_rel);
  if (inside(before) == 1 && (before & kWaiting) != 0) wake(slot.gate, 1);
}

/// Closes the job to others and returns when every worker has left it.
void close_and_wait(Slot& slot) {
  std::uint32_t gate = slot.gate.fetch_and(~kOpen, std::memory_order_acq_rel);
  if (inside(gate) > 0) {
    const auto empty = [&] {
      gate = slot.gate.load(std::memory_order_acquire);
      return inside(gate) == 0;
    };
    spin(kLongestSpin, empty, [] { return true; });
  }
  if (inside(gate) > 0) gate = slot.gate.fetch_or(kWaiting, std::memory_order_acq_rel) | kWaiting;
  while (inside(gate) > 0) {
    sleep_while(slot.gate, gate);
    gate = slot.gate.load(std::memory_order_acquire);
  }
}

}  // namespace

struct ThreadPool::State {
  std::array<Slot, kSlots> slots;
  alignas(64) std::atomic<std::uint32_t> epoch{0};  // grows with every new job; idle workers watch it
  alignas(64) std::atomic<std::int32_t> spinning{0};
  std::atomic<std::int32_t> sleeping{0};
  std::atomic<std::int64_t> last_wake{0};  // when a caller last found workers asleep, in nanoseconds
  alignas(64) std::atomic<std::int32_t> size{1};
  std::atomic<bool> stop{false};
  std::mutex growth;
  std::vector<std::thread> workers;

  Slot* enter(int& worker);
  void idle(std::uint32_t seen, SpinBudget& budget);
  void run_worker();
  Slot* take_slot();
  void announce(std::uint32_t wanted);
};

/// Enters the job with the fewest workers, unless as many threads as the pool has are already at work. nullptr when
/// there is nothing to help with.
Slot* ThreadPool::State::enter(int& worker) {
  while (true) {
    Slot* best = nullptr;
    std::uint32_t best_gate = 0;
    std::uint32_t busy = 0;
    for (Slot& slot : slots) {
      const std::uint32_t gate = slot.gate.load(std::memory_order_relaxed);
      busy += inside(gate) + ((gate & kOpen) != 0 ? 1U : 0U);
      if (can_enter(gate) && (best == nullptr || inside(gate) < inside(best_gate))) {
        best = &slot;
        best_gate = gate;
      }
    }
    if (best == nullptr || busy >= static_cast<std::uint32_t>(size.load(std::memory_order_relaxed))) return nullptr;
    if (best->gate.compare_exchange_weak(best_gate, best_gate - kOneSeat + kOneInside, std::memory_order_acquire,
                                         std::memory_order_relaxed)) {
      worker = static_cast<int>(best->seats - seats(best_gate) + 1);
      return best;
    }
  }
}

/// Returns when a job came after `seen`, or to stop.
void ThreadPool::State::idle(std::uint32_t seen, SpinBudget& budget) {
  const auto changed = [&] { return epoch.load(std::memory_order_seq_cst) != seen; };
  const std::int64_t start = monotonic_nanoseconds();
  spinning.fetch_add(1, std::memory_order_seq_cst);
  const auto under_way = [&] {
    return std::any_of(slots.begin(), slots.end(),
                       [](const Slot& slot) { return slot.gate.load(std::memory_order_relaxed) != 0; });
  };
  const bool came = spin(budget.nanoseconds(), changed, under_way);
  spinning.fetch_sub(1, std::memory_order_seq_cst);
  if (came) {
    budget.paid();
    return;
  }
  // A caller raises the epoch before it reads the counts: either it sees us asleep or we see its job.
  sleeping.fetch_add(1, std::memory_order_seq_cst);
  while (!changed()) sleep_while(epoch, seen);
  sleeping.fetch_sub(1, std::memory_order_relaxed);
  budget.missed(last_wake.load(std::memory_order_relaxed) - start);
}

void ThreadPool::State::run_worker() {
  SpinBudget budget;
  while (true) {
    const std::uint32_t seen = epoch.load(std::memory_order_seq_cst);
    if (stop.load(std::memory_order_relaxed)) return;
    int worker = 0;
    if (Slot* const slot = enter(worker)) {
      work(*slot, worker);
      leave(*slot);
    } else {
      idle(seen, budget);
    }
  }
}

Slot* ThreadPool::State::take_slot() {
  for (Slot& slot : slots) {
    std::uint32_t free = 0;
    if (slot.gate.load(std::memory_order_relaxed) == 0 &&
        slot.gate.compare_exchange_strong(free, kTaken, std::memory_order_acquire, std::memory_order_relaxed)) {
      return &slot;
    }
  }
  return nullptr;
}

/// Tells idle workers that there is a job, and wakes as many as it wants beyond those that are awake.
void ThreadPool::State::announce(std::uint32_t wanted) {
  epoch.fetch_add(1, std::memory_order_seq_cst);
  const std::int32_t asleep = sleeping.load(std::memory_order_seq_cst);
  if (asleep == 0) return;
  const std::int32_t missing = static_cast<std::int32_t>(wanted) - spinning.load(std::memory_order_seq_cst);
  if (missing <= 0) return;
  last_wake.store(monotonic_nanoseconds(), std::memory_order_relaxed);
  wake(epoch, std::min(missing, asleep));
}

ThreadPool& ThreadPool::shared() {
  // Never destroyed: its threads may outlive the static objects of the program.
  static ThreadPool* const pool = new ThreadPool(usable_threads());
  return *pool;
}

int ThreadPool::usable_threads() {
  const auto groups = read_text("/proc/self/cgroup");
  return combine_cpus(affinity_cpus(), groups ? cgroup_cpus(*groups, "/sys/fs/cgroup") : std::nullopt);
}

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) { ensure(threads); }

ThreadPool::~ThreadPool() {
  state_->stop.store(true, std::memory_order_relaxed);
  state_->epoch.fetch_add(1, std::memory_order_seq_cst);
  wake(state_->epoch, std::numeric_limits<int>::max());
  for (std::thread& worker : state_->workers) worker.join();
}

int ThreadPool::size() const { return state_->size.load(std::memory_order_relaxed); }

void ThreadPool::ensure(int threads) {
  threads = std::min(threads, kMostThreads);
  if (size() >= threads) return;
  const std::lock_guard lock(state_->growth);
  // Signals are for the threads of the program.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    while (size() < threads) {
      State* const state = state_.get();
      state->workers.emplace_back([state, home = static_cast<std::uint32_t>(size())] {
        own_home = home;
        state->run_worker();
      });
      pthread_setname_np(state->workers.back().native_handle(), "bolide");
      state->size.fetch_add(1, std::memory_order_relaxed);
    }
  } catch (const std::exception& problem) {
    log(LogLevel::kWarn, "thread pool: has ", size(), " threads instead of ", threads, ": ", problem.what());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void ThreadPool::parallel_for(std::int64_t chunks, int threads, FunctionRef<void(std::int64_t, int)> task) {
  if (chunks <= 0) return;
  const std::int64_t most = std::min<std::int64_t>({chunks, threads, size()});
  Slot* const slot = most > 1 && !inside_task ? state_->take_slot() : nullptr;
  if (slot == nullptr) {
    const InsideTask mark;
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) task(chunk, 0);
    return;
  }
  const auto wanted = static_cast<std::uint32_t>(most - 1);
  slot->home_count = std::min(wanted + 1, kMostHomes);
  for (std::uint32_t i = 0; i < slot->home_count; ++i) {
    const auto border = [&](std::uint32_t home) {
      return static_cast<std::uint64_t>(chunks) / slot->home_count * home +
             static_cast<std::uint64_t>(chunks) % slot->home_count * home / slot->home_count;
    };
    slot->homes[i].next.store(border(i), std::memory_order_relaxed);
    slot->homes[i].end = border(i + 1);
  }
  slot->seats = wanted;
  slot->task = &task;
  slot->gate.store(kTaken | kOpen | wanted << kSeatShift, std::memory_order_release);
  state_->announce(wanted);
  work(*slot, 0);
  close_and_wait(*slot);

  std::exception_ptr error;
  if (slot->failed.load(std::memory_order_relaxed)) {
    error = std::exchange(slot->error, nullptr);
    slot->failed.store(false, std::memory_order_relaxed);
  }
  slot->gate.store(0, std::memory_order_release);
  if (error) std::rethrow_exception(error);
}

}  // namespace bolide
