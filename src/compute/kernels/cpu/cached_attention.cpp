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
  LECTIO_CHECK(cache.dtype == DType::kF32 || cache.dtype == DType::kF16, dtype_name(cache.dtype));
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
    bytes += 2 * static_cast<double>(row_bytes(cache.dtype, query.keys * cache.width()));
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
    isa.attend_cached[static_cast<int>(format_of(cache.dtype))](
        {.q = q,
         .keys = at(cache.keys, cache, head, 0),
         .values = at(cache.values, cache, head, 0),
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
  const auto store = [&](const float* from, std::byte* to) {
    if (cache.dtype == DType::kF32) {
      std::memcpy(to, from, static_cast<std::size_t>(row_bytes(DType::kF32, dim)));
    } else {
      isa.narrow_f16(from, dim, reinterpret_cast<std::uint16_t*>(to));
    }
  };
  const auto body = [&, k = keys.f32(), v = values.f32()](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      for (std::int64_t head = 0; head < cache.heads; ++head) {
        const std::int64_t from = row * cache.width() + head * dim;
        store(k + from, at(cache.keys, cache, head, begin + row));
        store(v + from, at(cache.values, cache, head, begin + row));
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
  const Convert convert = isa.convert[static_cast<int>(format_of(cache.dtype))];
  const auto body = [&, k = keys.f32(), v = values.f32()](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      for (std::int64_t head = 0; head < cache.heads; ++head) {
        const std::int64_t to = row * cache.width() + head * dim;
        convert(at(cache.keys, cache, head, row), dim, k + to);
        convert(at(cache.values, cache, head, row), dim, v + to);
      }
    }
  };
  share(context, keys.rows(), 1, static_cast<double>(16 * keys.shape.elements()) / kBytesPerNs,
        body);
}

}  // namespace lectio::kernels::cpu
