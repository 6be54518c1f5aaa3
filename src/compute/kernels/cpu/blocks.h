// SPDX-License-Identifier: Apache-2.0
// The blocked matrix product with a packed right side, for linear and conv2d.
#pragma once

#include <cstdint>

#include "compute/kernels/cpu/isa.h"
#include "compute/kernels/kernels.h"

namespace lectio::kernels::cpu {

// The depth of a block: its panels stay in the first or second level of cache while rows pass by.
inline constexpr std::int64_t kDepthBlock = 256;
// Columns and rows of a task: packed block, rows and results together fill less than a megabyte of
// second-level cache.
inline constexpr std::int64_t kColumnBlock = 512;
inline constexpr std::int64_t kRowBlock = 96;

constexpr std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
constexpr std::int64_t round_up(std::int64_t a, std::int64_t b) { return divide_up(a, b) * b; }

// The isa's Format of a weight; checks that there is one.
Format format_of(DType dtype);

// Some rows of a weight [rows, depth], cut into blocks of kDepthBlock columns and each block into
// panels.
struct PackedRows {
  const float* data = nullptr;
  std::int64_t rows = 0;
  std::int64_t depth = 0;
  std::int64_t panel = 0;

  static std::int64_t floats(const Isa& isa, std::int64_t rows, std::int64_t depth) {
    return round_up(rows, isa.panel) * depth;
  }
};

// Packs `rows` rows of a weight that begin at `source` into `storage` (PackedRows::floats long).
PackedRows pack(const Isa& isa, Context& context, const void* source, DType dtype,
                std::int64_t rows, std::int64_t depth, float* storage);

// y[rows, columns] = finish(a[rows, packed.depth] * packed rows [column_begin, column_begin +
// columns)^T + bias), on the calling thread. column_begin is a multiple of the panel; bias is that
// of column_begin, or null.
struct TileOutput {
  float* y = nullptr;
  std::int64_t y_stride = 0;
  const float* bias = nullptr;
  Finish finish = Finish::kNone;
};
void multiply_tile(const Isa& isa, const float* a, std::int64_t a_stride, std::int64_t rows,
                   const PackedRows& packed, std::int64_t column_begin, std::int64_t columns,
                   const TileOutput& output);

}  // namespace lectio::kernels::cpu
