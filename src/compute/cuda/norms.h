// SPDX-License-Identifier: Apache-2.0
// Layer norm and RMS norm of rows, with the addition that stands before them, and their gradients:
// bf16 in memory, f32 in between, a warp to a row. Pointers are to device memory, aligned to 16
// bytes, those to results overlap nothing; `stream` is a cudaStream_t. Each returns the text of the
// launch error, or nullptr.
#pragma once

#include <cstdint>

namespace lectio::cuda {

constexpr std::int64_t kWidestNorm = 768;

struct NormShape {
  std::int64_t rows = 0;   // at least 1
  std::int64_t width = 0;  // even, at most kWidestNorm
  bool centred = true;     // layer norm, with a bias; otherwise RMS norm, with none

  std::int64_t statistics() const { return centred ? 2 * rows : rows; }    // numbers of them
  std::int64_t parameters() const { return centred ? 2 * width : width; }  // weight, bias
};

// sum = x + branch, out = (sum - mean) * scale * weight + bias, all but weight and bias [rows,
// width]. Without a branch (nullptr) x is the sum and none is written. statistics: f32 scale
// [rows], then, where centred, mean [rows].
const char* norm(const NormShape& shape, float epsilon, const void* x, const void* branch,
                 const void* weight, const void* bias, void* sum, void* out, float* statistics,
                 void* stream);

// Blocks of norm_backward, each of which sums the gradients of the parameters over its rows.
std::int64_t norm_backward_blocks(std::int64_t rows);
// From the gradient of out and, unless nullptr, that of sum by other ways: grad_x [rows, width],
// which is the branch's as well, and grad_parameters bf16 [parameters()], weight before bias.
// partial: f32 [norm_backward_blocks(rows), parameters()], overwritten.
const char* norm_backward(const NormShape& shape, const void* sum, const void* weight,
                          const float* statistics, const void* grad_out, const void* grad_sum,
                          void* grad_x, float* partial, void* grad_parameters, void* stream);

}  // namespace lectio::cuda
