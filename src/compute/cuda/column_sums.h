// SPDX-License-Identifier: Apache-2.0
// Sums over rows, such as the gradient of a bias: in f32, in two stages whose order depends on the
// shape alone, so that the same numbers give the same bits. Pointers are to device memory, aligned
// to 16 bytes; `stream` is a cudaStream_t. Each returns the text of the launch error, or nullptr.
#pragma once

#include <cstdint>

namespace lectio::cuda {

// Blocks of rows that are summed first, each to a row of its own.
std::int64_t column_sum_blocks(std::int64_t rows);
// x bf16 [rows, columns], columns a multiple of 8, rows at least 1 -> out bf16 [columns]. partial:
// f32 [column_sum_blocks(rows), columns], overwritten.
const char* column_sums(std::int64_t rows, std::int64_t columns, const void* x, float* partial,
                        void* out, void* stream);
// The second stage: partial f32 [blocks, columns] -> out bf16 [columns], for any number of columns.
const char* fold_rows(std::int64_t blocks, std::int64_t columns, const float* partial, void* out,
                      void* stream);

}  // namespace lectio::cuda
