// SPDX-License-Identifier: Apache-2.0
// Attention of some queries of one head over packed keys and values: BF16 products, a running
// softmax to the base 2, and position biases that enter as the logits leave their registers.
#include "compute/kernels/cpu/narrow/narrow.h"
#include "compute/kernels/cpu/narrow/parts.h"
#include "compute/kernels/cpu/vector.h"

namespace lectio::kernels::avx512bf16 {
namespace {

constexpr int kVectors = 4;  // of 16 keys in a panel
constexpr int kTileRowsMost = 6;
constexpr float kLowest = -1.0e38F;  // twice it is a number

inline std::int32_t four_bytes(const void* p) {
  std::int32_t bytes = 0;
  __builtin_memcpy(&bytes, p, sizeof(bytes));
  return bytes;
}

// 2^x for x up to 127, -2e38 included; below -150 it is 0. Error below 2^-14: x = n + f with |f| <=
// 1/2, and the polynomial of degree 4 leaves (f ln 2)^5 / 5! < 4.2e-5 of Taylor's series.
inline Vec power_of_two(Vec x) {
  const Vec n = round(x);
  const Vec f = sub(x, n);
  Vec sum = all(9.61812911e-3F);
  sum = fma(sum, f, all(5.55041087e-2F));
  sum = fma(sum, f, all(0.240226507F));
  sum = fma(sum, f, all(0.693147181F));
  sum = fma(sum, f, all(1.0F));
  return times_power_of_two(sum, n);
}

// What the logits of one panel gain, by vector: which line and which columns of the map it is.
struct PanelPosition {
  std::int64_t line[kVectors];
  std::int64_t column[kVectors];

  PanelPosition(const NarrowAttention& a, std::int64_t key) {
    for (int v = 0; v < kVectors; ++v, key += kWidth) {
      line[v] = a.bias_w == nullptr ? 0 : key / a.line;
      column[v] = a.bias_w == nullptr ? 0 : key % a.line;
    }
  }
};

enum class Extra { kNothing, kPosition, kMask };

// Logits of kRows queries against the panel of keys that begins at `key`, and their maxima.
template <int kRows, Extra kExtra>
void score_tile(const NarrowAttention& a, std::int64_t row, std::int64_t key,
                const PanelPosition& position, float* scores) {
  const std::int64_t stride = 2 * a.pairs;
  const std::uint16_t* q = a.q + row * stride;
  const std::uint16_t* keys = a.keys + key * stride;
  Vec sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sums[r][v] = zero();
  }
  for (std::int64_t k = 0; k < a.pairs; ++k, q += 2, keys += 2 * kNarrowPanel) {
    __m512bh right[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      right[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(keys + v * 2 * kWidth));
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const __m512bh left =
          reinterpret_cast<__m512bh>(_mm512_set1_epi32(four_bytes(q + r * stride)));
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], left, right[v]);
    }
  }
  const Vec scale = all(a.scale);
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    float* const to = scores + (row + r) * kNarrowKeyBlock;
    float* const top_row = a.top + (row + r) * kWidth;
    Vec top = load(top_row);
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      Vec logit;
      if constexpr (kExtra == Extra::kPosition) {
        const Vec by_line = all(a.bias_h[(row + r) * a.lines + position.line[v]]);
        const Vec by_column = load(a.bias_w + (row + r) * a.line + position.column[v]);
        logit = fma(sums[r][v], scale, add(by_line, by_column));
      } else {
        logit = mul(sums[r][v], scale);
      }
      if constexpr (kExtra == Extra::kMask) {
        const std::int64_t seen = a.visible[row + r] - key - v * kWidth;
        const std::int64_t count = smaller(seen, kWidth);
        logit = select(first(count > 0 ? count : 0), logit, all(kLowest));
      }
      store(to + v * kWidth, logit);
      top = max(top, logit);
    }
    store(top_row, top);
  }
}

template <Extra kExtra>
void score_panel(const NarrowAttention& a, std::int64_t key, float* scores) {
  const PanelPosition position(a, key);
  std::int64_t row = 0;
  for (; row + kTileRowsMost <= a.rows; row += kTileRowsMost) {
    score_tile<kTileRowsMost, kExtra>(a, row, key, position, scores);
  }
  switch (a.rows - row) {
    case 1:
      return score_tile<1, kExtra>(a, row, key, position, scores);
    case 2:
      return score_tile<2, kExtra>(a, row, key, position, scores);
    case 3:
      return score_tile<3, kExtra>(a, row, key, position, scores);
    case 4:
      return score_tile<4, kExtra>(a, row, key, position, scores);
    case 5:
      return score_tile<5, kExtra>(a, row, key, position, scores);
    default:
      return;
  }
}

// Whether every query sees all keys below `end`.
bool all_visible(const NarrowAttention& a, std::int64_t end) {
  if (a.visible == nullptr) return true;
  for (std::int64_t row = 0; row < a.rows; ++row) {
    if (a.visible[row] < end) return false;
  }
  return true;
}

// The sums of a row so far are relative to the old maximum.
void raise_maximum(const NarrowAttention& a, std::int64_t row, float maximum) {
  if (maximum <= a.maximum[row]) return;
  const Vec factor = power_of_two(all(a.maximum[row] - maximum));
  a.maximum[row] = maximum;
  store(a.sum + row * kWidth, mul(load(a.sum + row * kWidth), factor));
  float* const output = a.output + row * a.width;
  for (std::int64_t i = 0; i < a.width; i += kWidth)
    store(output + i, mul(load(output + i), factor));
}

// Logits of a row become BF16 weights 2^(logit - maximum); their sum counts them as they were
// before that rounding.
void weigh(const NarrowAttention& a, std::int64_t row, std::int64_t keys) {
  const float* const logits = a.scores + row * kNarrowKeyBlock;
  std::uint16_t* const weights = a.weights + row * kNarrowKeyBlock;
  raise_maximum(a, row, max_of(load(a.top + row * kWidth)));
  const Vec top = all(a.maximum[row]);
  Vec even = load(a.sum + row * kWidth);
  Vec odd = zero();
  for (std::int64_t key = 0; key < keys; key += 2 * kWidth) {
    const Vec low = power_of_two(sub(load(logits + key), top));
    const Vec high = power_of_two(sub(load(logits + key + kWidth), top));
    even = add(even, low);
    odd = add(odd, high);
    _mm512_storeu_si512(weights + key, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
  }
  store(a.sum + row * kWidth, add(even, odd));
}

void clear(const NarrowAttention& a) {
  for (std::int64_t row = 0; row < a.rows; ++row) {
    a.maximum[row] = kLowest;
    store(a.sum + row * kWidth, zero());
    for (std::int64_t i = 0; i < a.width; i += kWidth) store(a.output + row * a.width + i, zero());
  }
}

void divide(const NarrowAttention& a) {
  for (std::int64_t row = 0; row < a.rows; ++row) {
    const Vec factor = all(1.0F / sum_of(load(a.sum + row * kWidth)));
    float* const output = a.output + row * a.width;
    for (std::int64_t i = 0; i < a.width; i += kWidth) {
      store(output + i, mul(load(output + i), factor));
    }
  }
}

}  // namespace

void attend(const NarrowAttention& a) {
  clear(a);
  for (std::int64_t begin = 0; begin < a.count; begin += kNarrowKeyBlock) {
    const std::int64_t keys = smaller(kNarrowKeyBlock, a.count - begin);
    for (std::int64_t row = 0; row < a.rows; ++row) store(a.top + row * kWidth, all(kLowest));
    for (std::int64_t key = 0; key < keys; key += kNarrowPanel) {
      float* const scores = a.scores + key;
      if (a.bias_w != nullptr) {
        score_panel<Extra::kPosition>(a, begin + key, scores);
      } else if (all_visible(a, begin + key + kNarrowPanel)) {
        score_panel<Extra::kNothing>(a, begin + key, scores);
      } else {
        score_panel<Extra::kMask>(a, begin + key, scores);
      }
    }
    const std::int64_t used = smaller(kNarrowKeyBlock, a.used - begin);
    for (std::int64_t row = 0; row < a.rows; ++row) weigh(a, row, used);
    for (std::int64_t panel = 0; panel * kNarrowPanel < a.width; ++panel) {
      multiply_pairs({.a = a.weights,
                      .a_stride = kNarrowKeyBlock,
                      .rows = a.rows,
                      .b = a.values + panel * a.value_panel + begin * kNarrowPanel,
                      .pairs = used / 2,
                      .c = a.output + panel * kNarrowPanel,
                      .c_stride = a.width,
                      .accumulate = true});
    }
  }
  divide(a);
}

void place_bias(const PlacedBias& p) {
  const Vec by = all(p.factor);
  for (std::int64_t row = 0; row < p.rows; ++row) {
    const float* const from = p.products + row * p.product_stride + p.side - 1 - p.place[row];
    float* const to = p.bias + row * p.length;
    for (std::int64_t i = 0; i < p.length; i += kWidth) {
      const std::int64_t count = smaller(kWidth, p.side > i ? p.side - i : 0);
      store(to + i, select(first(count), mul(load(from + i, first(count)), by), all(kLowest)));
    }
  }
}

// Numbers [k, k + 32) of a row of `width`, with zeros behind it; zeros for a row that is not there.
inline __m512i load_row(const std::uint16_t* row, std::int64_t k, std::int64_t width) {
  const std::int64_t count = smaller(2 * kWidth, width - k);
  if (row == nullptr || count <= 0) return _mm512_setzero_si512();
  const auto lanes = static_cast<__mmask32>((std::uint64_t{1} << count) - 1U);
  show_read(row + k, lanes);
  return _mm512_maskz_loadu_epi16(lanes, row + k);
}

// Sixteen rows at a time become columns of pairs.
void pack_keys(const std::uint16_t* const* rows, std::int64_t width, std::uint16_t* packed) {
  for (std::int64_t row = 0; row < kNarrowPanel; row += kWidth) {
    for (std::int64_t k = 0; k < width; k += 2 * kWidth) {
      Vec block[kWidth];
      for (std::int64_t r = 0; r < kWidth; ++r) {
        block[r] = _mm512_castsi512_ps(load_row(rows[row + r], k, width));
      }
      transpose(block);
      for (std::int64_t i = 0; i < kWidth && k + 2 * i < width; ++i) {
        _mm512_storeu_ps(packed + ((k / 2 + i) * kNarrowPanel + row) * 2, block[i]);
      }
    }
  }
}

// Two rows at a time become pairs.
void pack_values(const std::uint16_t* const* rows, std::int64_t width, std::int64_t value_panel,
                 std::uint16_t* packed) {
  const __m512i low = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8,
                                       39, 7, 38, 6, 37, 5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
  const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(16));
  for (std::int64_t panel = 0; panel * kNarrowPanel < width; ++panel, packed += value_panel) {
    for (std::int64_t row = 0; row < kNarrowPanel; row += 2) {
      for (std::int64_t half = 0; half < kNarrowPanel; half += 2 * kWidth) {
        const std::int64_t k = panel * kNarrowPanel + half;
        const __m512i even = load_row(rows[row], k, width);
        const __m512i odd = load_row(rows[row + 1], k, width);
        std::uint16_t* const to = packed + row * kNarrowPanel + half * 2;
        _mm512_storeu_si512(to, _mm512_permutex2var_epi16(even, low, odd));
        _mm512_storeu_si512(to + 2 * kWidth, _mm512_permutex2var_epi16(even, high, odd));
      }
    }
  }
}

}  // namespace lectio::kernels::avx512bf16
