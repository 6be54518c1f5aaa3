// SPDX-License-Identifier: Apache-2.0
// One query of one head over the keys and values of a cache, which lie one position behind the
// other: both are read once, in order, at the speed of memory.
#include "compute/kernels/cpu/codes.h"
#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/cpu/parts.h"
#include "compute/kernels/cpu/vector.h"
#include "compute/kernels/cpu/weights.h"

namespace lectio::kernels::LECTIO_ISA {
namespace {

// Vectors of a head that stay in registers; longer heads come in several parts.
constexpr int kMaxVectors = 8;
constexpr int kKeysAtATime = 4;  // whose products are added up across the lanes together
constexpr std::int64_t kAhead = 4096;

// Part of a head: numbers [begin, begin + kVectors * kWidth), or fewer than kWidth at the end.
struct Part {
  std::int64_t begin;
  std::int64_t tail;  // 0: whole vectors
};

template <Format kFormat>
inline Vec load_part(const std::uint8_t* row, const Part& part, int v) {
  const std::int64_t at = part.begin + v * kWidth;
  return part.tail == 0 ? load_weights<kFormat>(row, at)
                        : load_last_weights<kFormat>(row, at, part.tail);
}

template <Format kFormat>
inline void prefetch_row(const std::uint8_t* row, const Part& part, std::int64_t vectors) {
  const std::uint8_t* const begin = row + bytes_of<kFormat>(part.begin) + kAhead;
  for (std::int64_t i = 0; i < bytes_of<kFormat>(vectors * kWidth); i += 64) {
    _mm_prefetch(reinterpret_cast<const char*>(begin) + i, _MM_HINT_T0);
  }
}

// scores[j] (+)= q . keys[j] over the part.
template <Format kFormat, int kVectors>
void add_scores(const CachedHead& h, const Part& part) {
  const auto* const q = reinterpret_cast<const std::uint8_t*>(h.q);
  Vec left[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) left[v] = load_part<Format::kF32>(q, part, v);
  const std::int64_t stride = bytes_of<kFormat>(h.dim);
  const auto* row = static_cast<const std::uint8_t*>(h.keys);
  const auto product = [&](const std::uint8_t* key) {
    Vec even = zero();
    Vec odd = zero();
#pragma GCC unroll 4
    for (int v = 0; v + 1 < kVectors; v += 2) {
      even = fma(left[v], load_part<kFormat>(key, part, v), even);
      odd = fma(left[v + 1], load_part<kFormat>(key, part, v + 1), odd);
    }
    if constexpr (kVectors % 2 == 1) {
      even = fma(left[kVectors - 1], load_part<kFormat>(key, part, kVectors - 1), even);
    }
    return add(even, odd);
  };
  std::int64_t j = 0;
  for (; j + kKeysAtATime <= h.count; j += kKeysAtATime, row += kKeysAtATime * stride) {
    Vec products[kKeysAtATime];
#pragma GCC unroll 4
    for (int k = 0; k < kKeysAtATime; ++k) {
      prefetch_row<kFormat>(row + k * stride, part, kVectors);
      products[k] = product(row + k * stride);
    }
    __m128 sums = sums_of(products[0], products[1], products[2], products[3]);
    if (part.begin > 0) sums = _mm_add_ps(_mm_loadu_ps(h.scores + j), sums);
    _mm_storeu_ps(h.scores + j, sums);
  }
  for (; j < h.count; ++j, row += stride) {  // in the same order
    const float sum = _mm_cvtss_f32(sums_of(product(row), zero(), zero(), zero()));
    h.scores[j] = part.begin == 0 ? sum : h.scores[j] + sum;
  }
}

// out = factor * sum of scores[j] values[j] over the part.
template <Format kFormat, int kVectors>
void mix_values(const CachedHead& h, const Part& part, float factor) {
  Vec sums[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) sums[v] = zero();
  const std::int64_t stride = bytes_of<kFormat>(h.dim);
  const auto* row = static_cast<const std::uint8_t*>(h.values);
  for (std::int64_t j = 0; j < h.count; ++j, row += stride) {
    prefetch_row<kFormat>(row, part, kVectors);
    const Vec weight = all(h.scores[j]);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      sums[v] = fma(weight, load_part<kFormat>(row, part, v), sums[v]);
    }
  }
  float* const out = h.out + part.begin;
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const Vec result = mul(sums[v], all(factor));
    if (part.tail == 0) {
      store(out + v * kWidth, result);
    } else {
      store(out, result, first(part.tail));
    }
  }
}

// body(vectors as a type, part) for the parts of a head.
template <int kVectors>
struct Vectors {
  static constexpr int kCount = kVectors;
};
template <typename Body>
void for_parts(std::int64_t dim, const Body& body) {
  std::int64_t begin = 0;
  while (begin + kWidth <= dim) {
    const std::int64_t whole = (dim - begin) / kWidth;
    if (whole >= kMaxVectors) {
      body(Vectors<kMaxVectors>{}, Part{begin, 0});
      begin += kMaxVectors * kWidth;
    } else if (whole >= 4) {
      body(Vectors<4>{}, Part{begin, 0});
      begin += 4 * kWidth;
    } else if (whole >= 2) {
      body(Vectors<2>{}, Part{begin, 0});
      begin += 2 * kWidth;
    } else {
      body(Vectors<1>{}, Part{begin, 0});
      begin += kWidth;
    }
  }
  if (begin < dim) body(Vectors<1>{}, Part{begin, dim - begin});
}

template <Format kFormat>
void attend_cached(const CachedHead& h) {
  for_parts(h.dim, [&](auto vectors, const Part& part) {
    add_scores<kFormat, decltype(vectors)::kCount>(h, part);
  });
  if constexpr (kFormat == Format::kI8) multiply_by(h.key_scales, h.count, h.scores);
  const float factor = 1.0F / softmax_weights(h.scores, h.count, h.scores);
  if constexpr (kFormat == Format::kI8) multiply_by(h.value_scales, h.count, h.scores);
  for_parts(h.dim, [&](auto vectors, const Part& part) {
    mix_values<kFormat, decltype(vectors)::kCount>(h, part, factor);
  });
}

inline void store_f16(std::uint16_t* p, Vec x) {
  constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
#if defined(__AVX512F__)
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtps_ph(x, kNearest));
#else
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(x, kNearest));
#endif
}

constexpr float kLargestCode = 127.0F;

// Whole numbers from -127 to 127 as bytes.
inline void store_i8(std::int8_t* p, Vec whole) {
#if defined(__AVX512F__)
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(whole)));
#else
  const __m256i words = _mm256_cvtps_epi32(whole);
  const __m128i halves =
      _mm_packs_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), _mm_packs_epi16(halves, halves));
#endif
}

}  // namespace

const AttendCached kAttendCached[kFloatFormats] = {
    attend_cached<Format::kF32>, attend_cached<Format::kBF16>, attend_cached<Format::kF16>};

void attend_codes(const CachedHead& head) { attend_cached<Format::kI8>(head); }

float narrow_i8(const float* x, std::int64_t count, std::int8_t* y) {
  const float largest = largest_magnitude(x, count);
  // Codes are zero for numbers that are none, too: their scale says it.
  const bool usable = largest >= kSmallest;
  const Vec factor = all(usable ? kLargestCode / largest : 0.0F);
  const auto codes = [&](Vec v) { return usable ? mul(v, factor) : zero(); };
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store_i8(y + i, codes(load(x + i)));
  if (i < count) {
    std::int8_t last[kWidth];
    store_i8(last, codes(load(x + i, first(count - i))));
    __builtin_memcpy(y + i, last, static_cast<std::size_t>(count - i));
  }
  return largest < kSmallest ? 0.0F : largest / kLargestCode;
}

void widen_i8(const std::int8_t* x, std::int64_t count, float scale, float* y) {
  const auto* const row = reinterpret_cast<const std::uint8_t*>(x);
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    store(y + i, mul(load_weights<Format::kI8>(row, i), all(scale)));
  }
  if (i < count) {
    const std::int64_t left = count - i;
    store(y + i, mul(load_last_weights<Format::kI8>(row, i, left), all(scale)), first(left));
  }
}

void narrow_f16(const float* x, std::int64_t count, std::uint16_t* y) {
  const auto narrowed = [](Vec v) { return max(all(-65504.0F), min(all(65504.0F), v)); };
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store_f16(y + i, narrowed(load(x + i)));
  if (i < count) {
    std::uint16_t last[kWidth];
    store_f16(last, narrowed(load(x + i, first(count - i))));
    __builtin_memcpy(y + i, last, static_cast<std::size_t>(2 * (count - i)));
  }
}

}  // namespace lectio::kernels::LECTIO_ISA
