// SPDX-License-Identifier: Apache-2.0
// Products of many rows with weights in 8-bit blocks, as whole numbers of 16 bits: one instruction
// multiplies 16 pairs of numbers where one of floats multiplies eight. Sets whose float vectors are
// twice as wide gain nothing and have none of this.
#include "compute/kernels/cpu/codes.h"
#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/cpu/parts.h"
#include "compute/kernels/cpu/vector.h"
#include "compute/kernels/cpu/weights.h"

namespace lectio::kernels::LECTIO_ISA {

#if defined(__AVX512F__)

const CodeTiles kCodeTiles = {};

#else

namespace {

constexpr std::int64_t kPairs = kQ8Length / 2;
constexpr std::int64_t kPairBytes = 4 * kPanel;
constexpr std::int64_t kNumberBytes = kPairs * kPairBytes;  // behind them, the scales
constexpr std::int64_t kBlockBytes = kNumberBytes + 4 * kPanel;

// c[rows, columns] of one panel: the sums of whole numbers of a block stay in registers, those of
// floats in the nearest cache.
void multiply_tile(const CodeProduct& p, std::int64_t row, const std::uint8_t* block, float* c,
                   std::int64_t columns) {
  const std::int16_t* x = p.x + row / kTileRows * p.tile_stride;
  Vec sums[kTileRows][kPanelVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kPanelVectors; ++v) sums[r][v] = zero();
  }
  for (std::int64_t b = 0; b < p.blocks; ++b) {
    Codes totals[kTileRows][kPanelVectors];
#pragma GCC unroll 8
    for (int r = 0; r < kTileRows; ++r) {
#pragma GCC unroll 8
      for (int v = 0; v < kPanelVectors; ++v) totals[r][v] = zero_codes();
    }
#pragma GCC unroll 16
    for (int pair = 0; pair < kPairs; ++pair) {
      Codes right[kPanelVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kPanelVectors; ++v) {
        right[v] = load_codes(block + pair * kPairBytes + v * 4 * kWidth);
      }
#pragma GCC unroll 8
      for (int r = 0; r < kTileRows; ++r) {
        const Codes left = all_pairs(x + 2 * (pair * kTileRows + r));
#pragma GCC unroll 8
        for (int v = 0; v < kPanelVectors; ++v) {
          totals[r][v] = add_products(totals[r][v], left, right[v]);
          // Product by product: GCC 12 would multiply all first, and nine of the twelve sums would
          // lose their registers.
          asm("" : "+x"(totals[r][v]));
        }
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < kPanelVectors; ++v) {
      const Vec scale = load(reinterpret_cast<const float*>(block + kNumberBytes) + v * kWidth);
#pragma GCC unroll 8
      for (int r = 0; r < kTileRows; ++r) {
        sums[r][v] = fma(floats_of(totals[r][v]), scale, sums[r][v]);
      }
    }
    x += kTileRows * kQ8Length;
    block += kBlockBytes;
  }
  for (std::int64_t r = 0; r < smaller(kTileRows, p.rows - row); ++r) {
    const Vec scale = all(p.x_scales[row + r]);
    float* to = c + (row + r) * p.c_stride;
    for (std::int64_t v = 0; v * kWidth < columns; ++v, to += kWidth) {
      if (columns - v * kWidth >= kWidth) {
        store(to, fma(sums[r][v], scale, p.accumulate ? load(to) : zero()));
      } else {  // slow on some CPUs
        const Lanes lanes = first(columns - v * kWidth);
        store(to, fma(sums[r][v], scale, p.accumulate ? load(to, lanes) : zero()), lanes);
      }
    }
  }
}

void multiply_codes(const CodeProduct& p) {
  const std::uint8_t* panel = p.panels;
  for (std::int64_t column = 0; column < p.columns; column += kPanel) {
    for (std::int64_t row = 0; row < p.rows; row += kTileRows) {
      multiply_tile(p, row, panel, p.c + column, smaller(kPanel, p.columns - column));
    }
    panel += p.blocks * kBlockBytes;
  }
}

// One block of up to kWidth rows, `rows` of them there, becomes columns of a panel's block.
void pack_block(const std::uint8_t* source, std::int64_t stride_bytes, std::int64_t rows,
                std::uint8_t* numbers, float* scales) {
  for (std::int64_t half = 0; half < 2; ++half, numbers += kNumberBytes / 2) {
    Vec pairs[kWidth];
    for (std::int64_t r = 0; r < kWidth; ++r) {
      pairs[r] = zero();
      if (r >= rows) continue;
      const std::uint8_t* const values = source + r * stride_bytes + 2 + half * kCodeLanes;
      pairs[r] = _mm256_castsi256_ps(_mm256_cvtepi8_epi16(load_16_bytes(values)));
    }
    transpose(pairs);
    for (std::int64_t i = 0; i < kWidth; ++i) {
      store_codes(numbers + i * kPairBytes, _mm256_castps_si256(pairs[i]));
    }
  }
  for (std::int64_t r = 0; r < kWidth; ++r) {
    scales[r] = r < rows ? q8_scale(source + r * stride_bytes) : 0.0F;
  }
}

void pack_codes(const void* source, std::int64_t stride_bytes, std::int64_t rows,
                std::int64_t begin, std::int64_t depth, std::uint8_t* packed) {
  const auto* const from = static_cast<const std::uint8_t*>(source) + bytes_of<Format::kQ8>(begin);
  for (std::int64_t row = 0; row < rows; row += kPanel) {
    for (std::int64_t k = 0; k < depth; k += kQ8Length, packed += kBlockBytes) {
      for (std::int64_t v = 0; v < kPanelVectors; ++v) {
        const std::int64_t at = row + v * kWidth;
        pack_block(from + at * stride_bytes + bytes_of<Format::kQ8>(k), stride_bytes, rows - at,
                   packed + v * 4 * kWidth,
                   reinterpret_cast<float*>(packed + kNumberBytes) + v * kWidth);
      }
    }
  }
}

void round_rows(const float* x, std::int64_t x_stride, std::int64_t rows, std::int64_t depth,
                std::int16_t* tile, float* scales) {
  for (std::int64_t r = 0; r < kTileRows; ++r, x += x_stride) {
    const float largest = r < rows ? largest_magnitude(x, depth) : 0.0F;
    const Vec factor = all(code_factor(largest));
    scales[r] = code_scale(largest);
    for (std::int64_t k = 0; k < depth; k += kCodeLanes) {
      std::int16_t numbers[kCodeLanes] = {};
      if (r < rows) {
        store_rounded(numbers, load(x + k), factor);
        store_rounded(numbers + kWidth, load(x + k + kWidth), factor);
      }
#pragma GCC unroll 8
      for (std::int64_t i = 0; i < kCodeLanes; i += 2) {
        __builtin_memcpy(tile + (k + i) * kTileRows + 2 * r, numbers + i, 4);
      }
    }
  }
}

}  // namespace

const CodeTiles kCodeTiles = {round_rows, pack_codes, multiply_codes};

#endif

}  // namespace lectio::kernels::LECTIO_ISA
