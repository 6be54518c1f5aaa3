// SPDX-License-Identifier: Apache-2.0
// Products of few rows with weights in block formats. The activations of a row are rounded once to
// 16 bits, x = scale * a with |a| <= 32767; then the products of a block are sums of whole numbers,
// exact in 32 bits, and only the block's scale and the sum over blocks round. So a row's result
// never depends on the rows beside it.
#include "compute/kernels/cpu/code_blocks.h"
#include "compute/kernels/cpu/codes.h"
#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/cpu/parts.h"
#include "compute/kernels/cpu/vector.h"
#include "compute/kernels/cpu/weights.h"

namespace lectio::kernels::LECTIO_ISA {
namespace {

constexpr int kMaxRows = kWidth == 16 ? 8 : 4;
constexpr int at_most(int rows) { return rows < kMaxRows ? rows : kMaxRows; }
// One or two rows want memory in order; more want the activations loaded for two outs, where the
// registers hold the codes of both.
template <typename Block>
constexpr int outs_at_a_time(int rows) {
  return rows <= 2 || Block::kCodes > 4 ? 1 : 2;
}

// Vectors whose products a lane of 32 bits holds: two of 16 bits by 13 in each.
constexpr int kMostCodes = 8;

// Activations of a step: the vectors of codes, then what the offset makes of them, then the sums of
// the runs.
template <typename Block>
constexpr std::int64_t kStepVectors = Block::kCodes + (Block::kOffset != 0 ? 1 : 0) +
                                      (Block::kHasMinimum ? 1 : 0);
constexpr std::int64_t kVectorBytes = 2 * kCodeLanes;

// numbers[kNumbers] to the codes of one step.
template <typename Block>
void order_step(const std::int16_t* numbers, std::uint8_t* to) {
  std::int16_t ordered[Block::kCodes * kCodeLanes];
  for (std::int64_t c = 0; c < Block::kCodes; ++c) {
    for (std::int64_t w = 0; w < kCodeLanes; ++w) {
      ordered[c * kCodeLanes + w] = numbers[Block::source(c, w)];
    }
  }
  Codes offset = zero_codes();
  for (std::int64_t c = 0; c < Block::kCodes; ++c, to += kVectorBytes) {
    const Codes codes = load_codes(ordered + c * kCodeLanes);
    store_codes(to, codes);
    offset = add_products(offset, codes, all_codes(Block::kOffset));
  }
  if constexpr (Block::kOffset != 0) {
    store_codes(to, offset);
    to += kVectorBytes;
  }
  if constexpr (Block::kHasMinimum) {
    float sums[kWidth] = {};
    for (std::int64_t run = 0; run < Block::kNumbers / 32; ++run) {
      std::int32_t sum = 0;
      for (std::int64_t i = 0; i < 32; ++i) sum += numbers[32 * run + i];
      sums[run] = static_cast<float>(sum);
    }
    store(reinterpret_cast<float*>(to), load(sums));
  }
}

template <typename Block>
float quantize(const float* x, std::int64_t depth, void* out) {
  const float largest = largest_magnitude(x, depth);
  const Vec factor = all(code_factor(largest));
  auto* to = static_cast<std::uint8_t*>(out);
  for (std::int64_t begin = 0; begin < depth; begin += Block::kNumbers) {
    std::int16_t numbers[Block::kNumbers];
    for (std::int64_t i = 0; i < Block::kNumbers; i += kWidth) {
      const std::int64_t left = depth - begin - i;
      const Vec v = left >= kWidth ? load(x + begin + i)
                                   : (left > 0 ? load(x + begin + i, first(left)) : zero());
      store_rounded(numbers + i, v, factor);
    }
    order_step<Block>(numbers, to);
    to += kStepVectors<Block> * kVectorBytes;
  }
  return code_scale(largest);
}

// One step of kOuts weight rows against kRows rows of activations.
template <typename Block, int kRows, int kOuts>
inline void add_step(const std::uint8_t* const (&steps)[kOuts], const std::uint8_t* x,
                     std::int64_t x_stride_bytes, Vec (&sums)[kRows][kOuts]) {
  Codes codes[kOuts][Block::kCodes];
  Vec scales[kOuts];
  Vec minima[kOuts];
#pragma GCC unroll 2
  for (int o = 0; o < kOuts; ++o) Block::unpack(steps[o], codes[o], scales[o], minima[o]);
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    const std::uint8_t* const row = x + r * x_stride_bytes;
    Codes totals[kOuts];
    const Codes start =
        Block::kOffset == 0 ? zero_codes() : load_codes(row + Block::kCodes * kVectorBytes);
#pragma GCC unroll 2
    for (int o = 0; o < kOuts; ++o) totals[o] = start;
#pragma GCC unroll 16
    for (int c = 0; c < Block::kCodes; ++c) {
      if (c > 0 && c % kMostCodes == 0) {  // more might not fit into 32 bits
#pragma GCC unroll 2
        for (int o = 0; o < kOuts; ++o) {
          sums[r][o] = fma(floats_of(totals[o]), scales[o], sums[r][o]);
          totals[o] = zero_codes();
        }
      }
      const Codes left = load_codes(row + c * kVectorBytes);
#pragma GCC unroll 2
      for (int o = 0; o < kOuts; ++o) totals[o] = add_products(totals[o], codes[o][c], left);
    }
#pragma GCC unroll 2
    for (int o = 0; o < kOuts; ++o) {
      Vec& sum = sums[r][o];
      sum = fma(floats_of(totals[o]), scales[o], sum);
      if constexpr (Block::kHasMinimum) {
        const auto* const runs =
            reinterpret_cast<const float*>(row + (kStepVectors<Block> - 1) * kVectorBytes);
        sum = fma(load(runs), minima[o], sum);
      }
    }
  }
}

// y[kRows, kOuts] of the outs that begin at `weight`.
template <typename Block, int kRows, int kOuts>
void dot_products(const FewCodes& p, const std::uint8_t* x, const float* scales,
                  const std::uint8_t* weight, float* y) {
  Vec sums[kRows][kOuts];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
    for (int o = 0; o < kOuts; ++o) sums[r][o] = zero();
  }
  Prefetcher<kOuts, Block::kBytes> prefetcher(weight, p.weight_stride_bytes);
  std::int64_t offset = 0;
  std::int64_t left = p.depth;
  const std::uint8_t* steps[kOuts];
  for (; left >= Block::kNumbers; left -= Block::kNumbers, offset += Block::kBytes) {
#pragma GCC unroll 2
    for (int o = 0; o < kOuts; ++o) {
      steps[o] = weight + o * p.weight_stride_bytes + offset;
    }
    prefetcher.ask();
    add_step<Block, kRows, kOuts>(steps, x, p.x_stride_bytes, sums);
    x += kStepVectors<Block> * kVectorBytes;
  }
  if (left > 0) {  // some blocks of the last step: behind them, zeros
    std::uint8_t last[kOuts][Block::kBytes] = {};
    for (int o = 0; o < kOuts; ++o) {
      const std::uint8_t* const step = weight + o * p.weight_stride_bytes + offset;
      __builtin_memcpy(last[o], step, static_cast<std::size_t>(p.weight_row_bytes - offset));
      steps[o] = last[o];
    }
    add_step<Block, kRows, kOuts>(steps, x, p.x_stride_bytes, sums);
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    float totals[4];
    const Vec second = kOuts > 1 ? sums[r][kOuts - 1] : zero();
    _mm_storeu_ps(totals,
                  _mm_mul_ps(sums_of(sums[r][0], second, zero(), zero()), _mm_set1_ps(scales[r])));
    for (int o = 0; o < kOuts; ++o) y[r * p.y_stride + o] = totals[o];
  }
}

template <typename Block, int kRows>
void all_outs(const FewCodes& p, std::int64_t row) {
  constexpr int kOuts = outs_at_a_time<Block>(kRows);
  const auto* const x = static_cast<const std::uint8_t*>(p.x) + row * p.x_stride_bytes;
  const auto* weight = static_cast<const std::uint8_t*>(p.weight);
  const float* const scales = p.x_scales + row;
  float* const y = p.y + row * p.y_stride;
  std::int64_t out = 0;
  for (; out + kOuts <= p.outs; out += kOuts) {
    dot_products<Block, kRows, kOuts>(p, x, scales, weight + out * p.weight_stride_bytes, y + out);
  }
  for (; out < p.outs; ++out) {
    dot_products<Block, kRows, 1>(p, x, scales, weight + out * p.weight_stride_bytes, y + out);
  }
}

template <typename Block>
void multiply(const FewCodes& p) {
  using AllOuts = void (*)(const FewCodes&, std::int64_t);
  static constexpr AllOuts kByRows[] = {all_outs<Block, 1>,          all_outs<Block, 2>,
                                        all_outs<Block, 3>,          all_outs<Block, 4>,
                                        all_outs<Block, at_most(5)>, all_outs<Block, at_most(6)>,
                                        all_outs<Block, at_most(7)>, all_outs<Block, at_most(8)>};
  std::int64_t row = 0;
  for (std::int64_t groups = (p.n + kMaxRows - 1) / kMaxRows; groups > 0; --groups) {
    const std::int64_t rows = (p.n - row + groups - 1) / groups;
    kByRows[rows - 1](p, row);
    row += rows;
  }
}

template <typename Block>
constexpr CodeKernels kernels_of() {
  return {Block::kNumbers, kStepVectors<Block> * kVectorBytes, quantize<Block>, multiply<Block>};
}

}  // namespace

const CodeKernels kCodeKernels[kCodeFormats] = {
    kernels_of<Q8Codes>(),  kernels_of<Q4Codes>(),  kernels_of<Q5Codes>(), kernels_of<Q5MinCodes>(),
    kernels_of<Q4KCodes>(), kernels_of<Q5KCodes>(), kernels_of<Q6KCodes>()};

}  // namespace lectio::kernels::LECTIO_ISA
