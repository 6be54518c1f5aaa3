// SPDX-License-Identifier: Apache-2.0
// How the drivers share work among threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>

#include "compute/kernels/kernels.h"

namespace lectio::kernels::cpu {

// Sharing costs about a microsecond while the threads of the pool look for work, and some more to
// wake them; those that wake too late are not waited for.
inline constexpr double kWorthSharingNs = 10e3;

constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
constexpr std::int64_t round_up(std::int64_t a, std::int64_t b) { return divide_up(a, b) * b; }

// What one core does a nanosecond, roughly; only decides whether a job is worth sharing.
inline constexpr double kMultiplyAddsPerNs = 40;
inline constexpr double kBytesPerNs = 20;
inline constexpr double kFunctionsPerNs = 1;  // exponentials

// body(begin, end) over chunks of [0, count); each begins at a multiple of grain. `ns` is the time
// of the whole job on one core. The body is passed by reference: nothing is allocated.
template <typename Body>
void share(Context& context, std::int64_t count, std::int64_t grain, double ns, const Body& body) {
  if (count <= 0) return;
  if (ns < kWorthSharingNs) {
    body(std::int64_t{0}, count);
  } else {
    context.pool.parallel_for(count, grain, std::cref(body));
  }
}

// body(slot, task) for every task of [0, count), the next free thread taking the next task. Slots
// number the threads, so that each can have its own scratch: 0 <= slot < slots(context).
inline std::int64_t slots(const Context& context) { return context.pool.threads(); }

template <typename Body>
void share_tasks(Context& context, std::int64_t count, double ns, const Body& body) {
  std::atomic<std::int64_t> next{0};
  const auto drain = [&](std::int64_t begin, std::int64_t end) {
    const auto take = [&] { return next.fetch_add(1, std::memory_order_relaxed); };
    for (std::int64_t slot = begin; slot < end; ++slot) {
      for (std::int64_t task = take(); task < count; task = take()) body(slot, task);
    }
  };
  share(context, std::min(slots(context), count), 1, ns, drain);
}

}  // namespace lectio::kernels::cpu
