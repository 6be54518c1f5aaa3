// SPDX-License-Identifier: Apache-2.0
// The keys and values of decoded positions: stored, loaded back, and attended to by one new row of
// each of several sequences.
#include <algorithm>
#include <cstring>
#include <string>

#include "base/check.h"
#include "compute/kernels/cpu/operations.h"
#include "compute/kernels/cpu/work.h"

namespace lectio::kernels::cpu {
namespace {

void check(const CacheView& cache) {
  LECTIO_CHECK(cache.dtype == DType::kF32 || cache.dtype == DType::kF16 ||
                   (cache.dtype == DType::kI8 && cache.key_scales && cache.value_scales),
               dtype_name(cache.dtype));
}

void check(const CacheView& cache, TensorView keys, TensorView values) {
  check(cache);
  LECTIO_CHECK(keys.columns() == cache.width() && values.shape == keys.shape,
               keys.shape.to_string());
}

std::byte* at(void* numbers, const CacheView& cache, std::int64_t head, std::int64_t position) {
  const std::int64_t index = (head * cache.capacity + position) * cache.head_dim;
  return static_cast<std::byte*>(numbers) + row_bytes(cache.dtype, index);
}

// The scale of a head's position; null where there are no codes.
float* scale_at(float* scales, const CacheView& cache, std::int64_t head, std::int64_t position) {
  return cache.dtype == DType::kI8 ? scales + head * cache.capacity + position : nullptr;
}

double bytes_of(const CachedQuery& query) {
  const CacheView& cache = query.cache;
  const std::int64_t scales = cache.dtype == DType::kI8 ? row_bytes(DType::kF32, cache.heads) : 0;
  return 2 * static_cast<double>(query.keys * (row_bytes(cache.dtype, cache.width()) + scales));
}

}  // namespace

void attend_cached(const Isa& isa, Context& context, std::span<const CachedQuery> queries,
                   float scale) {
  if (queries.empty()) return;
  std::int64_t most = 0;
  double bytes = 0;
  for (const CachedQuery& query : queries) {
    const CacheView& cache = query.cache;
    check(cache);
    LECTIO_CHECK(query.keys > 0 && query.keys <= cache.capacity &&
                     cache.heads == queries[0].cache.heads &&
                     cache.head_dim == queries[0].cache.head_dim,
                 std::to_string(query.keys) + " of " + std::to_string(cache.capacity));
    most = std::max(most, query.keys);
    bytes += bytes_of(query);
  }
  const std::int64_t heads = queries[0].cache.heads;
  const std::int64_t dim = queries[0].cache.head_dim;
  const std::int64_t room = round_up(most + dim, 16);
  ScratchScope scope(context.scratch);
  float* const memory = scope.make({slots(context), room}).f32();
  const auto body = [&](std::int64_t slot, std::int64_t task) {
    const CachedQuery& query = queries[static_cast<std::size_t>(task / heads)];
    const CacheView& cache = query.cache;
    const std::int64_t head = task % heads;
    float* const scores = memory + slot * room;
    float* const q = scores + query.keys;
    isa.scale_rows(query.q + head * dim, dim, 1, dim, scale, q, dim);
    const AttendCached attend = cache.dtype == DType::kI8
                                    ? isa.attend_codes
                                    : isa.attend_cached[static_cast<int>(format_of(cache.dtype))];
    attend({.q = q,
            .keys = at(cache.keys, cache, head, 0),
            .values = at(cache.values, cache, head, 0),
            .key_scales = scale_at(cache.key_scales, cache, head, 0),
            .value_scales = scale_at(cache.value_scales, cache, head, 0),
            .count = query.keys,
            .dim = dim,
            .scores = scores,
            .out = query.out + head * dim});
  };
  share_tasks(context, std::ssize(queries) * heads, bytes / kBytesPerNs, body);
}

void store_cached(const Isa& isa, Context& context, TensorView keys, TensorView values,
                  const CacheView& cache, std::int64_t begin) {
  check(cache, keys, values);
  LECTIO_CHECK(begin >= 0 && begin + keys.rows() <= cache.capacity,
               std::to_string(begin) + " + " + std::to_string(keys.rows()));
  const std::int64_t dim = cache.head_dim;
  const auto store = [&](const float* from, void* numbers, float* scales, std::int64_t head,
                         std::int64_t position) {
    std::byte* const to = at(numbers, cache, head, position);
    if (cache.dtype == DType::kF32) {
      std::memcpy(to, from, static_cast<std::size_t>(row_bytes(DType::kF32, dim)));
    } else if (cache.dtype == DType::kF16) {
      isa.narrow_f16(from, dim, reinterpret_cast<std::uint16_t*>(to));
    } else {
      *scale_at(scales, cache, head, position) =
          isa.narrow_i8(from, dim, reinterpret_cast<std::int8_t*>(to));
    }
  };
  const auto body = [&, k = keys.f32(), v = values.f32()](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      for (std::int64_t head = 0; head < cache.heads; ++head) {
        const std::int64_t from = row * cache.width() + head * dim;
        store(k + from, cache.keys, cache.key_scales, head, begin + row);
        store(v + from, cache.values, cache.value_scales, head, begin + row);
      }
    }
  };
  share(context, keys.rows(), 1, static_cast<double>(16 * keys.shape.elements()) / kBytesPerNs,
        body);
}

void load_cached(const Isa& isa, Context& context, const CacheView& cache, TensorView keys,
                 TensorView values) {
  check(cache, keys, values);
  LECTIO_CHECK(keys.rows() <= cache.capacity, keys.shape.to_string());
  const std::int64_t dim = cache.head_dim;
  const auto load = [&](void* numbers, float* scales, std::int64_t head, std::int64_t position,
                        float* to) {
    const std::byte* const from = at(numbers, cache, head, position);
    if (cache.dtype == DType::kI8) {
      isa.widen_i8(reinterpret_cast<const std::int8_t*>(from), dim,
                   *scale_at(scales, cache, head, position), to);
    } else {
      isa.convert[static_cast<int>(format_of(cache.dtype))](from, dim, to);
    }
  };
  const auto body = [&, k = keys.f32(), v = values.f32()](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      for (std::int64_t head = 0; head < cache.heads; ++head) {
        const std::int64_t to = row * cache.width() + head * dim;
        load(cache.keys, cache.key_scales, head, row, k + to);
        load(cache.values, cache.value_scales, head, row, v + to);
      }
    }
  };
  share(context, keys.rows(), 1, static_cast<double>(16 * keys.shape.elements()) / kBytesPerNs,
        body);
}

}  // namespace lectio::kernels::cpu
