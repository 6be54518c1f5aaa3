// SPDX-License-Identifier: Apache-2.0
// Which table runs, and what a decode step costs in memory.
#include "compute/kernels/kernels.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

#include "compute/kernels/kernels_testing.h"

namespace {

std::atomic<std::int64_t> news{0};

}  // namespace

// Counts what every other allocation function of the standard library comes down to. Not inlined:
// GCC would see free() meet what it knows as new's.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++news;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace lectio::kernels {
namespace {

TEST(Tables, AreFoundByTheNamesThatAreAvailable) {
  const std::vector<std::string_view> names = available();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(names.front(), "reference");
  for (const std::string_view name : names) {
    ASSERT_NE(by_name(name), nullptr) << name;
    EXPECT_EQ(by_name(name)->name, name);
  }
}

TEST(Tables, AutoIsTheBestOne) {
  EXPECT_EQ(by_name("auto"), &for_this_cpu());
  EXPECT_EQ(for_this_cpu().name, available().back());
}

TEST(Tables, UnknownNamesAreNull) {
  for (const std::string_view name : {"", "AVX2", "avx2 ", "sse", "cuda"})
    EXPECT_EQ(by_name(name), nullptr) << name;
}

TEST(Tables, AreComplete) {
  for (const std::string_view name : available()) {
    const Table& table = *by_name(name);
    EXPECT_NE(table.linear, nullptr);
    EXPECT_NE(table.conv2d, nullptr);
    EXPECT_NE(table.layer_norm, nullptr);
    EXPECT_NE(table.rms_norm, nullptr);
    EXPECT_NE(table.attention, nullptr);
    EXPECT_NE(table.rope, nullptr);
    EXPECT_NE(table.silu_mul, nullptr);
    EXPECT_NE(table.add, nullptr);
    EXPECT_NE(table.gather_rows, nullptr);
    EXPECT_NE(table.softmax, nullptr);
  }
}

// 16 + 2 numbers whose sum depends on how many lanes add them up: 1e8 + 1 is 1e8 in F32. Lane sums
// of 8 lose the 1 at index 8, which falls on the lane of 1e8; lane sums of 16 keep it in a lane of
// its own until the big numbers cancel; the reference's double keeps everything.
TEST(Tables, AForcedTableIsTheOneThatRuns) {
  Workbench bench;
  Tensor x({1, 32});
  x.f32()[0] = 1e8F;
  x.f32()[8] = 1;
  x.f32()[16] = -1e8F;
  Tensor ones({1, 32});
  std::fill_n(ones.f32(), 32, 1.0F);
  const auto sum_by = [&](std::string_view name) {
    Tensor y({1, 1});
    by_name(name)->linear(bench.context, x.view(), ones.view(), {}, Activation::kNone, y.view());
    return y.f32()[0];
  };
  EXPECT_EQ(sum_by("reference"), 1.0F);
  if (by_name("avx2") == nullptr) GTEST_SKIP() << "no AVX2";
  EXPECT_EQ(sum_by("avx2"), 0.0F);
  if (by_name("avx512") == nullptr) GTEST_SKIP() << "no AVX-512";
  EXPECT_EQ(sum_by("avx512"), 1.0F);
}

// One token through what a decoder layer calls.
void decode_step(const Table& table, Context& context, const Tensor& weights, const Tensor& keys) {
  const std::int64_t width = weights.shape()[1];
  ScratchScope scope(context.scratch);
  const TensorView x = scope.make({1, width});
  const TensorView y = scope.make({1, width});
  const std::int32_t id = 3;
  table.gather_rows(context, weights.view(), {&id, 1}, x);
  table.linear(context, x, weights.view(), {}, Activation::kNone, y);
  table.rope(context, y, 64, 17, 1e4F);
  AttentionArgs args{.q = y.f32(),
                     .k = keys.f32(),
                     .v = keys.f32(),
                     .q_stride = width,
                     .k_stride = width,
                     .v_stride = width,
                     .queries = 1,
                     .keys = keys.shape()[0],
                     .heads = width / 64,
                     .kv_heads = width / 64,
                     .head_dim = 64,
                     .mask = Mask::kCausal};
  table.attention(context, args, x);
  table.rms_norm(context, x,
                 weights.view().dtype == DType::kF32 ? weights.view().row_range(0, 1) : y, 1e-6F,
                 x);
  table.silu_mul(context, x, y, x);
  table.add(context, x, y, x);
  table.softmax(context, x, x);
}

TEST(Tables, DecodingAllocatesNothingAfterTheFirstStep) {
  Random random{1};
  Workbench bench;
  const Tensor weights = random_weights({1024, 1024}, DType::kQ8, random);
  const Tensor keys = random_tensor({3000, 1024}, random);
  for (const std::string_view name : fast_tables()) {
    const Table& table = *by_name(name);
    decode_step(table, bench.context, weights, keys);
    const std::int64_t before = news;
    const std::int64_t taken = bench.scratch.allocations();
    decode_step(table, bench.context, weights, keys);
    EXPECT_EQ(news - before, 0) << name;
    EXPECT_EQ(bench.scratch.allocations(), taken) << name;
  }
}

}  // namespace
}  // namespace lectio::kernels
