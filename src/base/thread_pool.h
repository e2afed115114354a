/// One process-wide pool of threads that all engines share: fork-join over chunks.
///
/// Each thread has a range of a job's chunks that it claims first, the same share in every job, so that what it wrote
/// for one step is in its cache when the next step reads it; who is done helps the others.
///
/// The caller works too. Workers spin for some tens of microseconds after their last chunk (fewer when other jobs want
/// the cores), then sleep. Two jobs at once share the workers instead of doubling the threads.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <memory>

namespace bolide {

/// A function without ownership, for the duration of one call.
template <class Signature>
class FunctionRef;
template <class R, class... Args>
class FunctionRef<R(Args...)> {
 public:
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, FunctionRef>)
      FunctionRef(F&& f)  // NOLINT(google-explicit-constructor): a parameter type
      : object_(const_cast<void*>(static_cast<const void*>(&f))), call_([](void* object, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(object))(std::forward<Args>(args)...);
        }) {}
  R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

 private:
  void* object_;
  R (*call_)(void*, Args...);
};

class ThreadPool {
 public:
  /// The pool of this process, made on first use with `usable_threads()` threads.
  static ThreadPool& shared();
  /// Threads this process may use well: the smaller of the affinity mask and the cgroup CPU quota (rounded up), >= 1.
  static int usable_threads();

  explicit ThreadPool(int threads);  ///< for tests; users take shared()
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Threads that can work at once, the caller included.
  int size() const;
  /// Grows the pool to at least `threads` (never shrinks). Where the system grants fewer, logs a warning and stays
  /// there.
  void ensure(int threads);

  /// Calls task(chunk, worker) for every chunk in [0, chunks) on at most `threads` threads, and returns when all are
  /// done. `worker` is in [0, threads) and no two concurrent calls of one job share it, so it can index scratch memory.
  /// Which worker takes which chunk is not determined. Allocates nothing. An exception thrown by a task stops further
  /// chunks and is rethrown here. May be called from any thread; from inside a task it runs serially.
  void parallel_for(std::int64_t chunks, int threads, FunctionRef<void(std::int64_t chunk, int worker)> task);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bolide
