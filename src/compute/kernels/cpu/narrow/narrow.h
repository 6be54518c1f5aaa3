// SPDX-License-Identifier: Apache-2.0
// Products whose factors are narrow, BF16 or 8 bits, with sums in F32: what the *_isa.cpp files
// beside this one offer to the drivers. The rules of isa.h hold here too. These files are compiled
// for AVX-512 with its BF16 and VNNI instructions.
//
// The right side of a product is cut into panels of kNarrowPanel columns, filled up with zeros: a
// product computes whole panels, into memory that has room for them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "compute/kernels/cpu/isa.h"

namespace lectio::kernels {

inline constexpr std::int64_t kNarrowPanel = 64;
inline constexpr std::int64_t kByteBlock = 32;  // numbers that share a scale

// c[rows, kNarrowPanel] (+)= a[rows, 2 pairs] * b, for one panel b[pairs][kNarrowPanel][2] of BF16
// numbers. The instruction flushes subnormal numbers to zero and rounds to nearest.
struct PairProduct {
  const std::uint16_t* a = nullptr;
  std::int64_t a_stride = 0;
  std::int64_t rows = 0;
  const std::uint16_t* b = nullptr;
  std::int64_t pairs = 0;
  float* c = nullptr;
  std::int64_t c_stride = 0;
  bool accumulate = false;
};

// Rows of 8-bit numbers in blocks of kByteBlock: value = scale * number.
struct ByteRows {
  std::int8_t* numbers = nullptr;   // [rows, stride]
  float* scales = nullptr;          // [rows, blocks a row]
  std::int32_t* offsets = nullptr;  // [rows, blocks a row]: -128 times the sum of the block
  std::int64_t stride = 0;          // numbers from row to row, a multiple of kByteBlock

  std::int64_t blocks() const { return stride / kByteBlock; }
};

// A panel of 8-bit weights is, for each block of the depth, [kByteBlock / 4][kNarrowPanel][4]
// numbers + 128 and kNarrowPanel scales.
inline constexpr std::int64_t kBytePanelBlock = kByteBlock * kNarrowPanel + 4 * kNarrowPanel;

// c[rows, kNarrowPanel] (+)= a * b over blocks [first_block, first_block + blocks) of a's rows,
// where b begins at first_block. The sum of a block is exact; it enters an F32 sum times both
// scales.
struct ByteProduct {
  ByteRows a;
  std::int64_t first_block = 0;
  std::int64_t rows = 0;
  const std::uint8_t* b = nullptr;
  std::int64_t blocks = 0;
  float* c = nullptr;
  std::int64_t c_stride = 0;
  bool accumulate = false;
};

// One panel from numbers [begin, begin + depth) of `rows` rows of weights, at most kNarrowPanel:
// packed[ceil(depth / 2)][kNarrowPanel][2], or the blocks of a byte panel. begin and depth are
// multiples of 32 for kQ8.
using PackPairs = void (*)(const void* source, std::int64_t stride_bytes, std::int64_t rows,
                           std::int64_t begin, std::int64_t depth, std::uint16_t* packed);
using PackBytes = void (*)(const void* source, std::int64_t stride_bytes, std::int64_t rows,
                           std::int64_t begin, std::int64_t depth, std::uint8_t* packed);

// What follows a product: y = finish(c + bias), or y += c + bias; y is F32 or BF16.
struct NarrowFinish {
  const float* c = nullptr;
  std::int64_t c_stride = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  const float* bias = nullptr;  // or null
  Finish finish = Finish::kNone;
  void* y = nullptr;
  std::int64_t y_stride = 0;
  bool y_is_bf16 = false;
};

// Attention works on so many keys at a time, whole panels of them.
inline constexpr std::int64_t kNarrowKeyBlock = 512;

// Some queries of one head against packed keys and values. Sizes with `rows` belong to the thread;
// all memory is the caller's.
struct NarrowAttention {
  const std::uint16_t* q = nullptr;  // [rows, 2 pairs]
  std::int64_t rows = 0;
  std::int64_t pairs = 0;
  const std::uint16_t* keys = nullptr;    // panels[pairs][kNarrowPanel][2]
  const std::uint16_t* values = nullptr;  // panels[count / 2][kNarrowPanel][2], keys in pairs
  std::int64_t value_panel = 0;           // numbers from one panel of values to the next
  std::int64_t count = 0;                 // keys, a multiple of kNarrowPanel
  std::int64_t used = 0;  // of them, a multiple of 32: no query sees what comes behind
  float scale = 1.0F;     // of a product; logits are to the base 2
  // What key number i gains: bias_h[row, i / line] + bias_w[row, i % line], or null. line is a
  // multiple of 16.
  const float* bias_h = nullptr;  // [rows, lines]
  const float* bias_w = nullptr;  // [rows, line]
  std::int64_t lines = 0;
  std::int64_t line = 0;
  const std::int64_t* visible = nullptr;  // [rows]: sees the keys below; null: all. Without bias.
  std::int64_t width = 0;                 // of output, a multiple of kNarrowPanel
  float* scores = nullptr;                // [rows, kNarrowKeyBlock]
  std::uint16_t* weights = nullptr;       // [rows, kNarrowKeyBlock]
  float* top = nullptr;                   // [rows, 16]
  float* sum = nullptr;                   // [rows, 16]
  float* maximum = nullptr;               // [rows]
  float* output = nullptr;                // [rows, width]: the result
};

// bias[row, i] = factor * products[row, side - 1 - place[row] + i] for i < side; what no logit
// survives for the others up to length, a multiple of 16.
struct PlacedBias {
  const float* products = nullptr;
  std::int64_t product_stride = 0;
  std::int64_t rows = 0;
  std::int64_t side = 0;
  const std::int64_t* place = nullptr;  // [rows]
  float factor = 1.0F;
  float* bias = nullptr;
  std::int64_t length = 0;
};

struct Narrow {
  void (*multiply_pairs)(const PairProduct&);
  void (*multiply_bytes)(const ByteProduct&);
  const PackPairs* pack_pairs;  // one a Format
  PackBytes pack_bytes;         // for kQ8
  void (*finish)(const NarrowFinish&);
  // y = x to the nearest BF16.
  void (*round)(const float* x, std::int64_t count, std::uint16_t* y);
  // Row `row` of rows from `count` numbers, with zeros behind them: scale = the largest magnitude
  // of a block / 127, numbers to the nearest.
  void (*quantise)(const float* x, std::int64_t count, const ByteRows& rows, std::int64_t row);
  void (*quantise_bf16)(const std::uint16_t* x, std::int64_t count, const ByteRows& rows,
                        std::int64_t row);

  void (*attend)(const NarrowAttention&);
  void (*place_bias)(const PlacedBias&);
  // kNarrowPanel rows of `width` numbers, each wherever its pointer says (null: zeros), as one
  // panel of keys, [ceil(width / 2)][kNarrowPanel][2].
  void (*pack_keys)(const std::uint16_t* const* rows, std::int64_t width, std::uint16_t* packed);
  // The same for values: rows in pairs, [kNarrowPanel / 2][kNarrowPanel][2] in each panel of the
  // width, the last one filled up with zeros.
  void (*pack_values)(const std::uint16_t* const* rows, std::int64_t width,
                      std::int64_t value_panel, std::uint16_t* packed);
};

namespace avx512bf16 {
extern const Narrow kNarrow;
}

}  // namespace lectio::kernels
