// SPDX-License-Identifier: Apache-2.0
// One pool a process, made by the app and passed down.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace lectio {

// Splits index ranges over a fixed set of threads. One parallel_for runs at a time: calls from
// several threads queue up. A parallel_for inside a parallel_for runs on the calling thread alone.
class ThreadPool {
 public:
  // threads counts the caller too: 1 means no worker thread at all. 0 means one a core.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const;

  // Calls body(begin, end) over disjoint chunks of [0, count), each a multiple of grain long except
  // the last. Returns when all are done; the first exception of a body is rethrown.
  void parallel_for(std::int64_t count, std::int64_t grain,
                    const std::function<void(std::int64_t, std::int64_t)>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lectio
