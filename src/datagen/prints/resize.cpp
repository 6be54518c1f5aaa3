// SPDX-License-Identifier: Apache-2.0
#include "datagen/prints/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <vector>

#include "base/check.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace lectio {
namespace {

// For each output sample, kTaps or a multiple of it weights over the input from `first`; they add
// up to kOne.
struct Taps {
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> used;     // how many of the weights lie inside the input
  std::vector<std::int16_t> weights;  // [output][count]
  std::size_t count = 0;
};
constexpr int kWeightBits = 14;
constexpr int kOne = 1 << kWeightBits;
constexpr std::size_t kTaps = 8;

double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

Taps make_taps(std::int64_t in, std::int64_t out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double stretch = std::max(1.0, scale);
  Taps taps;
  taps.count = (static_cast<std::size_t>(std::ceil(4 * stretch)) + kTaps) / kTaps * kTaps;
  taps.weights.resize(static_cast<std::size_t>(out) * taps.count);
  std::vector<double> exact;
  for (std::int64_t i = 0; i < out; ++i) {
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const auto first =
        std::max<std::int64_t>(0, static_cast<std::int64_t>(center - 2 * stretch + 0.5));
    const auto end =
        std::min<std::int64_t>(in, static_cast<std::int64_t>(center + 2 * stretch + 0.5));
    exact.clear();
    double sum = 0;
    for (std::int64_t k = first; k < end; ++k) {
      exact.push_back(cubic((static_cast<double>(k) + 0.5 - center) / stretch));
      sum += exact.back();
    }
    taps.first.push_back(first);
    taps.used.push_back(end - first);
    std::int16_t* weights = taps.weights.data() + static_cast<std::size_t>(i) * taps.count;
    double carry = 0;  // what rounding owes: the rounded weights add up to kOne again
    for (std::size_t k = 0; k < exact.size(); ++k) {
      const double wanted = exact[k] / sum * kOne + carry;
      weights[k] = static_cast<std::int16_t>(std::lround(wanted));
      carry = wanted - static_cast<double>(weights[k]);
    }
  }
  return taps;
}

std::uint8_t to_level(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp((sum + kOne / 2) >> kWeightBits, 0, 255));
}

// The vector paths compute the same integers as the plain loops.
#ifdef __SSE2__
__m128i load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }

// Four outputs of eight taps each: the sums of the four products, turned so that they can be added.
void dot8_of4(const std::int16_t* row, const std::int64_t* first, const std::int16_t* weights,
              std::uint8_t* to) {
  const __m128i a = _mm_madd_epi16(load(row + first[0]), load(weights));
  const __m128i b = _mm_madd_epi16(load(row + first[1]), load(weights + kTaps));
  const __m128i c = _mm_madd_epi16(load(row + first[2]), load(weights + 2 * kTaps));
  const __m128i d = _mm_madd_epi16(load(row + first[3]), load(weights + 3 * kTaps));
  const __m128i ab = _mm_add_epi32(_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
  const __m128i cd = _mm_add_epi32(_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
  __m128i sum = _mm_add_epi32(_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd));
  sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(kOne / 2)), kWeightBits);
  sum = _mm_packs_epi32(sum, sum);
  const std::int32_t levels = _mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
  std::memcpy(to, &levels, sizeof(levels));
}

// Sixteen columns: rows[0..count) of `stride` bytes each, two at a time; count is even.
void combine16(const std::uint8_t* rows, std::int64_t stride, const std::int16_t* weights,
               std::size_t count, std::uint8_t* to) {
  const __m128i zero = _mm_setzero_si128();
  __m128i sums[4];
  for (__m128i& sum : sums) sum = _mm_set1_epi32(kOne / 2);
  for (std::size_t t = 0; t < count; t += 2) {
    const __m128i pair =
        _mm_set1_epi32((std::int32_t{weights[t + 1]} * 0x10000) | (weights[t] & 0xFFFF));
    const __m128i a = load(rows);
    // A second row of weight 0 may lie below the image and is not read.
    const __m128i b = weights[t + 1] == 0 ? a : load(rows + stride);
    const __m128i low = _mm_unpacklo_epi8(a, b);
    const __m128i high = _mm_unpackhi_epi8(a, b);
    sums[0] = _mm_add_epi32(sums[0], _mm_madd_epi16(_mm_unpacklo_epi8(low, zero), pair));
    sums[1] = _mm_add_epi32(sums[1], _mm_madd_epi16(_mm_unpackhi_epi8(low, zero), pair));
    sums[2] = _mm_add_epi32(sums[2], _mm_madd_epi16(_mm_unpacklo_epi8(high, zero), pair));
    sums[3] = _mm_add_epi32(sums[3], _mm_madd_epi16(_mm_unpackhi_epi8(high, zero), pair));
    rows += 2 * stride;
  }
  for (__m128i& sum : sums) sum = _mm_srai_epi32(sum, kWeightBits);
  const __m128i levels =
      _mm_packus_epi16(_mm_packs_epi32(sums[0], sums[1]), _mm_packs_epi32(sums[2], sums[3]));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), levels);
}
#endif

void resize_rows(const GreyImage& image, const Taps& taps, GreyImage& out) {
  for (std::int64_t y = 0; y < out.height; ++y) {
    const std::int16_t* weights = taps.weights.data() + static_cast<std::size_t>(y) * taps.count;
    const std::uint8_t* rows = image.row(taps.first[static_cast<std::size_t>(y)]);
    const auto used = static_cast<std::size_t>(taps.used[static_cast<std::size_t>(y)]);
    std::uint8_t* to = out.row(y);
    std::int64_t x = 0;
#ifdef __SSE2__
    for (; x + 16 <= image.width; x += 16) {
      combine16(rows + x, image.width, weights, (used + 1) / 2 * 2, to + x);
    }
#endif
    for (; x < image.width; ++x) {
      std::int32_t sum = 0;
      for (std::size_t t = 0; t < used; ++t) {
        sum += rows[static_cast<std::int64_t>(t) * image.width + x] * weights[t];
      }
      to[x] = to_level(sum);
    }
  }
}

void resize_columns(const GreyImage& image, const Taps& taps, GreyImage& out) {
  // The row in 16 bits, with room for the taps that reach over its end with weight 0.
  std::vector<std::int16_t> row(static_cast<std::size_t>(image.width) + taps.count);
  for (std::int64_t y = 0; y < image.height; ++y) {
    std::copy_n(image.row(y), image.width, row.begin());
    std::uint8_t* to = out.row(y);
    std::size_t x = 0;
#ifdef __SSE2__
    for (; taps.count == kTaps && x + 4 <= taps.first.size(); x += 4) {
      dot8_of4(row.data(), taps.first.data() + x, taps.weights.data() + x * kTaps, to + x);
    }
#endif
    for (; x < taps.first.size(); ++x) {
      const std::int16_t* from = row.data() + taps.first[x];
      const std::int16_t* weights = taps.weights.data() + x * taps.count;
      std::int32_t sum = 0;
      for (std::size_t t = 0; t < taps.count; ++t) sum += from[t] * weights[t];
      to[x] = to_level(sum);
    }
  }
}

}  // namespace

GreyImage resize_grey(const GreyImage& image, std::int64_t width, std::int64_t height) {
  LECTIO_CHECK(width > 0 && height > 0 && image.width > 0 && image.height > 0,
               "sizes are positive");
  GreyImage high(image.width, height);
  resize_rows(image, make_taps(image.height, height), high);
  GreyImage out(width, height);
  resize_columns(high, make_taps(image.width, width), out);
  return out;
}

}  // namespace lectio
