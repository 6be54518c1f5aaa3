// SPDX-License-Identifier: Apache-2.0
// The products of BF16 pairs and of bytes, one panel at a time.
#include "compute/kernels/cpu/narrow/narrow.h"
#include "compute/kernels/cpu/narrow/parts.h"
#include "compute/kernels/cpu/vector.h"

namespace lectio::kernels::avx512bf16 {
namespace {

constexpr int kVectors = 4;   // of 16 columns in a panel
constexpr int kPairRows = 6;  // 24 sums, 4 vectors of the panel and 1 broadcast: 29 registers
constexpr int kByteRows = 3;  // 12 sums of a block and 12 over all, 4 and 1: 29 registers

inline std::int32_t four_bytes(const void* p) {
  std::int32_t bytes = 0;
  __builtin_memcpy(&bytes, p, sizeof(bytes));
  return bytes;
}

// Stays in its register: GCC 12 would rather load a vector of the panel again for every row, and
// then loads are what the loop waits for.
inline __m512i kept(__m512i x) {
  asm("" : "+v"(x));
  return x;
}

template <int kRows>
inline void load_sums(const float* c, std::int64_t stride, bool accumulate,
                      Vec (&sums)[kRows][kVectors]) {
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = accumulate ? load(c + r * stride + v * kWidth) : zero();
    }
  }
}

template <int kRows>
inline void store_sums(const Vec (&sums)[kRows][kVectors], float* c, std::int64_t stride) {
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) store(c + r * stride + v * kWidth, sums[r][v]);
  }
}

template <int kRows>
void pair_tile(const PairProduct& p, std::int64_t row) {
  const std::uint16_t* a = p.a + row * p.a_stride;
  const std::uint16_t* b = p.b;
  float* const c = p.c + row * p.c_stride;
  const std::int64_t a_stride = p.a_stride;
  Vec sums[kRows][kVectors];
  load_sums(c, p.c_stride, p.accumulate, sums);
  for (std::int64_t k = 0; k < p.pairs; ++k, a += 2, b += 2 * kNarrowPanel) {
    __m512bh right[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      right[v] = reinterpret_cast<__m512bh>(_mm512_loadu_si512(b + v * 2 * kWidth));
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const __m512bh left =
          reinterpret_cast<__m512bh>(_mm512_set1_epi32(four_bytes(a + r * a_stride)));
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], left, right[v]);
    }
  }
  store_sums(sums, c, p.c_stride);
}

template <int kRows>
void byte_tile(const ByteProduct& p, std::int64_t row) {
  const std::int8_t* a = p.a.numbers + row * p.a.stride + p.first_block * kByteBlock;
  const float* a_scale = p.a.scales + row * p.a.blocks() + p.first_block;
  const std::int32_t* a_offset = p.a.offsets + row * p.a.blocks() + p.first_block;
  const std::int64_t a_stride = p.a.stride;
  const std::int64_t scale_stride = p.a.blocks();
  const std::uint8_t* b = p.b;
  float* const c = p.c + row * p.c_stride;
  Vec sums[kRows][kVectors];
  load_sums(c, p.c_stride, p.accumulate, sums);
  for (std::int64_t block = 0; block < p.blocks; ++block) {
    __m512i whole[kRows][kVectors];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        whole[r][v] = _mm512_set1_epi32(a_offset[r * scale_stride + block]);
      }
    }
#pragma GCC unroll 8
    for (int k = 0; k < kByteBlock; k += 4, b += 4 * kNarrowPanel) {
      __m512i right[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) right[v] = kept(_mm512_loadu_si512(b + v * 4 * kWidth));
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) {
        const __m512i left = _mm512_set1_epi32(four_bytes(a + r * a_stride + k));
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) {
          whole[r][v] = _mm512_dpbusd_epi32(whole[r][v], right[v], left);
        }
      }
    }
    a += kByteBlock;
    const auto* const b_scale = reinterpret_cast<const float*>(b);
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vec scale = all(a_scale[r * scale_stride + block]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        sums[r][v] = fma(_mm512_cvtepi32_ps(whole[r][v]), mul(scale, load(b_scale + v * kWidth)),
                         sums[r][v]);
      }
    }
    b += 4 * kNarrowPanel;
  }
  store_sums(sums, c, p.c_stride);
}

}  // namespace

void multiply_pairs(const PairProduct& p) {
  std::int64_t row = 0;
  for (; row + kPairRows <= p.rows; row += kPairRows) pair_tile<kPairRows>(p, row);
  switch (p.rows - row) {
    case 1:
      return pair_tile<1>(p, row);
    case 2:
      return pair_tile<2>(p, row);
    case 3:
      return pair_tile<3>(p, row);
    case 4:
      return pair_tile<4>(p, row);
    case 5:
      return pair_tile<5>(p, row);
    default:
      return;
  }
}

void multiply_bytes(const ByteProduct& p) {
  std::int64_t row = 0;
  for (; row + kByteRows <= p.rows; row += kByteRows) byte_tile<kByteRows>(p, row);
  switch (p.rows - row) {
    case 1:
      return byte_tile<1>(p, row);
    case 2:
      return byte_tile<2>(p, row);
    default:
      return;
  }
}

}  // namespace lectio::kernels::avx512bf16
