// SPDX-License-Identifier: Apache-2.0
// The blocked matrix product, and the packing of its right side.
#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/cpu/parts.h"
#include "compute/kernels/cpu/vector.h"
#include "compute/kernels/cpu/weights.h"

namespace lectio::kernels::LECTIO_ISA {
namespace {

// One inner tile: c[kRows, kVectors * kWidth], all of it in registers while k runs. With kTail the
// last vector has only the lanes of `tail`.
template <int kRows, int kVectors, bool kTail>
void multiply_tile(const Product& p, const float* a, const float* b, float* c, Lanes tail) {
  Vec sums[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      const float* const from = c + r * p.c_stride + v * kWidth;
      if (!p.accumulate) {
        sums[r][v] = zero();
      } else {
        sums[r][v] = kTail && v == kVectors - 1 ? load(from, tail) : load(from);
      }
    }
  }
  const std::int64_t depth = p.depth;
  const std::int64_t a_stride = p.a_stride;
  const std::int64_t b_stride = p.b_stride;
  for (std::int64_t k = 0; k < depth; ++k, b += b_stride) {
    Vec right[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      right[v] = kTail && v == kVectors - 1 ? load(b + v * kWidth, tail) : load(b + v * kWidth);
    }
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Vec left = all(a[r * a_stride + k]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sums[r][v] = fma(left, right[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      float* const to = c + r * p.c_stride + v * kWidth;
      if (kTail && v == kVectors - 1) {
        store(to, sums[r][v], tail);
      } else {
        store(to, sums[r][v]);
      }
    }
  }
}

// All rows of one panel.
template <int kVectors, bool kTail>
void multiply_panel(const Product& p, const float* b, float* c, Lanes tail) {
  std::int64_t row = 0;
  for (; row + kTileRows <= p.rows; row += kTileRows) {
    multiply_tile<kTileRows, kVectors, kTail>(p, p.a + row * p.a_stride, b, c + row * p.c_stride,
                                              tail);
  }
  const float* const a = p.a + row * p.a_stride;
  float* const rest = c + row * p.c_stride;
  switch (p.rows - row) {
    case 1:
      return multiply_tile<1, kVectors, kTail>(p, a, b, rest, tail);
    case 2:
      return multiply_tile<2, kVectors, kTail>(p, a, b, rest, tail);
    case 3:
      return multiply_tile<3, kVectors, kTail>(p, a, b, rest, tail);
    case 4:
      return multiply_tile<4, kVectors, kTail>(p, a, b, rest, tail);
    case 5:
      return multiply_tile<5, kVectors, kTail>(p, a, b, rest, tail);
    default:
      return;
  }
}

// A last panel of 1 to kPanel columns: as few vectors as hold it.
template <int kVectors>
void multiply_last_panel(const Product& p, const float* b, float* c, std::int64_t columns) {
  if constexpr (kVectors > 1) {
    if (columns <= (kVectors - 1) * kWidth)
      return multiply_last_panel<kVectors - 1>(p, b, c, columns);
  }
  multiply_panel<kVectors, true>(p, b, c, first(columns - (kVectors - 1) * kWidth));
}

// Sixteen (or eight) rows at a time become columns.
template <Format kFormat>
void pack_vector_column(const std::uint8_t* source, std::int64_t stride_bytes, std::int64_t rows,
                        std::int64_t begin, std::int64_t depth, float* packed) {
  for (std::int64_t k = 0; k < depth; k += kWidth) {
    const std::int64_t count = smaller(kWidth, depth - k);
    Vec block[kWidth];
    for (std::int64_t r = 0; r < kWidth; ++r) {
      const std::uint8_t* const row = source + r * stride_bytes;
      if (r >= rows) {
        block[r] = zero();
      } else if (count == kWidth) {
        block[r] = load_weights<kFormat>(row, begin + k);
      } else {
        block[r] = load_last_weights<kFormat>(row, begin + k, count);
      }
    }
    transpose(block);
    for (std::int64_t i = 0; i < count; ++i) store(packed + (k + i) * kPanel, block[i]);
  }
}

template <Format kFormat>
void pack(const void* source, std::int64_t stride_bytes, std::int64_t rows, std::int64_t begin,
          std::int64_t depth, float* packed) {
  for (std::int64_t row = 0; row < rows; row += kPanel, packed += depth * kPanel) {
    for (int v = 0; v < kPanelVectors; ++v) {
      const std::int64_t at = row + v * kWidth;
      const auto* const from = static_cast<const std::uint8_t*>(source) + at * stride_bytes;
      pack_vector_column<kFormat>(from, stride_bytes, rows - at, begin, depth, packed + v * kWidth);
    }
  }
}

}  // namespace

void multiply(const Product& p) {
  const float* b = p.b;
  for (std::int64_t column = 0; column < p.columns; column += kPanel, b += p.panel_stride) {
    float* const c = p.c + column;
    if (p.columns - column >= kPanel) {
      multiply_panel<kPanelVectors, false>(p, b, c, Lanes{});
    } else {
      multiply_last_panel<kPanelVectors>(p, b, c, p.columns - column);
    }
  }
}

const PackRows kPackRows[kFormats] = {pack<Format::kF32>, pack<Format::kBF16>, pack<Format::kF16>,
                                      pack<Format::kQ8>};

}  // namespace lectio::kernels::LECTIO_ISA
