// SPDX-License-Identifier: Apache-2.0
#include "compute/kernels/kernels_testing.h"

namespace lectio::kernels {
namespace {

class CachedAttention : public EveryTable {};
INSTANTIATE_TEST_SUITE_P(Tables, CachedAttention, testing::ValuesIn(fast_tables()), table_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CachedAttention);

constexpr DType kCacheTypes[] = {DType::kF32, DType::kF16};

// A layer of a cache that owns its memory.
struct Cache {
  Tensor keys, values;
  CacheView view;

  Cache(DType dtype, std::int64_t heads, std::int64_t capacity, std::int64_t head_dim)
      : keys({heads, capacity, head_dim}, dtype),
        values({heads, capacity, head_dim}, dtype),
        view{keys.view().data, values.view().data, dtype, heads, capacity, head_dim} {}
};

bool same_bytes(const Tensor& a, const Tensor& b) {
  return std::memcmp(a.view().data, b.view().data, static_cast<std::size_t>(a.view().bytes())) == 0;
}

TEST_P(CachedAttention, StoresAndLoadsWhatTheReferenceDoes) {
  for (const DType dtype : kCacheTypes) {
    for (const std::int64_t dim : {1, 4, 7, 16, 33, 128}) {
      Cache got(dtype, 3, 11, dim);
      Cache expected(dtype, 3, 11, dim);
      for (const auto& [begin, rows] :
           {std::pair<std::int64_t, std::int64_t>{0, 5}, {5, 1}, {6, 5}}) {
        Tensor keys = random_tensor({rows, 3 * dim}, random, -40, 40);
        const Tensor values = random_tensor({rows, 3 * dim}, random);
        keys.f32()[0] = begin == 0 ? 1e30F : -1e30F;  // beyond F16
        table().store_cached(bench.context, keys.view(), values.view(), got.view, begin);
        reference().store_cached(bench.context, keys.view(), values.view(), expected.view, begin);
      }
      EXPECT_TRUE(same_bytes(got.keys, expected.keys)) << dim;
      EXPECT_TRUE(same_bytes(got.values, expected.values)) << dim;
      for (const std::int64_t rows : {0, 1, 11}) {
        Tensor a({rows, 3 * dim}), b({rows, 3 * dim}), c({rows, 3 * dim}), d({rows, 3 * dim});
        table().load_cached(bench.context, got.view, a.view(), b.view());
        reference().load_cached(bench.context, got.view, c.view(), d.view());
        EXPECT_TRUE(same_bits(a.floats(), c.floats()) && same_bits(b.floats(), d.floats())) << dim;
      }
    }
  }
}

// A logit, scale * q . k over dim numbers up to 1 and 2, is off by at most (dim + 2) u of the sum
// of magnitudes, 2 dim scale; a weight is then off by twice that and 3 u of its own, a value up to
// 2 weighs in with one rounding a key in the sum and in the mean.
TEST_P(CachedAttention, AgreesWithTheReferenceForEveryLengthAndHead) {
  for (const DType dtype : kCacheTypes) {
    for (const std::int64_t dim : {1, 4, 7, 16, 17, 32, 48, 64, 80, 112, 128, 250}) {
      const Cache cache(dtype, 3, 301, dim);
      const Tensor keys = random_tensor({301, 3 * dim}, random, -2, 2);
      const Tensor values = random_tensor({301, 3 * dim}, random, -2, 2);
      table().store_cached(bench.context, keys.view(), values.view(), cache.view, 0);
      const Tensor q = random_tensor({4, 3 * dim}, random);
      Tensor got({4, 3 * dim});
      Tensor expected({4, 3 * dim});
      const float scale = 0.3F;
      for (const auto& [ops, out] :
           {std::pair(&table(), got.view()), std::pair(&reference(), expected.view())}) {
        std::vector<CachedQuery> queries;
        for (const std::int64_t length : {1, 2, 17, 301}) {
          const auto i = static_cast<std::int64_t>(queries.size());
          queries.push_back({q.f32() + i * 3 * dim, cache.view, length, out.f32() + i * 3 * dim});
        }
        ops->attend_cached(bench.context, queries, scale);
      }
      const double size = static_cast<double>(dim);
      const double logit = (size + 2) * kUnit * 2 * size * 0.3;
      const double bound = 2 * (2 * logit + (2 * 301 + 12) * kUnit);
      EXPECT_TRUE(within(got.floats(), expected.floats(), [&](std::size_t) { return bound; }))
          << dtype_name(dtype) << ", head of " << dim;
    }
  }
}

TEST_P(CachedAttention, GivesASequenceTheSameBitsWhateverIsBesideItAndForAnyNumberOfThreads) {
  Workbench alone(1);
  Workbench many(5);
  const Cache cache(DType::kF16, 4, 900, 64);
  const Tensor keys = random_tensor({900, 256}, random, -2, 2);
  const Tensor values = random_tensor({900, 256}, random, -2, 2);
  table().store_cached(bench.context, keys.view(), values.view(), cache.view, 0);
  const Tensor q = random_tensor({3, 256}, random);
  Tensor together({3, 256});
  std::vector<CachedQuery> queries;
  for (std::int64_t i = 0; i < 3; ++i) {
    queries.push_back({q.f32() + i * 256, cache.view, 900 - 200 * i, together.f32() + i * 256});
  }
  table().attend_cached(many.context, queries, 0.125F);
  for (std::size_t i = 0; i < 3; ++i) {
    Tensor single({1, 256});
    CachedQuery query = queries[i];
    query.out = single.f32();
    table().attend_cached(alone.context, {&query, 1}, 0.125F);
    const auto row = together.view().row_range(static_cast<std::int64_t>(i), 1);
    EXPECT_TRUE(same_bits(single.floats(), row.floats())) << i;
  }
}

TEST_P(CachedAttention, RefusesPositionsThatTheCacheDoesNotHave) {
  const Cache cache(DType::kF16, 2, 4, 8);
  const Tensor rows({3, 16});
  const Tensor out({1, 16});
  EXPECT_THROW(table().store_cached(bench.context, rows.view(), rows.view(), cache.view, 2),
               InvariantError);
  const CachedQuery query{rows.f32(), cache.view, 5, out.f32()};
  EXPECT_THROW(table().attend_cached(bench.context, {&query, 1}, 1), InvariantError);
}

}  // namespace
}  // namespace lectio::kernels
