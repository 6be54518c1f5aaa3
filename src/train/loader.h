// SPDX-License-Identifier: Apache-2.0
// Threads that keep batches ready, so that the device never waits for the renderer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "train/batch.h"
#include "train/recipe.h"

namespace lectio::train {

// Jobs are numbered; job j is for replica j % replicas, and the jobs of one step have the same
// level and kind of text, so that replicas finish together. What a job draws depends on the seed,
// its number and the top level at the time it starts. Thread-safe.
class Loader {
 public:
  Loader(const Recipe& recipe, const BatchMaker& maker, std::int64_t replicas, int threads,
         std::int64_t first_job, std::int64_t top_level, bool pin_memory);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  Batch take(std::int64_t job);  // waits for it; each job once
  void set_top_level(std::int64_t level) { top_level_.store(level); }
  double waited_seconds() const { return waited_seconds_.load(); }  // of all take() calls together

 private:
  void work();

  const Recipe& recipe_;
  const BatchMaker& maker_;
  const std::int64_t replicas_;
  const std::int64_t capacity_;
  const bool pin_memory_;
  std::atomic<std::int64_t> top_level_;
  std::atomic<double> waited_seconds_{0};
  std::mutex mutex_;  // guards what follows
  std::condition_variable ready_changed_;
  std::condition_variable room_changed_;
  std::map<std::int64_t, Batch> ready_;
  std::int64_t next_job_;
  std::int64_t taken_;
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::vector<std::jthread> threads_;
};

}  // namespace lectio::train
