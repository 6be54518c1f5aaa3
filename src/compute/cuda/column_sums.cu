// SPDX-License-Identifier: Apache-2.0
#include "compute/cuda/column_sums.h"

#include <algorithm>

#include "compute/cuda/eight.cuh"
#include "compute/cuda/launch.h"

namespace lectio::cuda {
namespace {

// First stage: a block takes 64 columns, eight lanes of 16 bytes to a row, and 32 rows at a time.
constexpr int kColumns = 64;
constexpr int kLanes = kColumns / 8;
constexpr int kRows = 32;
constexpr int kThreads = kLanes * kRows;
constexpr std::int64_t kRowsOfBlock = 256;  // at least, where there are as many
constexpr std::int64_t kMostBlocks = 256;

__global__ void __launch_bounds__(kThreads)
    column_sums_kernel(std::int64_t rows, std::int64_t columns, const Bf16* x, float* partial) {
  __shared__ float sums[kRows][kColumns];
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int slice = static_cast<int>(threadIdx.x) / kLanes;
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * kColumns;
  const std::int64_t column = first + 8 * lane;
  Eight sum = {};
  if (column < columns) {
    const std::int64_t step = static_cast<std::int64_t>(gridDim.y) * kRows;
#pragma unroll 4
    for (std::int64_t row = static_cast<std::int64_t>(blockIdx.y) * kRows + slice; row < rows;
         row += step) {
      const Eight more = load(x + row * columns + column);
#pragma unroll
      for (int k = 0; k < 8; ++k) sum.v[k] += more.v[k];
    }
  }
#pragma unroll
  for (int k = 0; k < 8; ++k) sums[slice][8 * lane + k] = sum.v[k];
  __syncthreads();
  const int own = static_cast<int>(threadIdx.x);
  if (own >= kColumns || first + own >= columns) return;
  float total = 0;
#pragma unroll
  for (int i = 0; i < kRows; ++i) total += sums[i][own];
  partial[static_cast<std::int64_t>(blockIdx.y) * columns + first + own] = total;
}

// Second stage: a block takes 32 columns, each warp every 32nd row.
constexpr int kSlices = 32;

__global__ void __launch_bounds__(32 * kSlices)
    fold_rows_kernel(std::int64_t blocks, std::int64_t columns, const float* partial, Bf16* out) {
  __shared__ float sums[kSlices][32];
  const int lane = static_cast<int>(threadIdx.x) % 32, slice = static_cast<int>(threadIdx.x) / 32;
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * 32 + lane;
  float sum = 0;
  if (column < columns) {
#pragma unroll 4
    for (std::int64_t block = slice; block < blocks; block += kSlices) {
      sum += partial[block * columns + column];
    }
  }
  sums[slice][lane] = sum;
  __syncthreads();
  if (slice > 0 || column >= columns) return;
  float total = 0;
#pragma unroll
  for (int i = 0; i < kSlices; ++i) total += sums[i][lane];
  out[column] = __float2bfloat16_rn(total);
}

}  // namespace

std::int64_t column_sum_blocks(std::int64_t rows) {
  return std::min(kMostBlocks, (rows + kRowsOfBlock - 1) / kRowsOfBlock);
}

const char* column_sums(std::int64_t rows, std::int64_t columns, const void* x, float* partial,
                        void* out, void* stream) {
  const std::int64_t blocks = column_sum_blocks(rows);
  const dim3 grid(static_cast<unsigned>((columns + kColumns - 1) / kColumns),
                  static_cast<unsigned>(blocks));
  column_sums_kernel<<<grid, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(
      rows, columns, static_cast<const Bf16*>(x), partial);
  if (const char* error = launch_error(); error != nullptr) return error;
  return fold_rows(blocks, columns, partial, out, stream);
}

const char* fold_rows(std::int64_t blocks, std::int64_t columns, const float* partial, void* out,
                      void* stream) {
  fold_rows_kernel<<<static_cast<unsigned>((columns + 31) / 32), 32 * kSlices, 0,
                     static_cast<cudaStream_t>(stream)>>>(blocks, columns, partial,
                                                          static_cast<Bf16*>(out));
  return launch_error();
}

}  // namespace lectio::cuda
