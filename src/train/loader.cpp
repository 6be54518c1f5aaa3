// SPDX-License-Identifier: Apache-2.0
#include "train/loader.h"

#include <chrono>

#include "base/splitmix.h"

namespace lectio::train {
namespace {

// top_share of the batches from the top level, below_share from the one below, the rest from all
// reached by share.
std::int64_t draw_level(const Recipe& recipe, std::int64_t top, Random& random) {
  const double u = random.unit();
  if (top == 0 || u < recipe.top_share) return top;
  if (u < recipe.top_share + recipe.below_share) return top - 1;
  double total = 0;
  for (std::int64_t i = 0; i <= top; ++i) total += recipe.levels[static_cast<std::size_t>(i)].share;
  double place = random.unit() * total;
  for (std::int64_t i = 0; i < top; ++i) {
    place -= recipe.levels[static_cast<std::size_t>(i)].share;
    if (place < 0) return i;
  }
  return top;
}

}  // namespace

Loader::Loader(const Recipe& recipe, const BatchMaker& maker, std::int64_t replicas, int threads,
               std::int64_t first_job, std::int64_t top_level, bool pin_memory)
    : recipe_(recipe),
      maker_(maker),
      replicas_(replicas),
      capacity_(2 * replicas + threads),
      pin_memory_(pin_memory),
      top_level_(top_level),
      next_job_(first_job),
      taken_(first_job) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Loader::~Loader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_changed_.notify_all();
  threads_.clear();
}

void Loader::work() {
  GlyphCache cache;
  for (;;) {
    std::int64_t job = 0;
    {
      std::unique_lock lock(mutex_);
      room_changed_.wait(lock, [&] { return stopping_ || next_job_ < taken_ + capacity_; });
      if (stopping_) return;
      job = next_job_++;
    }
    try {
      Random random(splitmix64(recipe_.seed) +
                    static_cast<std::uint64_t>(job / replicas_) * 0x9E3779B97F4A7C15ULL);
      const std::int64_t index = draw_level(recipe_, top_level_.load(), random);
      const Level& level = recipe_.levels[static_cast<std::size_t>(index)];
      const bool natural = !random.chance(level.random_share);
      const std::uint64_t seed = splitmix64(recipe_.seed ^ (static_cast<std::uint64_t>(job) << 20));
      Batch batch = maker_.make(level, index, natural, seed, cache);
      if (pin_memory_) batch.for_each_tensor([](torch::Tensor& t) { t = t.pin_memory(); });
      const std::lock_guard lock(mutex_);
      ready_.emplace(job, std::move(batch));
    } catch (...) {
      const std::lock_guard lock(mutex_);
      failure_ = std::current_exception();
    }
    ready_changed_.notify_all();
  }
}

Batch Loader::take(std::int64_t job) {
  const auto begin = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  ready_changed_.wait(lock, [&] { return failure_ != nullptr || ready_.count(job) > 0; });
  if (failure_) std::rethrow_exception(failure_);
  Batch batch = std::move(ready_.at(job));
  ready_.erase(job);
  taken_ = std::max(taken_, job + 1 - replicas_);
  room_changed_.notify_all();
  waited_seconds_.fetch_add(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  return batch;
}

}  // namespace lectio::train
