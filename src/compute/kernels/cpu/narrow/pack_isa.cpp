// SPDX-License-Identifier: Apache-2.0
// The sides of a narrow product: weights into panels, activations into BF16 or bytes.
#include "compute/kernels/cpu/narrow/narrow.h"
#include "compute/kernels/cpu/narrow/parts.h"
#include "compute/kernels/cpu/vector.h"
#include "compute/kernels/cpu/weights.h"

namespace lectio::kernels::avx512bf16 {
namespace {

constexpr std::int64_t kTwice = 2 * kWidth;  // BF16 numbers in a vector

inline Vec as_floats(__m512i bits) { return _mm512_castsi512_ps(bits); }

inline Vec rounded_pair(Vec low, Vec high) {
  return as_floats(reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low)));
}

// Numbers [k, k + count) of a row of weights as BF16, count up to kTwice, with zeros behind them.
template <Format kFormat>
inline Vec load_rounded(const std::uint8_t* row, std::int64_t k, std::int64_t count) {
  if constexpr (kFormat == Format::kBF16) {
    const auto lanes = static_cast<__mmask32>((std::uint64_t{1} << count) - 1U);
    const auto* const numbers = reinterpret_cast<const std::uint16_t*>(row) + k;
    show_read(numbers, lanes);
    return as_floats(_mm512_maskz_loadu_epi16(lanes, numbers));
  } else {
    if (count == kTwice) {
      return rounded_pair(load_weights<kFormat>(row, k), load_weights<kFormat>(row, k + kWidth));
    }
    if (count >= kWidth) {
      return rounded_pair(load_weights<kFormat>(row, k),
                          load_last_weights<kFormat>(row, k + kWidth, count - kWidth));
    }
    return rounded_pair(load_last_weights<kFormat>(row, k, count), zero());
  }
}

// Sixteen rows become columns, a pair of numbers at a time.
template <Format kFormat>
void pack_pair_column(const std::uint8_t* source, std::int64_t stride_bytes, std::int64_t rows,
                      std::int64_t begin, std::int64_t depth, std::uint16_t* packed) {
  for (std::int64_t k = 0; k < depth; k += kTwice) {
    const std::int64_t count = smaller(kTwice, depth - k);
    Vec block[kWidth];
    for (std::int64_t r = 0; r < kWidth; ++r) {
      block[r] =
          r < rows ? load_rounded<kFormat>(source + r * stride_bytes, begin + k, count) : zero();
    }
    transpose(block);
    for (std::int64_t i = 0; 2 * i < count; ++i) {
      _mm512_storeu_ps(packed + (k / 2 + i) * 2 * kNarrowPanel, block[i]);
    }
  }
}

template <Format kFormat>
void pack_pairs(const void* source, std::int64_t stride_bytes, std::int64_t rows,
                std::int64_t begin, std::int64_t depth, std::uint16_t* packed) {
  for (std::int64_t row = 0; row < kNarrowPanel; row += kWidth, packed += kTwice) {
    const auto* const from = static_cast<const std::uint8_t*>(source) + row * stride_bytes;
    pack_pair_column<kFormat>(from, stride_bytes, rows - row, begin, depth, packed);
  }
}

// The 32 numbers of a block + 128, four to a lane, in half a vector.
inline __m256i shifted_block(const std::uint8_t* block) {
  const __m256i numbers = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q8_values(block)));
  return _mm256_xor_si256(numbers, _mm256_set1_epi8(-128));
}

// Block `block` of sixteen rows, and the one behind it if there is `another`. Rows that are not
// there hold 0 under the scale 0.
void pack_two_blocks(const std::uint8_t* source, std::int64_t stride_bytes, std::int64_t rows,
                     bool another, std::uint8_t* packed) {
  Vec block[kWidth];
  for (std::int64_t r = 0; r < kWidth; ++r) {
    const std::uint8_t* const row = source + r * stride_bytes;
    __m512i numbers = _mm512_set1_epi8(-128);
    float scales[2] = {0, 0};
    if (r < rows) {
      numbers = _mm512_inserti64x4(numbers, shifted_block(row), 0);
      scales[0] = q8_scale(row);
    }
    if (r < rows && another) {
      numbers = _mm512_inserti64x4(numbers, shifted_block(row + kQ8Bytes), 1);
      scales[1] = q8_scale(row + kQ8Bytes);
    }
    block[r] = as_floats(numbers);
    for (int i = 0; i < (another ? 2 : 1); ++i) {
      std::uint8_t* const to = packed + i * kBytePanelBlock + kByteBlock * kNarrowPanel + 4 * r;
      __builtin_memcpy(to, &scales[i], sizeof(float));
    }
  }
  transpose(block);
  for (std::int64_t i = 0; i < kByteBlock / 4; ++i) {
    _mm512_storeu_ps(packed + i * 4 * kNarrowPanel, block[i]);
    if (another) {
      _mm512_storeu_ps(packed + kBytePanelBlock + i * 4 * kNarrowPanel, block[i + kByteBlock / 4]);
    }
  }
}

// Numbers [k, k + kWidth) of x, fewer where the row ends, as floats.
inline Vec load_activations(const float* x, std::int64_t k, std::int64_t count) {
  return load(x + k, first(smaller(kWidth, count > k ? count - k : 0)));
}
inline Vec load_activations(const std::uint16_t* x, std::int64_t k, std::int64_t count) {
  const Lanes lanes = first(smaller(kWidth, count > k ? count - k : 0));
  show_read(x + k, lanes);
  const __m256i bits = _mm256_maskz_loadu_epi16(lanes, x + k);
  return as_floats(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

template <typename Number>
void quantise_row(const Number* x, std::int64_t count, const ByteRows& rows, std::int64_t row) {
  std::int8_t* const numbers = rows.numbers + row * rows.stride;
  float* const scales = rows.scales + row * rows.blocks();
  std::int32_t* const offsets = rows.offsets + row * rows.blocks();
  for (std::int64_t block = 0; block < rows.blocks(); ++block) {
    const Vec low = load_activations(x, block * kByteBlock, count);
    const Vec high = load_activations(x, block * kByteBlock + kWidth, count);
    const float largest = max_of(max(magnitude(low), magnitude(high)));
    // Below 2^-100 the inverse would overflow; nothing that small matters in a network.
    const bool nothing = !(largest > 0x1.0p-100F);
    const Vec inverse = all(nothing ? 0.0F : 127.0F / largest);
    const __m512i low_whole = _mm512_cvtps_epi32(mul(low, inverse));
    const __m512i high_whole = _mm512_cvtps_epi32(mul(high, inverse));
    std::int8_t* const to = numbers + block * kByteBlock;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtsepi32_epi8(low_whole));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + kWidth), _mm512_cvtsepi32_epi8(high_whole));
    scales[block] = nothing ? 0.0F : largest / 127.0F;
    offsets[block] = -128 * _mm512_reduce_add_epi32(_mm512_add_epi32(low_whole, high_whole));
  }
}

}  // namespace

void pack_bytes(const void* source, std::int64_t stride_bytes, std::int64_t rows,
                std::int64_t begin, std::int64_t depth, std::uint8_t* packed) {
  const auto* const from = static_cast<const std::uint8_t*>(source) + bytes_of<Format::kQ8>(begin);
  const std::int64_t blocks = depth / kByteBlock;
  for (std::int64_t row = 0; row < kNarrowPanel; row += kWidth) {
    for (std::int64_t block = 0; block < blocks; block += 2) {
      pack_two_blocks(from + row * stride_bytes + block * kQ8Bytes, stride_bytes, rows - row,
                      block + 1 < blocks, packed + block * kBytePanelBlock + 4 * row);
    }
  }
}

void round_numbers(const float* x, std::int64_t count, std::uint16_t* y) {
  std::int64_t i = 0;
  for (; i + kTwice <= count; i += kTwice) {
    _mm512_storeu_ps(y + i, rounded_pair(load(x + i), load(x + i + kWidth)));
  }
  for (; i < count; i += kWidth) {
    const Lanes lanes = first(smaller(kWidth, count - i));
    const __m256bh rounded = _mm512_cvtneps_pbh(load(x + i, lanes));
    show_write(y + i, lanes);
    _mm256_mask_storeu_epi16(y + i, lanes, reinterpret_cast<__m256i>(rounded));
  }
}

void quantise(const float* x, std::int64_t count, const ByteRows& rows, std::int64_t row) {
  quantise_row(x, count, rows, row);
}

void quantise_bf16(const std::uint16_t* x, std::int64_t count, const ByteRows& rows,
                   std::int64_t row) {
  quantise_row(x, count, rows, row);
}

const PackPairs kPackPairs[kFormats] = {pack_pairs<Format::kF32>, pack_pairs<Format::kBF16>,
                                        pack_pairs<Format::kF16>, pack_pairs<Format::kQ8>};

}  // namespace lectio::kernels::avx512bf16
