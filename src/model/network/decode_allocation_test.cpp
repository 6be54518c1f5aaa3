// SPDX-License-Identifier: Apache-2.0
// A decode step takes no memory from the system. This file replaces the allocator of its test
// binary by one that counts.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

#include "model/network/network.h"

namespace {

std::atomic<long> allocations{0};

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  const std::size_t rounded =
      (std::max<std::size_t>(size, 1) + alignment - 1) / alignment * alignment;
  if (void* const memory = std::aligned_alloc(alignment, rounded)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace lectio {
namespace {

class DecodeAllocationTest : public ::testing::TestWithParam<std::string_view> {};

TEST_P(DecodeAllocationTest, IsNoneForARowOnceWarm) {
  auto network = Network::open(LECTIO_SOURCE_DIR "/tests/golden/tiny-v1");
  ASSERT_TRUE(network) << network.error().message();
  const kernels::Table& ops = *kernels::by_name(GetParam());
  ThreadPool pool(2);
  Arena scratch;
  kernels::Context context{pool, scratch};
  KvCache cache = network->make_cache(64);
  const Tensor row({1, network->spec().decoder.width});
  std::ranges::fill(row.floats(), 0.1F);
  const Tensor logits({1, network->spec().decoder.vocabulary});
  for (int i = 0; i < 4; ++i) network->decode(ops, context, row.view(), cache, logits.view());

  const long before = allocations;
  for (int i = 0; i < 40; ++i) network->decode(ops, context, row.view(), cache, logits.view());
  EXPECT_EQ(allocations - before, 0);
  EXPECT_GT(before, 0) << "the counter does not count";
}

INSTANTIATE_TEST_SUITE_P(Backends, DecodeAllocationTest, ::testing::ValuesIn(kernels::available()),
                         [](const auto& backend) { return std::string(backend.param); });

}  // namespace
}  // namespace lectio
