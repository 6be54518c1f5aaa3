// SPDX-License-Identifier: Apache-2.0
// Products with few rows on the left and weights that are floats: every weight is read once, in its
// own format, at the speed of memory. A row's result never depends on the rows beside it. Vectors
// run along the depth; kRows x kOuts dot products at a time share what they load.
#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/cpu/parts.h"
#include "compute/kernels/cpu/vector.h"
#include "compute/kernels/cpu/weights.h"

namespace lectio::kernels::LECTIO_ISA {
namespace {

constexpr bool kManyRegisters = kWidth == 16;
constexpr int kMaxRows = kManyRegisters ? 6 : 4;
// Accumulators, one weight vector and kRows activations fit into 32 (16) registers.
// One or two rows want memory in order, one row of weights after the other: on one core that reads
// BF16 at 22.7 GB/s where four side by side read at 12.7 and a plain read at 24. More rows want the
// activations loaded for several outs.
constexpr int outs_at_a_time(int rows) { return rows <= 2 ? 1 : (kManyRegisters ? 4 : 2); }

template <int kRows, int kOuts>
void store_sums(const Vec (&sums)[kRows][kOuts], float* y, std::int64_t y_stride) {
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    float* const to = y + r * y_stride;
    if constexpr (kOuts == 4) {
      _mm_storeu_ps(to, sums_of(sums[r][0], sums[r][1], sums[r][2], sums[r][3]));
    } else {  // added up in the same order
      for (int o = 0; o < kOuts; ++o) {
        to[o] = _mm_cvtss_f32(sums_of(sums[r][o], zero(), zero(), zero()));
      }
    }
  }
}

// y[kRows, kOuts] of the outs that begin at `weight`.
template <Format kFormat, int kRows, int kOuts>
void dot_products(const FewRows& p, const float* x, const std::uint8_t* weight, float* y) {
  Vec sums[kRows][kOuts];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int o = 0; o < kOuts; ++o) sums[r][o] = zero();
  }
  Prefetcher<kOuts, bytes_of<kFormat>(kWidth)> prefetcher(weight, p.weight_stride_bytes);
  std::int64_t k = 0;
  for (; k + kWidth <= p.depth; k += kWidth) {
    prefetcher.ask();
    Vec left[kRows];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) left[r] = load(x + r * p.x_stride + k);
#pragma GCC unroll 8
    for (int o = 0; o < kOuts; ++o) {
      const std::uint8_t* const row = weight + o * p.weight_stride_bytes;
      const Vec right = load_weights<kFormat>(row, k);
#pragma GCC unroll 8
      for (int r = 0; r < kRows; ++r) sums[r][o] = fma(left[r], right, sums[r][o]);
    }
  }
  if (k < p.depth) {
    for (int o = 0; o < kOuts; ++o) {
      const Vec right =
          load_last_weights<kFormat>(weight + o * p.weight_stride_bytes, k, p.depth - k);
      for (int r = 0; r < kRows; ++r) {
        sums[r][o] = fma(load(x + r * p.x_stride + k, first(p.depth - k)), right, sums[r][o]);
      }
    }
  }
  store_sums(sums, y, p.y_stride);
}

template <Format kFormat, int kRows>
void all_outs(const FewRows& p, std::int64_t row) {
  constexpr int kOuts = outs_at_a_time(kRows);
  const float* const x = p.x + row * p.x_stride;
  float* const y = p.y + row * p.y_stride;
  const auto* const weight = static_cast<const std::uint8_t*>(p.weight);
  std::int64_t out = 0;
  for (; out + kOuts <= p.outs; out += kOuts) {
    dot_products<kFormat, kRows, kOuts>(p, x, weight + out * p.weight_stride_bytes, y + out);
  }
  for (; out < p.outs; ++out) {
    dot_products<kFormat, kRows, 1>(p, x, weight + out * p.weight_stride_bytes, y + out);
  }
}

template <Format kFormat>
void few_rows(const FewRows& p) {
  const std::int64_t groups = (p.n + kMaxRows - 1) / kMaxRows;
  std::int64_t row = 0;
  for (std::int64_t group = groups; group > 0; --group) {
    const std::int64_t rows = (p.n - row + group - 1) / group;
    switch (rows) {
      case 1:
        all_outs<kFormat, 1>(p, row);
        break;
      case 2:
        all_outs<kFormat, 2>(p, row);
        break;
      case 3:
        all_outs<kFormat, 3>(p, row);
        break;
      case 4:
        all_outs<kFormat, 4>(p, row);
        break;
      case 5:
        all_outs < kFormat, kMaxRows<5 ? kMaxRows : 5>(p, row);
        break;
      default:
        all_outs<kFormat, kMaxRows>(p, row);
        break;
    }
    row += rows;
  }
}

template <Format kFormat>
void convert(const void* source, std::int64_t count, float* y) {
  const auto* const row = static_cast<const std::uint8_t*>(source);
  std::int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) store(y + i, load_weights<kFormat>(row, i));
  if (i < count) store(y + i, load_last_weights<kFormat>(row, i, count - i), first(count - i));
}

}  // namespace

const MultiplyFewRows kFewRows[kFloatFormats] = {few_rows<Format::kF32>, few_rows<Format::kBF16>,
                                                 few_rows<Format::kF16>};
const Convert kConvert[kFormats] = {convert<Format::kF32>, convert<Format::kBF16>,
                                    convert<Format::kF16>, convert<Format::kQ8>};

}  // namespace lectio::kernels::LECTIO_ISA
