// SPDX-License-Identifier: Apache-2.0
#include "bench/limits.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/splitmix.h"

namespace lectio::bench {
namespace {

constexpr std::int64_t kRows = 1024, kWide = 2048;
constexpr std::size_t kStreamBytes = std::size_t{256} << 20;

double seconds_of(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

Stream::Stream() : memory_(kStreamBytes / sizeof(std::uint64_t), 1) {}

double Stream::bytes_per_second(ThreadPool& pool) const {
  constexpr std::int64_t kPiece = std::int64_t{1} << 14;  // numbers, 128 KiB
  constexpr std::int64_t kLine = 8;
  constexpr std::int64_t kAhead = 512;  // 4 KiB
  const auto count = std::ssize(memory_);
  std::atomic<std::uint64_t> total = 0;  // so that nothing is left out
  const auto body = [&](std::int64_t begin, std::int64_t end) {
    std::uint64_t sums[kLine] = {};
    const std::uint64_t* const numbers = memory_.data();
    for (std::int64_t i = begin * kPiece; i < end * kPiece; i += kLine) {
      __builtin_prefetch(numbers + i + kAhead);
      for (std::int64_t k = 0; k < kLine; ++k) sums[k] += numbers[i + k];
    }
    for (const std::uint64_t sum : sums) total += sum;
  };
  const double seconds = seconds_of([&] { pool.parallel_for(count / kPiece, 1, body); });
  LECTIO_CHECK(total == static_cast<std::uint64_t>(count), "memory was not read");
  return static_cast<double>(kStreamBytes) / seconds;
}

LargeProduct::LargeProduct(DType format)
    : x_({kRows, kWide}),
      weight_({kWide, kWide}, format),  // zeros: a product takes as long
      y_({kRows, kWide}) {
  Random random(1);
  for (float& number : x_.floats()) number = static_cast<float>(random.uniform(-1, 1));
}

double LargeProduct::flops_per_second(const kernels::Table& ops, kernels::Context& context) const {
  const double seconds = seconds_of([&] {
    ops.linear(context, x_.view(), weight_.view(), {}, kernels::Activation::kNone, y_.view());
  });
  return 2.0 * kRows * kWide * kWide / seconds;
}

}  // namespace lectio::bench
