// SPDX-License-Identifier: Apache-2.0
// Operations that only move bytes, each in one pass over them: bf16 in memory, f32 in between, 16
// bytes a thread. Pointers are to device memory, aligned to 16 bytes; `stream` is a cudaStream_t.
// Each returns the text of the launch error, or nullptr.
#pragma once

#include <cstdint>

namespace lectio::cuda {

// Half-rotate (spec 4.3) of x [rows, heads, 2 * half]: row r stands at position r % length of the
// tables, f32 [length, half]; half a multiple of 8. `backwards` turns the other way, which is the
// gradient.
const char* rotate_halves(std::int64_t rows, std::int64_t heads, std::int64_t half,
                          std::int64_t length, const void* x, const float* cosine,
                          const float* sine, bool backwards, void* out, void* stream);

struct GatedShape {
  std::int64_t rows = 0;
  std::int64_t groups = 1;  // columns that share a weight: experts
  std::int64_t group = 0;   // columns of one, a multiple of 8
};

// out = silu(gate) * up * weight, all [rows, groups * group]; weights f32 [rows, groups], or
// nullptr for ones.
const char* gated(const GatedShape& shape, const void* gate, const void* up, const float* weights,
                  void* out, void* stream);
// grad_weights f32 [rows, groups], written where weights are given.
const char* gated_backward(const GatedShape& shape, const void* gate, const void* up,
                           const float* weights, const void* grad_out, void* grad_gate,
                           void* grad_up, float* grad_weights, void* stream);

// A map [batch, height, width, channels] and its windows of side x side [batch * rows * columns,
// side, side, channels], cut from the upper left; channels a multiple of 8.
struct WindowShape {
  std::int64_t batch = 0, height = 0, width = 0, channels = 0, side = 0;

  std::int64_t rows() const { return (height + side - 1) / side; }
  std::int64_t columns() const { return (width + side - 1) / side; }
};
// Windows over the border are filled up with zeros.
const char* cut_windows(const WindowShape& shape, const void* map, void* windows, void* stream);
// What was filled up is dropped. Each is the gradient of the other.
const char* join_windows(const WindowShape& shape, const void* windows, void* map, void* stream);

}  // namespace lectio::cuda
