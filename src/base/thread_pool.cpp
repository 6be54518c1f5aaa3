// SPDX-License-Identifier: Apache-2.0
#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace lectio {
namespace {

// True on a thread that is inside a parallel_for: an inner one must not wait for the pool.
thread_local bool inside_parallel_for = false;

}  // namespace

struct ThreadPool::State {
  using Body = std::function<void(std::int64_t, std::int64_t)>;

  std::mutex call_mutex;  // one parallel_for at a time
  std::mutex mutex;       // guards everything below
  std::condition_variable wake;
  std::condition_variable done;
  std::uint64_t generation = 0;
  int running = 0;
  bool stopping = false;
  const Body* body = nullptr;
  std::int64_t count = 0;
  std::int64_t chunk = 1;
  std::exception_ptr failure;
  std::atomic<std::int64_t> next{0};
  std::vector<std::jthread> workers;

  void run_chunks(const Body& work, std::int64_t total, std::int64_t step) {
    inside_parallel_for = true;
    try {
      for (std::int64_t begin = next.fetch_add(step); begin < total; begin = next.fetch_add(step)) {
        work(begin, std::min(begin + step, total));
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next.store(total);
    }
    inside_parallel_for = false;
  }

  void work_loop() {
    std::uint64_t seen = 0;
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [&] { return stopping || generation != seen; });
      if (stopping) return;
      seen = generation;
      const Body& work = *body;
      const std::int64_t total = count;
      const std::int64_t step = chunk;
      lock.unlock();
      run_chunks(work, total, step);
      lock.lock();
      if (--running == 0) done.notify_one();
    }
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
  {
    const std::lock_guard lock(state_->mutex);
    state_->body = &body;
    state_->count = count;
    state_->chunk = chunk;
    state_->failure = nullptr;
    state_->next.store(0);
    state_->running = static_cast<int>(state_->workers.size());
    ++state_->generation;
  }
  state_->wake.notify_all();
  state_->run_chunks(body, count, chunk);
  std::unique_lock lock(state_->mutex);
  state_->done.wait(lock, [&] { return state_->running == 0; });
  if (state_->failure) std::rethrow_exception(state_->failure);
}

}  // namespace lectio
