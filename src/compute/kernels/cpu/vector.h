// SPDX-License-Identifier: Apache-2.0
// One vector of floats under one set of names, for the *_isa.cpp files alone. Everything is in an
// unnamed namespace: each object file keeps its own copies, compiled with its own flags.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace {  // NOLINT(google-build-namespaces): on purpose, see above

// GCC's sanitizers see no masked access: in their builds the numbers under a mask are read, or
// written back as they are, one by one as well.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
template <typename Number>
inline void show_read(const Number* p, std::uint32_t lanes) {
  for (; lanes != 0; lanes &= lanes - 1) {
    static_cast<void>(static_cast<const volatile Number*>(p)[__builtin_ctz(lanes)]);
  }
}
template <typename Number>
inline void show_write(Number* p, std::uint32_t lanes) {
  for (; lanes != 0; lanes &= lanes - 1) {
    volatile Number& number = p[__builtin_ctz(lanes)];
    number = number;
  }
}
#else
inline void show_read(const void*, std::uint32_t) {}
inline void show_write(const void*, std::uint32_t) {}
#endif

#if defined(__AVX512F__)

using Vec = __m512;
using Lanes = __mmask16;
constexpr std::int64_t kWidth = 16;
constexpr int kPanelVectors =
    4;  // 6 x 4 accumulators, 4 panel vectors and 1 broadcast: 29 of 32 registers
constexpr int kTileRows = 6;

inline Vec zero() { return _mm512_setzero_ps(); }
inline Vec all(float x) { return _mm512_set1_ps(x); }
inline Vec load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, Vec x) { _mm512_storeu_ps(p, x); }
inline Lanes first(std::int64_t count) {
  return static_cast<Lanes>((1U << count) - 1U);
}  // 0 <= count <= kWidth
inline Vec load(const float* p, Lanes lanes) {
  show_read(p, lanes);
  return _mm512_maskz_loadu_ps(lanes, p);
}
inline void store(float* p, Vec x, Lanes lanes) {
  show_write(p, lanes);
  _mm512_mask_storeu_ps(p, lanes, x);
}
inline Vec select(Lanes lanes, Vec yes, Vec no) { return _mm512_mask_blend_ps(lanes, no, yes); }

inline Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
inline Vec sub(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
inline Vec mul(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
inline Vec div(Vec a, Vec b) { return _mm512_div_ps(a, b); }
inline Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }         // a b + c
inline Vec minus_fma(Vec a, Vec b, Vec c) { return _mm512_fnmadd_ps(a, b, c); }  // c - a b
inline Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }  // b where either is NaN
inline Vec min(Vec a, Vec b) { return _mm512_min_ps(a, b); }  // b where either is NaN
inline Vec magnitude(Vec a) { return _mm512_abs_ps(a); }
inline Vec round(Vec a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline Lanes has_bit(Vec whole, int bit) {  // of whole numbers below 2^31
  return _mm512_test_epi32_mask(_mm512_cvtps_epi32(whole), _mm512_set1_epi32(bit));
}
// x * 2^n for a whole n in [-126, 127]
inline Vec times_power_of_two(Vec x, Vec n) { return _mm512_scalef_ps(x, n); }

inline Vec load_bf16(const std::uint16_t* p) {
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
inline Vec load_f16(const std::uint16_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline Vec load_i8(const std::int8_t* p) {
  return _mm512_cvtepi32_ps(
      _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}

inline float first_of(Vec x) { return _mm512_cvtss_f32(x); }
inline float sum_of(Vec x) { return _mm512_reduce_add_ps(x); }
// The sums of four vectors, in order.
inline __m128 sums_of(Vec a, Vec b, Vec c, Vec d) {
  const auto fold = [](Vec x) {
    return _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1));
  };
  const __m256 sums =
      _mm256_hadd_ps(_mm256_hadd_ps(fold(a), fold(b)), _mm256_hadd_ps(fold(c), fold(d)));
  return _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
}
inline float max_of(Vec x) { return _mm512_reduce_max_ps(x); }

// rows[i][j] and rows[j][i] change places.
inline void transpose(Vec (&rows)[kWidth]) {
  Vec t[kWidth];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 4) {
    rows[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
    rows[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xEE);
    rows[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    rows[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xEE);
  }
  // Quarter q of rows[4 g + j] now holds column 4 q + j of rows 4 g to 4 g + 3.
#pragma GCC unroll 8
  for (int j = 0; j < 4; ++j) {
    const Vec even_low = _mm512_shuffle_f32x4(rows[j], rows[4 + j], 0x88);
    const Vec odd_low = _mm512_shuffle_f32x4(rows[j], rows[4 + j], 0xDD);
    const Vec even_high = _mm512_shuffle_f32x4(rows[8 + j], rows[12 + j], 0x88);
    const Vec odd_high = _mm512_shuffle_f32x4(rows[8 + j], rows[12 + j], 0xDD);
    rows[j] = _mm512_shuffle_f32x4(even_low, even_high, 0x88);
    rows[4 + j] = _mm512_shuffle_f32x4(odd_low, odd_high, 0x88);
    rows[8 + j] = _mm512_shuffle_f32x4(even_low, even_high, 0xDD);
    rows[12 + j] = _mm512_shuffle_f32x4(odd_low, odd_high, 0xDD);
  }
}

#else

using Vec = __m256;
using Lanes = __m256i;
constexpr std::int64_t kWidth = 8;
constexpr int kPanelVectors =
    2;  // 6 x 2 accumulators, 2 panel vectors and 1 broadcast: 15 of 16 registers
constexpr int kTileRows = 6;

inline Vec zero() { return _mm256_setzero_ps(); }
inline Vec all(float x) { return _mm256_set1_ps(x); }
inline Vec load(const float* p) { return _mm256_loadu_ps(p); }
inline void store(float* p, Vec x) { _mm256_storeu_ps(p, x); }
inline Lanes first(std::int64_t count) {  // 0 <= count <= kWidth
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline std::uint32_t bits_of(Lanes lanes) {
  return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(lanes)));
}
inline Vec load(const float* p, Lanes lanes) {
  show_read(p, bits_of(lanes));
  return _mm256_maskload_ps(p, lanes);
}
inline void store(float* p, Vec x, Lanes lanes) {
  show_write(p, bits_of(lanes));
  _mm256_maskstore_ps(p, lanes, x);
}
inline Vec select(Lanes lanes, Vec yes, Vec no) {
  return _mm256_blendv_ps(no, yes, _mm256_castsi256_ps(lanes));
}

inline Vec add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
inline Vec sub(Vec a, Vec b) { return _mm256_sub_ps(a, b); }
inline Vec mul(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
inline Vec div(Vec a, Vec b) { return _mm256_div_ps(a, b); }
inline Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }         // a b + c
inline Vec minus_fma(Vec a, Vec b, Vec c) { return _mm256_fnmadd_ps(a, b, c); }  // c - a b
inline Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }  // b where either is NaN
inline Vec min(Vec a, Vec b) { return _mm256_min_ps(a, b); }  // b where either is NaN
inline Vec magnitude(Vec a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a); }
inline Vec round(Vec a) {
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline Lanes has_bit(Vec whole, int bit) {  // of whole numbers below 2^31
  const __m256i bits = _mm256_set1_epi32(bit);
  return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_cvtps_epi32(whole), bits), bits);
}
// x * 2^n for a whole n in [-126, 127]
inline Vec times_power_of_two(Vec x, Vec n) {
  const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  return _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
}

inline Vec load_bf16(const std::uint16_t* p) {
  const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}
inline Vec load_f16(const std::uint16_t* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline Vec load_i8(const std::int8_t* p) {
  return _mm256_cvtepi32_ps(
      _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}

inline float first_of(Vec x) { return _mm256_cvtss_f32(x); }
inline float sum_of(Vec x) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}
// The sums of four vectors, in order.
inline __m128 sums_of(Vec a, Vec b, Vec c, Vec d) {
  const __m256 sums = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  return _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
}
inline float max_of(Vec x) {
  __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  half = _mm_max_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

// rows[i][j] and rows[j][i] change places.
inline void transpose(Vec (&rows)[kWidth]) {
  Vec t[kWidth];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; i += 4) {
    rows[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    rows[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xEE);
    rows[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    rows[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xEE);
  }
  // Half h of rows[4 g + j] now holds column 4 h + j of rows 4 g to 4 g + 3.
#pragma GCC unroll 8
  for (int j = 0; j < 4; ++j) {
    const Vec low = _mm256_permute2f128_ps(rows[j], rows[4 + j], 0x20);
    rows[4 + j] = _mm256_permute2f128_ps(rows[j], rows[4 + j], 0x31);
    rows[j] = low;
  }
}

#endif

constexpr std::int64_t kPanel = kPanelVectors * kWidth;

inline std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

}  // namespace
