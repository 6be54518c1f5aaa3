// SPDX-License-Identifier: Apache-2.0
// The fast loops use SSE2, which every x86-64 has, so nothing is chosen while running. Its 16-bit
// multiply-add takes two taps at once; a weight of up to 24 bits is therefore split as high * 2^12
// + low with 0 <= low < 2^12:
//   sum(p * w) = (sum(p * high) << 12) + sum(p * low)   (mod 2^32).
// The sum itself fits 31 bits: weights add to 2^22, and the negative lobes of the kernel keep
// sum(|w|) below 1.5 * 2^22, times 255. Partial sums may wrap, the result does not.
#include "media/image/detail/resample_rows.h"

#include <algorithm>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace lectio {
namespace {

constexpr std::int32_t kHalf = 1 << (kWeightBits - 1);
constexpr int kLowBits = 12;

std::uint8_t to_byte(std::int64_t sum) {
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>((sum + kHalf) >> kWeightBits, 0, 255));
}

void resample_pixel(const Taps& taps, std::int64_t x, const std::uint8_t* in, std::uint8_t* out) {
  const std::int32_t* weights = taps.weights.data() + x * taps.stride;
  const std::uint8_t* pixel = in + taps.first[static_cast<std::size_t>(x)] * 3;
  const std::int64_t count = taps.count[static_cast<std::size_t>(x)];
  std::int64_t sum[3] = {0, 0, 0};
  for (std::int64_t k = 0; k < count; ++k, pixel += 3) {
    for (int c = 0; c < 3; ++c) sum[c] += std::int64_t{pixel[c]} * weights[k];
  }
  for (int c = 0; c < 3; ++c) out[x * 3 + c] = to_byte(sum[c]);
}

void blend_columns(const Taps& taps, std::int64_t output, const std::uint8_t* const* rows,
                   std::int64_t begin, std::int64_t end, std::uint8_t* out) {
  const std::int32_t* weights = taps.weights.data() + output * taps.stride;
  const std::int64_t count = taps.count[static_cast<std::size_t>(output)];
  for (std::int64_t i = begin; i < end; ++i) {
    std::int64_t sum = 0;
    for (std::int64_t k = 0; k < count; ++k) sum += std::int64_t{rows[k][i]} * weights[k];
    out[i] = to_byte(sum);
  }
}

}  // namespace

void split_weights(Taps& taps) {
  taps.halves.resize(taps.weights.size() * 2);
  for (std::size_t i = 0; i < taps.weights.size(); ++i) {
    // Weights lie in (-2^23, 2^23): the high part fits 16 bits with its sign.
    std::int16_t* pair = taps.halves.data() + i / 2 * 4 + i % 2;
    pair[0] = static_cast<std::int16_t>(taps.weights[i] >> kLowBits);
    pair[2] = static_cast<std::int16_t>(taps.weights[i] & ((1 << kLowBits) - 1));
  }
}

void resample_row_plain(const Taps& taps, const std::uint8_t* in, std::uint8_t* out) {
  for (std::int64_t x = 0; x < taps.outputs(); ++x) resample_pixel(taps, x, in, out);
}

void blend_rows_plain(const Taps& taps, std::int64_t output, const std::uint8_t* const* rows,
                      std::int64_t bytes, std::uint8_t* out) {
  blend_columns(taps, output, rows, 0, bytes, out);
}

#if defined(__SSE2__)

namespace {

// The weights of two taps, four times over.
struct PairWeights {
  __m128i high;
  __m128i low;

  explicit PairWeights(const std::int16_t* halves) {
    const __m128i both = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(halves));
    high = _mm_shuffle_epi32(both, _MM_SHUFFLE(0, 0, 0, 0));
    low = _mm_shuffle_epi32(both, _MM_SHUFFLE(1, 1, 1, 1));
  }
};

// Four sums.
struct Sums {
  __m128i high = _mm_setzero_si128();
  __m128i low = _mm_setzero_si128();

  // pairs: eight 16-bit numbers, two taps of each of four sums.
  void add(__m128i pairs, const PairWeights& weights) {
    high = _mm_add_epi32(high, _mm_madd_epi16(pairs, weights.high));
    low = _mm_add_epi32(low, _mm_madd_epi16(pairs, weights.low));
  }
  __m128i rounded() const {
    const __m128i sum = _mm_add_epi32(_mm_slli_epi32(high, kLowBits), low);
    return _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(kHalf)), kWeightBits);
  }
};

// One output from its taps, two at a time. Reads 8 bytes at every even tap.
void resample_pixel_sse2(const std::int16_t* halves, std::int64_t count, const std::uint8_t* pixel,
                         std::uint8_t* out) {
  const __m128i zero = _mm_setzero_si128();
  Sums sums;
  for (std::int64_t k = 0; k < count; k += 2, pixel += 6, halves += 4) {
    const __m128i both = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pixel));
    const __m128i pairs =
        _mm_unpacklo_epi8(both, _mm_srli_si128(both, 3));  // r0 r1 g0 g1 b0 b1 . .
    sums.add(_mm_unpacklo_epi8(pairs, zero), PairWeights(halves));
  }
  const __m128i words = _mm_packs_epi32(sums.rounded(), zero);
  const int rgb = _mm_cvtsi128_si32(_mm_packus_epi16(words, zero));
  std::memcpy(out, &rgb, 3);
}

// Sixteen columns of `count` rows.
void blend_columns_sse2(const std::int16_t* halves, std::int64_t count,
                        const std::uint8_t* const* rows, std::int64_t column, std::uint8_t* out) {
  const __m128i zero = _mm_setzero_si128();
  Sums sums[4];
  for (std::int64_t k = 0; k < count; k += 2, halves += 4) {
    const std::uint8_t* second = rows[std::min(k + 1, count - 1)];  // past an odd count: weight 0
    const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rows[k] + column));
    const __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(second + column));
    const __m128i left = _mm_unpacklo_epi8(a, b);
    const __m128i right = _mm_unpackhi_epi8(a, b);
    const PairWeights weights(halves);
    sums[0].add(_mm_unpacklo_epi8(left, zero), weights);
    sums[1].add(_mm_unpackhi_epi8(left, zero), weights);
    sums[2].add(_mm_unpacklo_epi8(right, zero), weights);
    sums[3].add(_mm_unpackhi_epi8(right, zero), weights);
  }
  const __m128i left = _mm_packs_epi32(sums[0].rounded(), sums[1].rounded());
  const __m128i right = _mm_packs_epi32(sums[2].rounded(), sums[3].rounded());
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out + column), _mm_packus_epi16(left, right));
}

}  // namespace

void resample_row(const Taps& taps, const std::uint8_t* in, std::int64_t width, std::uint8_t* out) {
  for (std::int64_t x = 0; x < taps.outputs(); ++x) {
    const std::int64_t first = taps.first[static_cast<std::size_t>(x)];
    const std::int64_t count = taps.count[static_cast<std::size_t>(x)];
    // The last load of eight bytes, which begins at the last even tap, must end inside the row.
    const std::int64_t last_even = (count - 1) / 2 * 2;
    if ((first + last_even) * 3 + 8 > width * 3) {
      resample_pixel(taps, x, in, out);
    } else {
      const std::int16_t* halves = taps.halves.data() + x * taps.stride * 2;
      resample_pixel_sse2(halves, count, in + first * 3, out + x * 3);
    }
  }
}

void blend_rows(const Taps& taps, std::int64_t output, const std::uint8_t* const* rows,
                std::int64_t bytes, std::uint8_t* out) {
  const std::int16_t* halves = taps.halves.data() + output * taps.stride * 2;
  const std::int64_t count = taps.count[static_cast<std::size_t>(output)];
  const std::int64_t whole = bytes / 16 * 16;
  for (std::int64_t column = 0; column < whole; column += 16) {
    blend_columns_sse2(halves, count, rows, column, out);
  }
  blend_columns(taps, output, rows, whole, bytes, out);
}

#else

void resample_row(const Taps& taps, const std::uint8_t* in, std::int64_t, std::uint8_t* out) {
  resample_row_plain(taps, in, out);
}

void blend_rows(const Taps& taps, std::int64_t output, const std::uint8_t* const* rows,
                std::int64_t bytes, std::uint8_t* out) {
  blend_rows_plain(taps, output, rows, bytes, out);
}

#endif

}  // namespace lectio
