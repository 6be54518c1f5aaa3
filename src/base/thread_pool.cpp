// SPDX-License-Identifier: Apache-2.0
#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace lectio {
namespace {

// True on a thread that is inside a parallel_for: an inner one must not wait for the pool.
thread_local bool inside_parallel_for = false;

// How long a thread that waits looks before it sleeps. A decoder's token is dozens of parallel_for
// a few microseconds apart, and waking a sleeping thread costs more than most of them take.
constexpr std::chrono::microseconds kSpin{20};

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

// Looks until ready() or for kSpin; says which.
template <typename Ready>
bool spin_until(const Ready& ready) {
  constexpr int kLooksAClock = 64;
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < kLooksAClock; ++i) {
      if (ready()) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace

// One job at a time. It is open from its start until its chunks are all taken: a worker that wakes
// in time joins it, and the caller waits for those that joined, not for those that still sleep.
struct ThreadPool::State {
  using Body = std::function<void(std::int64_t, std::int64_t)>;

  std::mutex call_mutex;  // one parallel_for at a time
  std::mutex mutex;       // guards what follows; the atomics may be read without it
  std::condition_variable wake;
  std::condition_variable done;
  std::atomic<std::uint64_t> generation{0};  // counts jobs
  std::atomic<bool> stopping{false};
  std::atomic<int> joined{0};  // workers inside the job
  int sleeping = 0;            // workers that need a notification
  bool open = false;
  const Body* body = nullptr;
  std::int64_t count = 0;
  std::int64_t chunk = 1;
  std::exception_ptr failure;
  std::atomic<std::int64_t> next{0};  // hands out chunks, and orders nothing else among them
  std::vector<std::jthread> workers;

  void run_chunks(const Body& work, std::int64_t total, std::int64_t step) {
    inside_parallel_for = true;
    try {
      const auto take = [&] { return next.fetch_add(step, std::memory_order_relaxed); };
      for (std::int64_t begin = take(); begin < total; begin = take()) {
        work(begin, std::min(begin + step, total));
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next.store(total, std::memory_order_relaxed);
    }
    inside_parallel_for = false;
  }

  // Returns when there is a job after `seen`, or none will come.
  void await_job(std::uint64_t seen) {
    const auto called = [&] { return generation.load() != seen || stopping.load(); };
    if (spin_until(called)) return;
    std::unique_lock lock(mutex);
    ++sleeping;
    wake.wait(lock, called);
    --sleeping;
  }

  void work_loop() {
    std::uint64_t seen = 0;
    for (;;) {
      await_job(seen);
      std::unique_lock lock(mutex);
      if (stopping) return;
      seen = generation;
      if (!open) continue;
      ++joined;
      const Body& work = *body;
      const std::int64_t total = count;
      const std::int64_t step = chunk;
      lock.unlock();
      run_chunks(work, total, step);
      lock.lock();
      if (--joined == 0) done.notify_one();
    }
  }

  void start(const Body& work, std::int64_t total, std::int64_t step) {
    const std::lock_guard lock(mutex);
    body = &work;
    count = total;
    chunk = step;
    failure = nullptr;
    next.store(0, std::memory_order_relaxed);
    open = true;
    ++generation;
    if (sleeping > 0) wake.notify_all();
  }

  // Closes the job and waits for the workers inside it.
  void finish() {
    {
      const std::lock_guard lock(mutex);
      open = false;
    }
    const auto all_left = [&] { return joined.load() == 0; };
    spin_until(all_left);
    std::unique_lock lock(mutex);
    done.wait(lock, all_left);
    if (failure) std::rethrow_exception(failure);
  }
};

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) {
  if (threads <= 0) threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  for (int i = 1; i < threads; ++i) state_->workers.emplace_back([this] { state_->work_loop(); });
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  state_->workers.clear();
}

int ThreadPool::threads() const { return static_cast<int>(state_->workers.size()) + 1; }

void ThreadPool::parallel_for(std::int64_t count, std::int64_t grain, const State::Body& body) {
  if (count <= 0) return;
  grain = std::max<std::int64_t>(grain, 1);
  if (inside_parallel_for || state_->workers.empty() || count <= grain) {
    body(0, count);
    return;
  }
  const std::lock_guard call_lock(state_->call_mutex);
  // Four chunks a thread even out unequal bodies without much traffic on the counter.
  const std::int64_t parts = 4 * threads();
  const std::int64_t chunk = ((count + parts - 1) / parts + grain - 1) / grain * grain;
  state_->start(body, count, chunk);
  state_->run_chunks(body, count, chunk);
  state_->finish();
}

}  // namespace lectio
