// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "compute/kernels/reference/operations.h"

namespace lectio::kernels::scalar {
namespace {

constexpr float kLargestHalf = 65504.0F;

// A number of a cache's keys or values.
float read(const CacheView& cache, const void* numbers, std::int64_t index) {
  if (cache.dtype == DType::kF32) return static_cast<const float*>(numbers)[index];
  return half_to_float(static_cast<const std::uint16_t*>(numbers)[index]);
}

void write(const CacheView& cache, void* numbers, std::int64_t index, float value) {
  if (cache.dtype == DType::kF32) {
    static_cast<float*>(numbers)[index] = value;
    return;
  }
  if (value > kLargestHalf) value = kLargestHalf;  // NaN stays
  if (value < -kLargestHalf) value = -kLargestHalf;
  static_cast<std::uint16_t*>(numbers)[index] = float_to_half(value);
}

std::int64_t place(const CacheView& cache, std::int64_t head, std::int64_t position) {
  return (head * cache.capacity + position) * cache.head_dim;
}

void attend(const CachedQuery& query, float scale, std::int64_t head, double* logits) {
  const CacheView& cache = query.cache;
  const float* const q = query.q + head * cache.head_dim;
  for (std::int64_t j = 0; j < query.keys; ++j) {
    double sum = 0;
    for (std::int64_t d = 0; d < cache.head_dim; ++d) {
      sum += static_cast<double>(q[d]) *
             static_cast<double>(read(cache, cache.keys, place(cache, head, j) + d));
    }
    logits[j] = static_cast<double>(scale) * sum;
  }
  const double highest = *std::max_element(logits, logits + query.keys);
  double total = 0;
  for (std::int64_t j = 0; j < query.keys; ++j) total += logits[j] = std::exp(logits[j] - highest);
  for (std::int64_t d = 0; d < cache.head_dim; ++d) {
    double sum = 0;
    for (std::int64_t j = 0; j < query.keys; ++j) {
      sum += logits[j] * static_cast<double>(read(cache, cache.values, place(cache, head, j) + d));
    }
    query.out[head * cache.head_dim + d] = static_cast<float>(sum / total);
  }
}

}  // namespace

void attend_cached(Context& context, std::span<const CachedQuery> queries, float scale) {
  for (const CachedQuery& query : queries) {
    LECTIO_CHECK(query.keys > 0 && query.keys <= query.cache.capacity, std::to_string(query.keys));
    ScratchScope scratch(context.scratch);
    auto* const logits = static_cast<double*>(scratch.make({query.keys}, DType::kF64).data);
    for (std::int64_t head = 0; head < query.cache.heads; ++head) {
      attend(query, scale, head, logits);
    }
  }
}

void store_cached(Context& /*context*/, TensorView keys, TensorView values, const CacheView& cache,
                  std::int64_t begin) {
  const std::int64_t width = cache.width();
  LECTIO_CHECK(keys.columns() == width && values.shape == keys.shape, keys.shape.to_string());
  LECTIO_CHECK(begin >= 0 && begin + keys.rows() <= cache.capacity, std::to_string(begin));
  for (std::int64_t row = 0; row < keys.rows(); ++row) {
    for (std::int64_t i = 0; i < width; ++i) {
      const std::int64_t to = place(cache, i / cache.head_dim, begin + row) + i % cache.head_dim;
      write(cache, cache.keys, to, keys.f32()[row * width + i]);
      write(cache, cache.values, to, values.f32()[row * width + i]);
    }
  }
}

void load_cached(Context& /*context*/, const CacheView& cache, TensorView keys, TensorView values) {
  const std::int64_t width = cache.width();
  LECTIO_CHECK(keys.columns() == width && values.shape == keys.shape, keys.shape.to_string());
  LECTIO_CHECK(keys.rows() <= cache.capacity, keys.shape.to_string());
  for (std::int64_t row = 0; row < keys.rows(); ++row) {
    for (std::int64_t i = 0; i < width; ++i) {
      const std::int64_t from = place(cache, i / cache.head_dim, row) + i % cache.head_dim;
      keys.f32()[row * width + i] = read(cache, cache.keys, from);
      values.f32()[row * width + i] = read(cache, cache.values, from);
    }
  }
}

}  // namespace lectio::kernels::scalar
