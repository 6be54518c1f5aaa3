// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "compute/kernels/reference/operations.h"

namespace lectio::kernels::scalar {
namespace {

constexpr float kLargestHalf = 65504.0F;

constexpr float kLargestCode = 127.0F;
// Keys and values of magnitudes below this count as zero: their scale has no float as its inverse.
constexpr float kSmallest = 1e-30F;

// A cache's keys or its values.
struct Side {
  const CacheView& cache;
  void* numbers;
  float* scales;

  std::int64_t row(std::int64_t head, std::int64_t position) const {
    return head * cache.capacity + position;
  }
  float read(std::int64_t head, std::int64_t position, std::int64_t d) const;
  void write(std::int64_t head, std::int64_t position, const float* x) const;
};

Side keys_of(const CacheView& cache) { return {cache, cache.keys, cache.key_scales}; }
Side values_of(const CacheView& cache) { return {cache, cache.values, cache.value_scales}; }

float Side::read(std::int64_t head, std::int64_t position, std::int64_t d) const {
  const std::int64_t index = row(head, position) * cache.head_dim + d;
  if (cache.dtype == DType::kF32) return static_cast<const float*>(numbers)[index];
  if (cache.dtype == DType::kI8) {
    return static_cast<float>(static_cast<const std::int8_t*>(numbers)[index]) *
           scales[row(head, position)];
  }
  return half_to_float(static_cast<const std::uint16_t*>(numbers)[index]);
}

// Returns the scale.
float write_codes(const float* x, std::int64_t count, std::int8_t* codes) {
  float largest = 0;
  for (std::int64_t d = 0; d < count; ++d) {
    largest = std::isfinite(x[d]) ? std::max(largest, std::fabs(x[d]))
                                  : std::numeric_limits<float>::quiet_NaN();
    if (std::isnan(largest)) break;
  }
  const bool usable = largest >= kSmallest;  // false for NaN
  const float factor = usable ? kLargestCode / largest : 0;
  for (std::int64_t d = 0; d < count; ++d) {
    codes[d] = usable ? static_cast<std::int8_t>(std::nearbyint(x[d] * factor)) : std::int8_t{0};
  }
  return largest < kSmallest ? 0 : largest / kLargestCode;
}

// x[head_dim], one head's row.
void Side::write(std::int64_t head, std::int64_t position, const float* x) const {
  const std::int64_t begin = row(head, position) * cache.head_dim;
  if (cache.dtype == DType::kI8) {
    scales[row(head, position)] =
        write_codes(x, cache.head_dim, static_cast<std::int8_t*>(numbers) + begin);
    return;
  }
  for (std::int64_t d = 0; d < cache.head_dim; ++d) {
    float value = x[d];
    if (cache.dtype == DType::kF32) {
      static_cast<float*>(numbers)[begin + d] = value;
      continue;
    }
    if (value > kLargestHalf) value = kLargestHalf;  // NaN stays
    if (value < -kLargestHalf) value = -kLargestHalf;
    static_cast<std::uint16_t*>(numbers)[begin + d] = float_to_half(value);
  }
}

void attend(const CachedQuery& query, float scale, std::int64_t head, double* logits) {
  const CacheView& cache = query.cache;
  const float* const q = query.q + head * cache.head_dim;
  for (std::int64_t j = 0; j < query.keys; ++j) {
    double sum = 0;
    for (std::int64_t d = 0; d < cache.head_dim; ++d) {
      sum += static_cast<double>(q[d]) * static_cast<double>(keys_of(cache).read(head, j, d));
    }
    logits[j] = static_cast<double>(scale) * sum;
  }
  const double highest = *std::max_element(logits, logits + query.keys);
  double total = 0;
  for (std::int64_t j = 0; j < query.keys; ++j) total += logits[j] = std::exp(logits[j] - highest);
  for (std::int64_t d = 0; d < cache.head_dim; ++d) {
    double sum = 0;
    for (std::int64_t j = 0; j < query.keys; ++j) {
      sum += logits[j] * static_cast<double>(values_of(cache).read(head, j, d));
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
    for (std::int64_t head = 0; head < cache.heads; ++head) {
      const std::int64_t from = row * width + head * cache.head_dim;
      keys_of(cache).write(head, begin + row, keys.f32() + from);
      values_of(cache).write(head, begin + row, values.f32() + from);
    }
  }
}

void load_cached(Context& /*context*/, const CacheView& cache, TensorView keys, TensorView values) {
  const std::int64_t width = cache.width();
  LECTIO_CHECK(keys.columns() == width && values.shape == keys.shape, keys.shape.to_string());
  LECTIO_CHECK(keys.rows() <= cache.capacity, keys.shape.to_string());
  for (std::int64_t row = 0; row < keys.rows(); ++row) {
    for (std::int64_t i = 0; i < width; ++i) {
      const std::int64_t head = i / cache.head_dim;
      const std::int64_t d = i % cache.head_dim;
      keys.f32()[row * width + i] = keys_of(cache).read(head, row, d);
      values.f32()[row * width + i] = values_of(cache).read(head, row, d);
    }
  }
}

}  // namespace lectio::kernels::scalar
