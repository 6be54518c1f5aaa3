// SPDX-License-Identifier: Apache-2.0
// How the block formats (compute/tensor/blocks.h) come out of memory as vectors of codes, for
// codes_isa.cpp alone. A format takes `kNumbers` numbers a step, and gives of them
//   codes    kCodes vectors; lane w of vector c is the code of number source(c, w) of the step
//   scale    what the sum over the lanes 2 i, 2 i + 1 of all vectors times the activations counts
//   minimum  (kHasMinimum) what the sum of run i of 32 activations counts
// with kOffset to be added to every code first, and the scale then exact but for one rounding.
#pragma once

#include "compute/kernels/cpu/codes.h"

namespace {  // NOLINT(google-build-namespaces): see vector.h

struct Q8Codes {
  static constexpr std::int64_t kBlocks = kCodeLanes / 16;
  static constexpr std::int64_t kNumbers = 32 * kBlocks;
  static constexpr std::int64_t kBytes = 34 * kBlocks;
  static constexpr int kCodes = 2;
  static constexpr int kOffset = 0;
  static constexpr bool kHasMinimum = false;
  static constexpr std::int64_t source(std::int64_t c, std::int64_t w) {
    return w / 16 * 32 + 16 * c + w % 16;
  }

  static void unpack(const std::uint8_t* step, Codes (&codes)[kCodes], Vec& scale,
                     Vec& /*minimum*/) {
#if defined(__AVX512F__)
    for (int c = 0; c < kCodes; ++c) {
      const __m256i bytes =
          _mm256_inserti128_si256(_mm256_castsi128_si256(load_16_bytes(step + 2 + 16 * c)),
                                  load_16_bytes(step + 36 + 16 * c), 1);
      codes[c] = _mm512_cvtepi8_epi16(bytes);
    }
    scale = _mm512_cvtph_ps(
        _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_set1_epi16(load_half(step))),
                                _mm_set1_epi16(load_half(step + 34)), 1));
#else
    for (int c = 0; c < kCodes; ++c) {
      codes[c] = _mm256_cvtepi8_epi16(load_16_bytes(step + 2 + 16 * c));
    }
    scale = _mm256_cvtph_ps(_mm_set1_epi16(load_half(step)));
#endif
  }
};

// The four halves of a 16-bit word: vector 0 the lowest bits.
inline void split_nibbles(Codes words, Codes (&codes)[4]) {
  const Codes low = all_codes(0x000F);
  codes[0] = and_codes(words, low);
  codes[1] = and_codes(shift_right<4>(words), low);
  codes[2] = and_codes(shift_right<8>(words), low);
  codes[3] = shift_right<12>(words);
}

// The low four bits, and the factors, of Q4_0, Q5_0 and Q5_1: blocks of kBlockBytes, 16 bytes of
// codes at the end. Byte i has number i low and number i + 16 high, so that word i has the numbers
// 2 i, 2 i
// + 16, 2 i + 1 and 2 i + 17.
template <std::int64_t kBlockBytes>
struct NibbleBlocks {
  static constexpr std::int64_t kBlocks = kCodeLanes / 8;
  static constexpr std::int64_t kNumbers = 32 * kBlocks;
  static constexpr std::int64_t kBytes = kBlockBytes * kBlocks;
  static constexpr int kCodes = 4;
  static constexpr std::int64_t source(std::int64_t c, std::int64_t w) {
    return w / 8 * 32 + w % 8 * 2 + c % 2 * 16 + c / 2;
  }

  static Codes words_of(const std::uint8_t* step) {
    const std::uint8_t* const last = step + kBlockBytes - 16;
#if defined(__AVX512F__)
    __m512i words = _mm512_castsi128_si512(load_16_bytes(last));
    words = _mm512_inserti64x2(words, load_16_bytes(last + kBlockBytes), 1);
    words = _mm512_inserti64x2(words, load_16_bytes(last + 2 * kBlockBytes), 2);
    return _mm512_inserti64x2(words, load_16_bytes(last + 3 * kBlockBytes), 3);
#else
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load_16_bytes(last)),
                                   load_16_bytes(last + kBlockBytes), 1);
#endif
  }
#if defined(__AVX512F__)
  // The half at `at` of each of the four blocks, lane by lane, and zeros.
  static __m512 halves_of(const std::uint8_t* at) {
    __m128i halves = _mm_cvtsi32_si128(static_cast<std::uint16_t>(load_half(at)));
    halves = _mm_insert_epi16(halves, load_half(at + kBlockBytes), 1);
    halves = _mm_insert_epi16(halves, load_half(at + 2 * kBlockBytes), 2);
    halves = _mm_insert_epi16(halves, load_half(at + 3 * kBlockBytes), 3);
    return _mm512_insertf32x4(_mm512_setzero_ps(), _mm_cvtph_ps(halves), 0);
  }
#endif
  // Four lanes for each block.
  static Vec scale_of(const std::uint8_t* step) {
#if defined(__AVX512F__)
    const __m512i block = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return _mm512_permutexvar_ps(block, halves_of(step));
#else
    const __m128i first = _mm_set1_epi16(load_half(step));
    const __m128i second = _mm_set1_epi16(load_half(step + kBlockBytes));
    return _mm256_cvtph_ps(_mm_unpacklo_epi64(first, second));
#endif
  }
};

struct Q4Codes : NibbleBlocks<18> {
  static constexpr int kOffset = -8;
  static constexpr bool kHasMinimum = false;

  static void unpack(const std::uint8_t* step, Codes (&codes)[kCodes], Vec& scale,
                     Vec& /*minimum*/) {
    split_nibbles(words_of(step), codes);
    scale = scale_of(step);
  }
};

// The six-bit scales and minima of the eight runs of a block of Q4_K or Q5_K, a byte each.
inline void split_runs(const std::uint8_t* bytes, std::uint64_t& scales, std::uint64_t& minima) {
  std::uint32_t packed[3];
  __builtin_memcpy(packed, bytes, 12);
  const std::uint32_t upper_scales = (packed[0] >> 6) & 0x03030303U;
  const std::uint32_t upper_minima = (packed[1] >> 6) & 0x03030303U;
  scales = (packed[0] & 0x3F3F3F3FU) |
           std::uint64_t{(packed[2] & 0x0F0F0F0FU) | (upper_scales << 4)} << 32;
  minima = (packed[1] & 0x3F3F3F3FU) |
           std::uint64_t{((packed[2] >> 4) & 0x0F0F0F0FU) | (upper_minima << 4)} << 32;
}

#if defined(__AVX512F__)

// 16 more in the lanes where `words` has the bit of `bits`.
inline Codes add_fifth_bit(Codes codes, Codes words, Codes bits) {
  return _mm512_mask_add_epi16(codes, _mm512_test_epi16_mask(words, bits), codes,
                               _mm512_set1_epi16(16));
}

// Bit i of the four bytes between the factors and the codes is bit 4 of number i.
template <bool kMinimum>
struct FiveBlocks : NibbleBlocks<kMinimum ? 24 : 22> {
  using Base = NibbleBlocks<kMinimum ? 24 : 22>;
  static constexpr std::int64_t kBlockBytes = Base::kBytes / Base::kBlocks;
  static constexpr int kOffset = kMinimum ? 0 : -16;
  static constexpr bool kHasMinimum = kMinimum;

  static void unpack(const std::uint8_t* step, Codes (&codes)[4], Vec& scale, Vec& minimum) {
    split_nibbles(Base::words_of(step), codes);
    scale = Base::scale_of(step);
    if constexpr (kMinimum) minimum = Base::halves_of(step + 2);
    std::int32_t bits[4];
    for (int b = 0; b < 4; ++b) __builtin_memcpy(bits + b, step + kBlockBytes * (b + 1) - 20, 4);
    // Lane w: the 16 bits of its block's numbers 0 to 15, and those of numbers 16 to 31.
    const __m512i all_bits =
        _mm512_castsi128_si512(_mm_setr_epi32(bits[0], bits[1], bits[2], bits[3]));
    const __m512i even = _mm512_set_epi16(6, 6, 6, 6, 6, 6, 6, 6, 4, 4, 4, 4, 4, 4, 4, 4,  //
                                          2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0);
    const Codes first = _mm512_permutexvar_epi16(even, all_bits);
    const Codes second =
        _mm512_permutexvar_epi16(_mm512_add_epi16(even, _mm512_set1_epi16(1)), all_bits);
    const __m512i lane_bits = _mm512_broadcast_i32x4(
        _mm_setr_epi16(1 << 0, 1 << 2, 1 << 4, 1 << 6, 1 << 8, 1 << 10, 1 << 12, 1 << 14));
    const __m512i odd_bits = _mm512_slli_epi16(lane_bits, 1);
    codes[0] = add_fifth_bit(codes[0], first, lane_bits);
    codes[1] = add_fifth_bit(codes[1], second, lane_bits);
    codes[2] = add_fifth_bit(codes[2], first, odd_bits);
    codes[3] = add_fifth_bit(codes[3], second, odd_bits);
  }
};
using Q5Codes = FiveBlocks<false>;
using Q5MinCodes = FiveBlocks<true>;

// A block of 256 numbers a step. Its whole-numbered scales are multiplied into the codes, which
// stay below 2^12, and the sum of 16 products a lane below 2^31: nothing is rounded before the
// block's end. Of 64 bytes, vectors 0 and 1 have the halves of the even bytes, 2 and 3 those of the
// odd ones.
template <bool kFive>
struct LongCodes {
  static constexpr std::int64_t kNumbers = 256;
  static constexpr std::int64_t kBytes = kFive ? 176 : 144;
  static constexpr int kCodes = 8;
  static constexpr int kOffset = 0;
  static constexpr bool kHasMinimum = true;
  static constexpr std::int64_t source(std::int64_t c, std::int64_t w) {
    return c / 4 * 128 + w / 16 * 64 + c % 2 * 32 + w % 16 * 2 + c % 4 / 2;
  }

  static void unpack(const std::uint8_t* block, Codes (&codes)[kCodes], Vec& scale, Vec& minimum) {
    std::uint64_t scales = 0;
    std::uint64_t minima = 0;
    split_runs(block + 4, scales, minima);
    const __m512i runs = _mm512_castsi128_si512(
        _mm_cvtepu8_epi16(_mm_cvtsi64_si128(static_cast<std::int64_t>(scales))));
    // Lanes 0 to 15 belong to run 0, lanes 16 to 31 to run 2 of a vector's four.
    const __m512i run = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi16(2), 1);
    // Bit j of byte i is the fifth of number i of run j: a bit for the lanes of run 0 and run 2.
    const std::uint8_t* const low = block + kBytes - 128;
    const __m512i upper = kFive ? _mm512_broadcast_i64x4(_mm256_loadu_si256(
                                      reinterpret_cast<const __m256i*>(block + 16)))
                                : _mm512_setzero_si512();
    const __m512i bits = _mm512_sllv_epi16(_mm512_set1_epi16(1), run);
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      Codes four[4];
      split_nibbles(load_codes(low + 64 * half), four);
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        if constexpr (kFive) {
          const int shift = 4 * half + c % 2 + 8 * (c / 2);
          four[c] = add_fifth_bit(four[c], upper,
                                  _mm512_slli_epi16(bits, static_cast<unsigned int>(shift)));
        }
        const __m512i index =
            _mm512_add_epi16(run, _mm512_set1_epi16(static_cast<std::int16_t>(4 * half + c % 2)));
        codes[4 * half + c] = _mm512_mullo_epi16(four[c], _mm512_permutexvar_epi16(index, runs));
      }
    }
    scale = _mm512_cvtph_ps(_mm256_set1_epi16(load_half(block)));
    const __m256 runs_minima = _mm256_cvtepi32_ps(
        _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<std::int64_t>(minima))));
    const __m256 factor = _mm256_cvtph_ps(_mm_set1_epi16(load_half(block + 2)));
    minimum = _mm512_insertf32x8(
        _mm512_setzero_ps(), _mm256_sub_ps(_mm256_setzero_ps(), _mm256_mul_ps(runs_minima, factor)),
        0);
  }
};
using Q4KCodes = LongCodes<false>;
using Q5KCodes = LongCodes<true>;

// 64 bytes of low halves hold 128 numbers, byte i numbers i and i + 64; 32 bytes of upper bits hold
// the same 128, bits 2 j and 2 j + 1 of byte i for number 32 j + i.
struct Q6KCodes {
  static constexpr std::int64_t kNumbers = 256;
  static constexpr std::int64_t kBytes = 210;
  static constexpr int kCodes = 8;
  static constexpr int kOffset = 0;
  static constexpr bool kHasMinimum = false;
  static constexpr std::int64_t source(std::int64_t c, std::int64_t w) {
    return c / 4 * 128 + c % 2 * 64 + w * 2 + c % 4 / 2;
  }

  static void unpack(const std::uint8_t* block, Codes (&codes)[kCodes], Vec& scale,
                     Vec& /*minimum*/) {
    const __m512i scales = _mm512_castsi256_si512(_mm256_cvtepi8_epi16(load_16_bytes(block + 192)));
    // A run of 16 numbers is 8 words.
    const __m512i run = _mm512_set_epi16(3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2,  //
                                         1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    const __m512i low_shift = _mm512_inserti64x4(_mm512_setzero_si512(), _mm256_set1_epi16(2), 1);
    const __m512i high_shift = _mm512_add_epi16(low_shift, _mm512_set1_epi16(4));
    const __m512i low = _mm512_set1_epi8(0x0F);
    const __m512i two = _mm512_set1_epi8(0x03);
#pragma GCC unroll 2
    for (int half = 0; half < 2; ++half) {
      const __m512i nibbles = load_codes(block + 64 * half);
      const __m512i upper = _mm512_broadcast_i64x4(
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block + 128 + 32 * half)));
      const __m512i bytes[2] = {
          _mm512_or_si512(
              _mm512_and_si512(nibbles, low),
              _mm512_slli_epi16(_mm512_and_si512(_mm512_srlv_epi16(upper, low_shift), two), 4)),
          _mm512_or_si512(
              _mm512_and_si512(_mm512_srli_epi16(nibbles, 4), low),
              _mm512_slli_epi16(_mm512_and_si512(_mm512_srlv_epi16(upper, high_shift), two), 4))};
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        const __m512i index = _mm512_add_epi16(
            run, _mm512_set1_epi16(static_cast<std::int16_t>(8 * half + c % 2 * 4)));
        const __m512i words = c < 2 ? _mm512_and_si512(bytes[c % 2], _mm512_set1_epi16(0x00FF))
                                    : _mm512_srli_epi16(bytes[c % 2], 8);
        codes[4 * half + c] = _mm512_mullo_epi16(_mm512_sub_epi16(words, _mm512_set1_epi16(32)),
                                                 _mm512_permutexvar_epi16(index, scales));
      }
    }
    scale = _mm512_cvtph_ps(_mm256_set1_epi16(load_half(block + 208)));
  }
};

#else

// With vectors of 16 numbers the numbers stay in their order: 32 bytes of codes, then two vectors.
template <std::int64_t kLength>
struct InOrder {
  static constexpr std::int64_t kNumbers = kLength;
  static constexpr int kCodes = kLength / kCodeLanes;
  static constexpr std::int64_t source(std::int64_t c, std::int64_t w) {
    return c * kCodeLanes + w;
  }
};

inline __m256i load_32_bytes(const std::uint8_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline __m256i low_bits(__m256i bytes) { return _mm256_and_si256(bytes, _mm256_set1_epi8(0x0F)); }
inline __m256i high_bits(__m256i bytes) { return low_bits(_mm256_srli_epi16(bytes, 4)); }
inline void widen(__m256i bytes, Codes* codes) {  // without sign
  codes[0] = _mm256_cvtepu8_epi16(_mm256_castsi256_si128(bytes));
  codes[1] = _mm256_cvtepu8_epi16(_mm256_extracti128_si256(bytes, 1));
}
inline Codes times(Codes codes, int scale) { return _mm256_mullo_epi16(codes, all_codes(scale)); }

// The 32 codes under four bytes of upper bits and 16 bytes of low ones.
inline void unpack_fives(const std::uint8_t* bytes, Codes (&codes)[2]) {
  std::int32_t upper = 0;
  __builtin_memcpy(&upper, bytes, 4);
  const __m256i byte_of =
      _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const __m256i bits = _mm256_set1_epi64x(static_cast<std::int64_t>(0x8040201008040201U));
  const __m256i there = _mm256_shuffle_epi8(_mm256_set1_epi32(upper), byte_of);
  const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(there, bits), bits);
  const __m128i nibbles = load_16_bytes(bytes + 4);
  const __m256i low = low_bits(
      _mm256_inserti128_si256(_mm256_castsi128_si256(nibbles), _mm_srli_epi16(nibbles, 4), 1));
  widen(_mm256_or_si256(low, _mm256_and_si256(set, _mm256_set1_epi8(16))), codes);
}

struct Q5Codes : InOrder<32> {
  static constexpr std::int64_t kBytes = 22;
  static constexpr int kOffset = -16;
  static constexpr bool kHasMinimum = false;

  static void unpack(const std::uint8_t* block, Codes (&codes)[kCodes], Vec& scale,
                     Vec& /*minimum*/) {
    unpack_fives(block + 2, codes);
    scale = _mm256_cvtph_ps(_mm_set1_epi16(load_half(block)));
  }
};

struct Q5MinCodes : InOrder<32> {
  static constexpr std::int64_t kBytes = 24;
  static constexpr int kOffset = 0;
  static constexpr bool kHasMinimum = true;

  static void unpack(const std::uint8_t* block, Codes (&codes)[kCodes], Vec& scale, Vec& minimum) {
    unpack_fives(block + 4, codes);
    scale = _mm256_cvtph_ps(_mm_set1_epi16(load_half(block)));
    minimum = _mm256_cvtph_ps(_mm_cvtsi32_si128(static_cast<std::uint16_t>(load_half(block + 2))));
  }
};

// A block of 256 numbers a step. Its whole-numbered scales are multiplied into the codes, which
// stay below 2^12.
template <bool kFive>
struct LongCodes : InOrder<256> {
  static constexpr std::int64_t kBytes = kFive ? 176 : 144;
  static constexpr int kOffset = 0;
  static constexpr bool kHasMinimum = true;

  static void unpack(const std::uint8_t* block, Codes (&codes)[kCodes], Vec& scale, Vec& minimum) {
    std::uint64_t scales = 0;
    std::uint64_t minima = 0;
    split_runs(block + 4, scales, minima);
    const std::uint8_t* const low = block + kBytes - 128;
    const __m256i upper = kFive ? load_32_bytes(block + 16) : _mm256_setzero_si256();
#pragma GCC unroll 8
    for (int run = 0; run < 8; ++run) {
      const __m256i both = load_32_bytes(low + run / 2 * 32);
      __m256i bytes = run % 2 == 0 ? low_bits(both) : high_bits(both);
      if constexpr (kFive) {
        const __m256i bit = _mm256_set1_epi8(static_cast<char>(1U << run));
        const __m256i set = _mm256_cmpeq_epi8(_mm256_and_si256(upper, bit), bit);
        bytes = _mm256_or_si256(bytes, _mm256_and_si256(set, _mm256_set1_epi8(16)));
      }
      widen(bytes, codes + 2 * run);
      const int of_run = static_cast<int>(scales >> (8 * run) & 63);
      codes[2 * run] = times(codes[2 * run], of_run);
      codes[2 * run + 1] = times(codes[2 * run + 1], of_run);
    }
    scale = _mm256_cvtph_ps(_mm_set1_epi16(load_half(block)));
    const Vec runs_minima = _mm256_cvtepi32_ps(
        _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<std::int64_t>(minima))));
    const Vec factor = _mm256_cvtph_ps(_mm_set1_epi16(load_half(block + 2)));
    minimum = sub(zero(), mul(runs_minima, factor));
  }
};
using Q4KCodes = LongCodes<false>;
using Q5KCodes = LongCodes<true>;

// A vector is a run of 16 numbers, with one signed byte as its scale.
struct Q6KCodes : InOrder<256> {
  static constexpr std::int64_t kBytes = 210;
  static constexpr int kOffset = 0;
  static constexpr bool kHasMinimum = false;

  static void unpack(const std::uint8_t* block, Codes (&codes)[kCodes], Vec& scale,
                     Vec& /*minimum*/) {
#pragma GCC unroll 8
    for (int run = 0; run < 8; ++run) {  // of 32 numbers
      const __m256i both = load_32_bytes(block + run / 4 * 64 + run % 2 * 32);
      const __m256i low = run % 4 < 2 ? low_bits(both) : high_bits(both);
      const __m256i upper = _mm256_and_si256(
          _mm256_srli_epi16(load_32_bytes(block + 128 + run / 4 * 32), run % 4 * 2),
          _mm256_set1_epi8(3));
      widen(_mm256_or_si256(low, _mm256_slli_epi16(upper, 4)), codes + 2 * run);
#pragma GCC unroll 2
      for (int c = 2 * run; c < 2 * run + 2; ++c) {
        codes[c] = times(_mm256_sub_epi16(codes[c], all_codes(32)),
                         static_cast<std::int8_t>(block[192 + c]));
      }
    }
    scale = _mm256_cvtph_ps(_mm_set1_epi16(load_half(block + 208)));
  }
};

#endif

}  // namespace
