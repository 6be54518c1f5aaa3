// SPDX-License-Identifier: Apache-2.0
// What one instruction set offers to the drivers beside this file: loops over raw memory, on the
// calling thread, that take nothing from any library. The *_isa.cpp files are compiled once per
// set, with that set's flags, and see of the project only this header and vector.h: an inline
// function or a template from elsewhere would leave a weak symbol compiled with those flags, which
// the linker might pick for the whole program (tools/check_symbols.py looks).
//
// Lengths and strides count numbers unless they say bytes. Nothing needs alignment.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lectio::kernels {

// How weights lie in memory; the order of the arrays below.
enum class Format : std::uint8_t { kF32, kBF16, kF16, kQ8, kI8 };
inline constexpr int kFormats = 4;       // of weights; kI8 are the codes of a cache
inline constexpr int kFloatFormats = 3;  // the first three

// The kernels' own names for kernels::Activation.
enum class Finish : std::uint8_t { kNone, kGelu, kQuickGelu, kAdd };

// c[rows, columns] (+)= a[rows, depth] * b[depth, columns], with b cut into panels of Isa::panel
// columns.
struct Product {
  const float* a = nullptr;
  std::int64_t a_stride = 0;
  std::int64_t rows = 0;
  const float* b =
      nullptr;  // element (k, column) of panel p: b[p * panel_stride + k * b_stride + column]
  std::int64_t b_stride = 0;
  std::int64_t panel_stride = 0;
  std::int64_t depth = 0;
  std::int64_t columns = 0;
  float* c = nullptr;
  std::int64_t c_stride = 0;
  bool accumulate = false;
};

// What relative position adds to the logits of `rows` queries against `keys` keys of a square map:
// scores[r, i] = table_h[r, y of the key] + table_w[r, x of the key]. Row r of the tables, [rows,
// 2 side - 1], holds what query number query_begin + r adds for a key that lies side - 1,
// side - 2, ... 1 - side lines (columns) before it. Floats behind scores[r, keys] may be
// overwritten up to the stride.
struct PositionBias {
  const float* table_h = nullptr;
  const float* table_w = nullptr;
  std::int64_t side = 0;
  std::int64_t query_begin = 0;
  std::int64_t rows = 0;
  std::int64_t key_begin = 0;
  std::int64_t keys = 0;
  float* scores = nullptr;
  std::int64_t score_stride = 0;
};

// One block of keys enters the running softmax of `rows` queries.
struct SoftmaxStep {
  float* scores = nullptr;  // [rows, keys]: logits on entry, exp(logit - maximum) on return
  std::int64_t score_stride = 0;
  std::int64_t rows = 0;
  std::int64_t keys = 0;
  std::int64_t key_begin = 0;  // number of the first key of this block
  const std::int64_t* visible =
      nullptr;               // [rows]: query r sees the keys below visible[r]; the others become 0
  float* maximum = nullptr;  // [rows], running
  float* sum = nullptr;      // [rows], running
  float* output = nullptr;   // [rows, width], rescaled to the new maximum
  std::int64_t output_stride = 0;
  std::int64_t width = 0;
};

// packed[ceil(rows / panel)][depth][panel] = columns [begin, begin + depth) of source[rows, ...],
// transposed; the last panel is filled up with zeros. begin and depth are multiples of 32 for kQ8.
using PackRows = void (*)(const void* source, std::int64_t stride_bytes, std::int64_t rows,
                          std::int64_t begin, std::int64_t depth, float* packed);

// y[n, outs] = x[n, depth] * weight[outs, depth]^T, reading the weights, floats, as they lie: for
// few rows n.
struct FewRows {
  const float* x = nullptr;
  std::int64_t x_stride = 0;
  std::int64_t n = 0;
  const void* weight = nullptr;
  std::int64_t weight_stride_bytes = 0;
  std::int64_t outs = 0;
  std::int64_t depth = 0;
  float* y = nullptr;
  std::int64_t y_stride = 0;
};
using MultiplyFewRows = void (*)(const FewRows&);

// One query of one head: out[dim] = softmax(q . keys) values, over `count` positions. q is scaled.
struct CachedHead {
  const float* q = nullptr;
  const void* keys = nullptr;         // [count, dim]
  const void* values = nullptr;       // [count, dim]
  const float* key_scales = nullptr;  // [count] each, of codes
  const float* value_scales = nullptr;
  std::int64_t count = 0;
  std::int64_t dim = 0;
  float* scores = nullptr;  // [count], scratch
  float* out = nullptr;
};
using AttendCached = void (*)(const CachedHead&);

using Convert = void (*)(const void* source, std::int64_t count, float* y);

// Block formats whose products with few rows are sums of whole numbers; the order of Isa::codes.
enum class CodeFormat : std::uint8_t { kQ8, kQ4, kQ5, kQ5Min, kQ4K, kQ5K, kQ6K };
inline constexpr int kCodeFormats = 7;

// y[n, outs] = x[n, depth] * weight[outs, depth]^T, with the rows of x as CodeKernels::quantize
// made them.
struct FewCodes {
  const void* x = nullptr;
  std::int64_t x_stride_bytes = 0;
  const float* x_scales = nullptr;  // [n]
  std::int64_t n = 0;
  const void* weight = nullptr;
  std::int64_t weight_stride_bytes = 0;
  std::int64_t weight_row_bytes = 0;
  std::int64_t outs = 0;
  std::int64_t depth = 0;  // whole blocks
  float* y = nullptr;
  std::int64_t y_stride = 0;
};
struct CodeKernels {
  std::int64_t step = 0;        // numbers; a row of activations is whole steps
  std::int64_t step_bytes = 0;  // of the activations of a step
  // Rounds x[depth] to 16 bits in the order that `multiply` reads: x[i] = scale * code within scale
  // / 2, scale = max |x| / 32767. Returns the scale, NaN if a number is not finite.
  float (*quantize)(const float* x, std::int64_t depth, void* out) = nullptr;
  void (*multiply)(const FewCodes&) = nullptr;
};

// c[rows, columns] (+)= x[rows, 32 blocks] * weights in whole numbers: tiles that CodeTiles::round
// made, panels that CodeTiles::pack made. The sum of a block of 32 is exact; it enters an F32 sum
// times the block's scale, and that sum enters c times the row's.
struct CodeProduct {
  const std::int16_t* x = nullptr;  // of the first tile
  std::int64_t tile_stride = 0;
  const float* x_scales = nullptr;  // [rows]
  std::int64_t rows = 0;
  const std::uint8_t* panels = nullptr;
  std::int64_t blocks = 0;
  std::int64_t columns = 0;
  float* c = nullptr;
  std::int64_t c_stride = 0;
  bool accumulate = false;
};
// Products of many rows with weights in kQ8. Depths are multiples of 32.
struct CodeTiles {
  // Rounds rows [0, rows) of x, at most Isa::tile_rows, as CodeKernels::quantize does:
  // tile[depth / 2][tile_rows][2], zeros for rows that are not there, and tile_rows scales.
  void (*round)(const float* x, std::int64_t x_stride, std::int64_t rows, std::int64_t depth,
                std::int16_t* tile, float* scales) = nullptr;
  // Panels of columns [begin, begin + depth) of source[rows, ...], the last one filled up with
  // zeros: for each block, numbers[16][Isa::panel][2] of 16 bits, then Isa::panel scales.
  void (*pack)(const void* source, std::int64_t stride_bytes, std::int64_t rows, std::int64_t begin,
               std::int64_t depth, std::uint8_t* packed) = nullptr;
  void (*multiply)(const CodeProduct&) = nullptr;  // null where floats are as fast
};

// Arrays have one function a Format unless they say otherwise. All of it is constant data: no code
// of a set runs before it is chosen.
struct Isa {
  const char* name;
  std::int64_t panel;      // columns that one inner tile of the product computes
  std::int64_t tile_rows;  // and rows

  // Blocked product; the sum over depth runs in ascending order for every element, whatever the
  // extents.
  void (*multiply)(const Product&);
  const PackRows* pack_rows;
  const MultiplyFewRows* few_rows;  // kFloatFormats
  const Convert* convert;
  const CodeKernels* codes;  // one a CodeFormat
  const CodeTiles* code_tiles;
  // y = finish(y + bias), per column; bias may be null. kAdd counts as kNone: the product before it
  // has added to y.
  void (*finish)(float* y, std::int64_t stride, std::int64_t rows, std::int64_t columns,
                 const float* bias, Finish);

  void (*position_bias)(const PositionBias&);
  const AttendCached* attend_cached;  // kFloatFormats
  AttendCached attend_codes;
  // y = x as F16, those beyond its range as its largest.
  void (*narrow_f16)(const float* x, std::int64_t count, std::uint16_t* y);
  // y = the codes of x; returns their scale (kernels::CacheView).
  float (*narrow_i8)(const float* x, std::int64_t count, std::int8_t* y);
  // y = scale * x.
  void (*widen_i8)(const std::int8_t* x, std::int64_t count, float scale, float* y);
  void (*softmax_step)(const SoftmaxStep&);
  // y[rows, width] = factor * x.
  void (*scale_rows)(const float* x, std::int64_t x_stride, std::int64_t rows, std::int64_t width,
                     float factor, float* y, std::int64_t y_stride);

  // y may be an input in all of these.
  void (*layer_norm)(const float* x, std::int64_t rows, std::int64_t width, const float* weight,
                     const float* bias, float eps, float* y);
  void (*rms_norm)(const float* x, std::int64_t rows, std::int64_t width, const float* weight,
                   float eps, float* y);
  void (*softmax)(const float* x, std::int64_t rows, std::int64_t width, float* y);
  void (*add)(const float* a, const float* b, std::int64_t count, float* y);
  void (*silu_mul)(const float* gate, const float* up, std::int64_t count, float* y);
  // Rotates the pairs (x[i], x[i + half]) of consecutive heads of 2 * half numbers by position *
  // frequencies[i].
  void (*rotate)(float* x, std::int64_t heads, std::int64_t half, const float* frequencies,
                 float position);
};

namespace avx2 {
extern const Isa kIsa;
}
namespace avx512 {
extern const Isa kIsa;
}
namespace avx512bf16 {  // with AVX-512's BF16 and VNNI
extern const Isa kIsa;
}

}  // namespace lectio::kernels
