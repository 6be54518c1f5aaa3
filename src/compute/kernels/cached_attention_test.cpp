// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <tuple>

#include "compute/kernels/kernels_testing.h"

namespace lectio::kernels {
namespace {

class CachedAttention : public EveryTable {};
INSTANTIATE_TEST_SUITE_P(Tables, CachedAttention, testing::ValuesIn(fast_tables()), table_name);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CachedAttention);

constexpr DType kCacheTypes[] = {DType::kF32, DType::kF16, DType::kI8};

// A layer of a cache that owns its memory.
struct Cache {
  Tensor keys, values;
  Tensor key_scales, value_scales;  // of I8 alone, and else unused
  CacheView view;

  Cache(DType dtype, std::int64_t heads, std::int64_t capacity, std::int64_t head_dim)
      : keys({heads, capacity, head_dim}, dtype),
        values({heads, capacity, head_dim}, dtype),
        key_scales({heads, capacity}),
        value_scales({heads, capacity}),
        view{keys.view().data,
             values.view().data,
             dtype,
             heads,
             capacity,
             head_dim,
             dtype == DType::kI8 ? key_scales.f32() : nullptr,
             dtype == DType::kI8 ? value_scales.f32() : nullptr} {}
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
      EXPECT_TRUE(same_bits(got.key_scales.floats(), expected.key_scales.floats())) << dim;
      EXPECT_TRUE(same_bits(got.value_scales.floats(), expected.value_scales.floats())) << dim;
      for (const std::int64_t rows : {0, 1, 11}) {
        Tensor a({rows, 3 * dim}), b({rows, 3 * dim}), c({rows, 3 * dim}), d({rows, 3 * dim});
        table().load_cached(bench.context, got.view, a.view(), b.view());
        reference().load_cached(bench.context, got.view, c.view(), d.view());
        EXPECT_TRUE(same_bits(a.floats(), c.floats()) && same_bits(b.floats(), d.floats())) << dim;
      }
    }
  }
}

// Half a scale, and what computing a code in floats adds: x * (127 / max), of at most 127, rounds
// twice, and the scale and the product with it once each.
TEST_P(CachedAttention, StoresCodesWithinHalfAScaleOfTheNumbers) {
  for (const std::int64_t dim : {1, 4, 7, 16, 33, 128}) {
    const Cache cache(DType::kI8, 3, 9, dim);
    Tensor keys = random_tensor({9, 3 * dim}, random, -3, 3);
    Tensor values = random_tensor({9, 3 * dim}, random, -3, 3);
    for (float& x : keys.view().row_range(1, 1).floats()) x = 0;
    for (float& x : keys.view().row_range(2, 1).floats()) x *= 1e-33F;
    for (float& x : keys.view().row_range(3, 1).floats()) x *= 1e36F;
    table().store_cached(bench.context, keys.view(), values.view(), cache.view, 0);
    Tensor got_keys({9, 3 * dim}), got_values({9, 3 * dim});
    table().load_cached(bench.context, cache.view, got_keys.view(), got_values.view());
    for (const auto& [got, original, scales] :
         {std::tuple(&got_keys, &keys, &cache.key_scales),
          std::tuple(&got_values, &values, &cache.value_scales)}) {
      EXPECT_TRUE(within(got->floats(), original->floats(), [&](std::size_t i) {
        const auto row = static_cast<std::int64_t>(i) / (3 * dim);
        const auto head = static_cast<std::int64_t>(i) % (3 * dim) / dim;
        const double scale = static_cast<double>(scales->f32()[head * 9 + row]);
        return scale * (0.5 + 127 * 4 * kUnit) + 1e-30;  // below that everything is zero
      })) << dim;
    }
  }
}

TEST_P(CachedAttention, MakesAHeadNaNWhereANumberIsNone) {
  for (const float none :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    for (const std::int64_t at : {0, 18}) {
      const Cache cache(DType::kI8, 2, 1, 19);
      Tensor keys = random_tensor({1, 38}, random);
      const Tensor values = random_tensor({1, 38}, random);
      keys.f32()[19 + at] = none;
      Tensor got({1, 38}), unused({1, 38});
      table().store_cached(bench.context, keys.view(), values.view(), cache.view, 0);
      table().load_cached(bench.context, cache.view, got.view(), unused.view());
      for (std::size_t i = 0; i < 38; ++i) EXPECT_EQ(std::isnan(got.floats()[i]), i >= 19) << i;
    }
  }
}

// A logit, scale * q . k over dim numbers up to 1 and 2, is off by at most (dim + 2) u of the sum
// of magnitudes, 2 dim scale, and by one u more where codes meet their scale at the end; a weight
// is then off by twice that and 3 u of its own, a value up to 2 weighs in with one rounding a key
// in the sum and in the mean, and its weight with one for the scale of codes.
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
      const double codes = dtype == DType::kI8 ? 1 : 0;
      const double logit = (size + 2 + codes) * kUnit * 2 * size * 0.3;
      const double bound = 2 * (2 * logit + (2 * 301 + 12 + codes) * kUnit);
      EXPECT_TRUE(within(got.floats(), expected.floats(), [&](std::size_t) { return bound; }))
          << dtype_name(dtype) << ", head of " << dim;
    }
  }
}

// What codes cost. Key j is off by at most half its scale s_j in every number, so its logit by e_j
// = scale sum_d |q_d| s_j / 2, at most E; weights change by a factor between exp(-2 E) and exp(2
// E), and together by no more than exp(2 E) - 1. The weights that are used sum to one, so values
// off by half their scales t_j move the result by max t_j / 2 at most:
//   |got - exact| <= (exp(2 E) - 1) max |v| + max t_j / 2, and what floats round, as above.
// Rows of very different sizes: a scale of another position would not pass.
TEST_P(CachedAttention, StaysWithinHalfAStepOfCodesThroughTheSoftmax) {
  for (const std::int64_t dim : {1, 7, 16, 64, 128, 250}) {
    const Cache codes(DType::kI8, 2, 77, dim);
    const Cache exact(DType::kF32, 2, 77, dim);
    Tensor keys = random_tensor({77, 2 * dim}, random, -2, 2);
    Tensor values = random_tensor({77, 2 * dim}, random, -2, 2);
    for (std::int64_t row = 0; row < 77; ++row) {
      const auto size = static_cast<float>(std::exp2(-static_cast<double>(row * 5 % 7)));
      for (float& x : keys.view().row_range(row, 1).floats()) x *= size;
      for (float& x : values.view().row_range(row, 1).floats()) x *= size;
    }
    table().store_cached(bench.context, keys.view(), values.view(), codes.view, 0);
    reference().store_cached(bench.context, keys.view(), values.view(), exact.view, 0);
    const Tensor q = random_tensor({4, 2 * dim}, random);
    const float scale = 1 / std::sqrt(static_cast<float>(dim));
    Tensor got({4, 2 * dim}), expected({4, 2 * dim});
    std::vector<CachedQuery> over_codes, over_floats;
    for (const std::int64_t length : {1, 2, 17, 77}) {
      const auto begin = std::ssize(over_codes) * 2 * dim;
      over_codes.push_back({q.f32() + begin, codes.view, length, got.f32() + begin});
      over_floats.push_back({q.f32() + begin, exact.view, length, expected.f32() + begin});
    }
    table().attend_cached(bench.context, over_codes, scale);
    reference().attend_cached(bench.context, over_floats, scale);
    const auto bound = [&](std::size_t i) {
      const auto query = static_cast<std::int64_t>(i) / (2 * dim);
      const auto head = static_cast<std::int64_t>(i) % (2 * dim) / dim;
      double sum = 0;
      for (std::int64_t d = 0; d < dim; ++d) {
        sum += static_cast<double>(std::fabs(q.f32()[query * 2 * dim + head * dim + d]));
      }
      double logit = 0, step = 0, value = 0;
      for (std::int64_t j = 0; j < over_codes[static_cast<std::size_t>(query)].keys; ++j) {
        const auto of = [&](const Tensor& scales) {
          return static_cast<double>(scales.f32()[head * 77 + j]);
        };
        logit = std::max(logit, static_cast<double>(scale) * sum * of(codes.key_scales) / 2);
        step = std::max(step, of(codes.value_scales) / 2);
        value = std::max(value, 127 * of(codes.value_scales));
      }
      const auto size = static_cast<double>(dim);
      const double floats = 2 * (2 * (size + 3) * 2 * size / std::sqrt(size) + 2 * 77 + 13) * kUnit;
      return (std::exp(2 * logit) - 1) * value + step + floats;
    };
    EXPECT_TRUE(within(got.floats(), expected.floats(), bound)) << dim;
    EXPECT_FALSE(same_bits(got.floats(), expected.floats())) << dim;
  }
}

TEST_P(CachedAttention, GivesASequenceTheSameBitsWhateverIsBesideItAndForAnyNumberOfThreads) {
  Workbench alone(1);
  Workbench many(5);
  for (const DType dtype : {DType::kF16, DType::kI8}) {
    const Cache cache(dtype, 4, 900, 64);
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
      EXPECT_TRUE(same_bits(single.floats(), row.floats())) << dtype_name(dtype) << ", " << i;
    }
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
