// SPDX-License-Identifier: Apache-2.0
// A queue between two threads that never holds more than it was told: who is faster waits.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace lectio {

// Bounded by items and by their weight; a single item may be as heavy as it likes. Thread-safe.
template <typename T>
class BoundedQueue {
 public:
  BoundedQueue(std::size_t most_items, std::int64_t most_weight)
      : most_items_(most_items),
        most_weight_(most_weight) {}

  // Waits for room. False, and the item is dropped, once the queue is closed.
  bool push(T item, std::int64_t weight = 0) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || has_room(weight); });
    if (closed_) return false;
    weight_ += weight;
    items_.emplace_back(std::move(item), weight);
    changed_.notify_all();
    return true;
  }
  // Waits for an item. Empty once the queue is closed and everything was taken.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    auto [item, weight] = std::move(items_.front());
    items_.pop_front();
    weight_ -= weight;
    changed_.notify_all();
    return std::move(item);
  }
  // Nothing more comes in; what is there can still be taken.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  bool has_room(std::int64_t weight) const {
    return items_.empty() || (items_.size() < most_items_ && weight_ + weight <= most_weight_);
  }

  const std::size_t most_items_;
  const std::int64_t most_weight_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<T, std::int64_t>> items_;
  std::int64_t weight_ = 0;
  bool closed_ = false;
};

}  // namespace lectio
