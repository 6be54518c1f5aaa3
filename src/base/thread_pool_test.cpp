// SPDX-License-Identifier: Apache-2.0
#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

namespace lectio {
namespace {

// How often each index of [0, count) was visited.
std::vector<int> visits(ThreadPool& pool, std::int64_t count, std::int64_t grain) {
  std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
  pool.parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
  });
  return {seen.begin(), seen.end()};
}

bool is_once_each(const std::vector<int>& seen) {
  return std::ranges::all_of(seen, [](int count) { return count == 1; });
}

TEST(ThreadPool, VisitsEveryIndexOnce) {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    for (const std::int64_t count : {0, 1, 2, 7, 64, 1000}) {
      for (const std::int64_t grain : {0, 1, 5, 2000}) {
        EXPECT_TRUE(is_once_each(visits(pool, count, grain))) << threads << " threads, " << count;
      }
    }
  }
}

TEST(ThreadPool, CutsAtMultiplesOfTheGrain) {
  ThreadPool pool(3);
  pool.parallel_for(1003, 16, [](std::int64_t begin, std::int64_t end) {
    EXPECT_EQ(begin % 16, 0);
    EXPECT_TRUE(end % 16 == 0 || end == 1003);
  });
}

// Jobs that follow at once, and jobs that find the workers asleep.
TEST(ThreadPool, TakesManyJobsAwakeAndAsleep) {
  ThreadPool pool(4);
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(is_once_each(visits(pool, 9, 1))) << i;
  for (int i = 0; i < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_TRUE(is_once_each(visits(pool, 9, 1))) << i;
  }
}

TEST(ThreadPool, WaitsForTheSlowestBody) {
  ThreadPool pool(2);
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> finished = 0;
    pool.parallel_for(2, 1, [&](std::int64_t, std::int64_t) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      ++finished;
    });
    ASSERT_EQ(finished, 2);
  }
}

TEST(ThreadPool, RunsAnInnerLoopOnTheCallingThread) {
  ThreadPool pool(2);
  pool.parallel_for(4, 1, [&](std::int64_t, std::int64_t) {
    const auto here = std::this_thread::get_id();
    pool.parallel_for(4, 1, [&](std::int64_t begin, std::int64_t end) {
      EXPECT_EQ(std::this_thread::get_id(), here);
      EXPECT_EQ(end - begin, 4);
    });
  });
}

TEST(ThreadPool, PassesTheFirstExceptionOnAndStaysUsable) {
  ThreadPool pool(2);
  for (int i = 0; i < 10; ++i) {
    const auto fail = [](std::int64_t, std::int64_t) { throw std::runtime_error("no"); };
    EXPECT_THROW(pool.parallel_for(8, 1, fail), std::runtime_error);
    EXPECT_TRUE(is_once_each(visits(pool, 100, 1)));
  }
}

TEST(ThreadPool, QueuesCallsFromSeveralThreads) {
  ThreadPool pool(2);
  std::atomic<int> good = 0;
  std::vector<std::jthread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int j = 0; j < 200; ++j) good += is_once_each(visits(pool, 33, 1)) ? 1 : 0;
    });
  }
  callers.clear();
  EXPECT_EQ(good, 800);
}

}  // namespace
}  // namespace lectio
