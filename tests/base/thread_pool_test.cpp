#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "allocation_count.h"

namespace bolide {
namespace {

void sleep_us(int microseconds) { std::this_thread::sleep_for(std::chrono::microseconds(microseconds)); }

/// Runs a job and checks its promises: each chunk once, workers in range, no worker index in two calls at once.
void run_checked(ThreadPool& pool, int chunks, int threads, int task_us = 0) {
  std::vector<std::atomic<int>> times(static_cast<std::size_t>(chunks));
  std::vector<std::atomic<int>> busy(static_cast<std::size_t>(threads));
  std::atomic<int> wrong{0};
  pool.parallel_for(chunks, threads, [&](std::int64_t chunk, int worker) {
    if (worker < 0 || worker >= threads) {
      ++wrong;
      return;
    }
    if (busy[static_cast<std::size_t>(worker)].fetch_add(1) != 0) ++wrong;
    ++times[static_cast<std::size_t>(chunk)];
    if (task_us > 0) sleep_us(task_us);
    busy[static_cast<std::size_t>(worker)].fetch_sub(1);
  });
  EXPECT_EQ(wrong, 0);
  for (const auto& count : times) EXPECT_EQ(count, 1);
}

TEST(ThreadPool, RunsEveryChunkOnce) {
  ThreadPool pool(4);
  for (const int chunks : {1, 2, 3, 4, 5, 100, 1000}) {
    for (const int threads : {1, 2, 3, 4, 9}) run_checked(pool, chunks, threads);
  }
}

TEST(ThreadPool, RunsManySmallJobsInARow) {
  ThreadPool pool(4);
  std::int64_t sum = 0;
  std::vector<std::int64_t> of_worker(4);
  for (int job = 0; job < 5000; ++job) {
    pool.parallel_for(4, 4,
                      [&](std::int64_t chunk, int worker) { of_worker[static_cast<std::size_t>(worker)] += chunk; });
    if (job % 1000 == 0) sleep_us(2000);  // long enough for the workers to fall asleep
  }
  for (const std::int64_t part : of_worker) sum += part;
  EXPECT_EQ(sum, 5000 * 6);
}

TEST(ThreadPool, UsesSeveralThreads) {
  ThreadPool pool(4);
  std::atomic<int> present{0};
  // Each chunk waits for the other three, so this ends only with four threads.
  pool.parallel_for(4, 4, [&](std::int64_t, int) {
    ++present;
    while (present < 4) std::this_thread::yield();
  });
  EXPECT_EQ(present, 4);
}

TEST(ThreadPool, AThreadTakesTheSameShareFirstInEveryJob) {
  ThreadPool pool(4);
  const auto first_chunks = [&] {
    std::atomic<int> present{0};
    std::mutex guard;
    std::map<std::thread::id, std::int64_t> first;
    pool.parallel_for(400, 4, [&](std::int64_t chunk, int) {
      {
        const std::lock_guard lock(guard);
        if (!first.emplace(std::this_thread::get_id(), chunk).second) return;
      }
      ++present;
      while (present < 4) std::this_thread::yield();
    });
    return first;
  };
  const auto first = first_chunks();
  std::set<std::int64_t> chunks;
  for (const auto& [thread, chunk] : first) chunks.insert(chunk);
  EXPECT_EQ(chunks, (std::set<std::int64_t>{0, 100, 200, 300}));
  EXPECT_EQ(first_chunks(), first);
}

TEST(ThreadPool, NoChunksIsNoCall) {
  ThreadPool pool(2);
  bool called = false;
  pool.parallel_for(0, 2, [&](std::int64_t, int) { called = true; });
  pool.parallel_for(-1, 2, [&](std::int64_t, int) { called = true; });
  EXPECT_FALSE(called);
}

TEST(ThreadPool, AThreadLimitBelowOneRunsSerially) {
  ThreadPool pool(2);
  int calls = 0;
  pool.parallel_for(5, 0, [&](std::int64_t, int worker) { calls += worker == 0 ? 1 : 100; });
  EXPECT_EQ(calls, 5);
}

TEST(ThreadPool, KeepsToTheThreadsOfTheJob) {
  ThreadPool pool(4);
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  pool.parallel_for(40, 2, [&](std::int64_t, int) {
    const int count = ++now;
    int seen = most;
    while (seen < count && !most.compare_exchange_weak(seen, count)) {
    }
    sleep_us(200);
    --now;
  });
  EXPECT_LE(most, 2);
}

TEST(ThreadPool, RethrowsTheExceptionOfATaskAndStopsEarly) {
  ThreadPool pool(4);
  for (int round = 0; round < 100; ++round) {
    std::atomic<int> calls{0};
    const auto job = [&] {
      pool.parallel_for(1'000'000, 4, [&](std::int64_t chunk, int) {
        ++calls;
        if (chunk == 10) throw std::runtime_error("chunk 10");
      });
    };
    EXPECT_THROW(job(), std::runtime_error);
    EXPECT_LT(calls, 1'000'000);
  }
  run_checked(pool, 100, 4);  // and goes on working
}

TEST(ThreadPool, SurvivesWhenEveryChunkThrows) {
  ThreadPool pool(4);
  for (int round = 0; round < 200; ++round) {
    EXPECT_THROW(pool.parallel_for(4, 4, [](std::int64_t chunk, int) { throw chunk; }), std::int64_t);
  }
  EXPECT_THROW(pool.parallel_for(2, 1, [](std::int64_t chunk, int) { throw chunk; }), std::int64_t);
  run_checked(pool, 100, 4);
}

TEST(ThreadPool, ANestedJobRunsSeriallyOnItsOwnThread) {
  ThreadPool pool(4);
  std::atomic<int> elsewhere{0};
  std::atomic<int> calls{0};
  pool.parallel_for(8, 4, [&](std::int64_t, int) {
    const auto self = std::this_thread::get_id();
    pool.parallel_for(5, 4, [&](std::int64_t, int worker) {
      ++calls;
      if (std::this_thread::get_id() != self || worker != 0) ++elsewhere;
    });
  });
  EXPECT_EQ(calls, 40);
  EXPECT_EQ(elsewhere, 0);
}

TEST(ThreadPool, ServesMoreCallersAtOnceThanItHasRoomFor) {
  ThreadPool pool(4);
  for (const int callers : {2, 12}) {
    std::vector<std::thread> threads;
    for (int caller = 0; caller < callers; ++caller) {
      threads.emplace_back([&pool] {
        for (int job = 0; job < 100; ++job) run_checked(pool, 1 + job % 20, 1 + job % 5, job % 10 == 0 ? 100 : 0);
      });
    }
    for (auto& thread : threads) thread.join();
  }
}

TEST(ThreadPool, GrowsAndNeverShrinks) {
  ThreadPool pool(1);
  EXPECT_EQ(pool.size(), 1);
  run_checked(pool, 10, 3);
  pool.ensure(3);
  EXPECT_EQ(pool.size(), 3);
  pool.ensure(2);
  pool.ensure(-5);
  EXPECT_EQ(pool.size(), 3);
  run_checked(pool, 100, 3);
}

TEST(ThreadPool, GrowsWhileJobsRun) {
  ThreadPool pool(2);
  std::thread grower([&pool] {
    for (int size = 3; size <= 8; ++size) pool.ensure(size);
  });
  for (int job = 0; job < 200; ++job) run_checked(pool, 20, 8);
  grower.join();
  EXPECT_EQ(pool.size(), 8);
}

TEST(ThreadPool, AllocatesNothingForAJob) {
  ThreadPool pool(4);
  std::atomic<int> calls{0};
  const auto job = [&] { pool.parallel_for(16, 4, [&](std::int64_t, int) { ++calls; }); };
  job();
  const std::int64_t before = allocation_count();
  for (int round = 0; round < 1000; ++round) job();
  EXPECT_EQ(allocation_count() - before, 0);
  EXPECT_EQ(calls, 1001 * 16);
}

TEST(ThreadPool, OfTheProcessHasTheUsableThreads) {
  EXPECT_GE(ThreadPool::usable_threads(), 1);
  EXPECT_EQ(ThreadPool::shared().size(), ThreadPool::usable_threads());
  run_checked(ThreadPool::shared(), 100, 64);
}

}  // namespace
}  // namespace bolide
