// SPDX-License-Identifier: Apache-2.0
// Vectors of 16-bit codes and exact sums of their products, for the *_isa.cpp files alone.
#pragma once

#include "compute/kernels/cpu/vector.h"

namespace {  // NOLINT(google-build-namespaces): see vector.h

// kCodeLanes numbers of 16 bits, or kWidth of 32.
constexpr std::int64_t kCodeLanes = 2 * kWidth;

#if defined(__AVX512F__)

using Codes = __m512i;

inline Codes zero_codes() { return _mm512_setzero_si512(); }
inline Codes all_codes(int x) { return _mm512_set1_epi16(static_cast<std::int16_t>(x)); }
inline Codes load_codes(const void* p) { return _mm512_loadu_si512(p); }
inline void store_codes(void* p, Codes x) { _mm512_storeu_si512(p, x); }
inline Codes and_codes(Codes a, Codes b) { return _mm512_and_si512(a, b); }
template <int kBits>
inline Codes shift_right(Codes a) {  // unsigned
  return _mm512_srli_epi16(a, kBits);
}
// sum[i] + a[2 i] b[2 i] + a[2 i + 1] b[2 i + 1], in 32 bits.
inline Codes add_products(Codes sum, Codes a, Codes b) {
#if defined(__AVX512VNNI__)
  return _mm512_dpwssd_epi32(sum, a, b);
#else
  return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
#endif
}
inline Vec floats_of(Codes sums) { return _mm512_cvtepi32_ps(sums); }
// round(x * factor) for the numbers at x, kWidth of them, whose results have 16 bits.
inline void store_rounded(std::int16_t* to, Vec x, Vec factor) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                      _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(_mm512_mul_ps(x, factor))));
}

#else

using Codes = __m256i;

inline Codes zero_codes() { return _mm256_setzero_si256(); }
inline Codes all_codes(int x) { return _mm256_set1_epi16(static_cast<std::int16_t>(x)); }
inline Codes load_codes(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
inline void store_codes(void* p, Codes x) { _mm256_storeu_si256(static_cast<__m256i*>(p), x); }
inline Codes and_codes(Codes a, Codes b) { return _mm256_and_si256(a, b); }
template <int kBits>
inline Codes shift_right(Codes a) {  // unsigned
  return _mm256_srli_epi16(a, kBits);
}
// sum[i] + a[2 i] b[2 i] + a[2 i + 1] b[2 i + 1], in 32 bits.
inline Codes add_products(Codes sum, Codes a, Codes b) {
  return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
}
inline Vec floats_of(Codes sums) { return _mm256_cvtepi32_ps(sums); }
// The two numbers at x in every lane of 32 bits.
inline Codes all_pairs(const std::int16_t* x) {
  std::int32_t pair = 0;
  __builtin_memcpy(&pair, x, sizeof(pair));
  return _mm256_set1_epi32(pair);
}
// round(x * factor) for the numbers at x, kWidth of them, whose results have 16 bits.
inline void store_rounded(std::int16_t* to, Vec x, Vec factor) {
  const __m256i wide = _mm256_cvtps_epi32(_mm256_mul_ps(x, factor));
  const __m128i narrow =
      _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), narrow);
}

#endif

// A row of activations as whole numbers: code_scale(largest) times round(x * code_factor(largest)),
// with its largest magnitude, which is NaN if a number is not finite. Rows too small for their
// scale to have an inverse count as zero.
constexpr float kSmallest = 1e-30F;
constexpr float kLargestOf16 = 32767.0F;
inline float code_factor(float largest) {
  return largest < kSmallest ? 0.0F : kLargestOf16 / largest;
}
inline float code_scale(float largest) {
  return largest < kSmallest ? 0.0F : largest / kLargestOf16;
}
inline float largest_magnitude(const float* x, std::int64_t count) {
  Vec top = zero();
  Vec check = zero();  // becomes NaN with the first number that is not finite
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    const Vec v = load(x + i);
    top = max(magnitude(v), top);
    check = fma(v, zero(), check);
  }
  if (i < count) {
    const Vec v = load(x + i, first(count - i));
    top = max(magnitude(v), top);
    check = fma(v, zero(), check);
  }
  return max_of(top) + sum_of(check);
}

inline __m128i load_16_bytes(const std::uint8_t* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
inline std::int16_t load_half(const std::uint8_t* p) {
  std::int16_t bits = 0;
  __builtin_memcpy(&bits, p, sizeof(bits));
  return bits;
}

}  // namespace
