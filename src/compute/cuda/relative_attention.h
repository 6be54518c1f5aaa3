// SPDX-License-Identifier: Apache-2.0
// Attention over an h x w map with decomposed relative positions (spec 3.1), forward and backward,
// on NVIDIA cards of compute capability 8.0 and later, in bf16 with f32 sums:
//
//   scores[q, k] = q . k / 8 + A_h[q, y_k] + A_w[q, x_k],   out = softmax(scores) v
//
// with A_h[q, y'] = P[q, y_q - y' + h - 1] and A_w[q, x'] = P[q, 2h - 1 + x_q - x' + w - 1], where
// P = q . [table_h; table_w]^T is the caller's product. No score leaves the chip: the position term
// is one number a query and key row plus one a query and key column.
#pragma once

#include <cstdint>

namespace lectio::cuda {

inline constexpr int kRelativeHeadDim = 64;  // the only head width
inline constexpr int kRelativeMaxSide = 80;  // of the map, in patches

struct RelativeShape {
  std::int64_t batch = 0;  // maps: pages, or windows of pages; at most 65,535
  std::int64_t heads = 0;
  std::int64_t h = 0, w = 0;

  std::int64_t tokens() const { return h * w; }
  // Columns of P and of its gradient: 2h - 1 + 2w - 1 rounded up to 8.
  std::int64_t position_columns() const { return (2 * (h + w) - 2 + 7) / 8 * 8; }
  // Columns of the scratch `terms`: A_h and A_w, each padded for 16-byte access.
  std::int64_t term_columns() const;
  bool supported() const;
};

// Device pointers; bf16 unless it says f32. None may overlap. qkv and out as the products around
// attention have them, so that no copy stands between.
struct RelativeForward {
  const void* qkv = nullptr;        // [batch, n, 3, heads, 64]
  const void* positions = nullptr;  // P [heads, batch * n, position_columns]
  void* terms = nullptr;            // [heads, batch * n, term_columns]; kept for backward
  void* out = nullptr;              // [batch, n, heads, 64]
  float* log_sums = nullptr;        // f32 [heads, batch * n]; kept for backward
};

struct RelativeBackward {
  const void* qkv = nullptr;
  const void* terms = nullptr;
  const void* out = nullptr;
  const float* log_sums = nullptr;
  const void* grad_out = nullptr;  // [batch, n, heads, 64]
  float* deltas = nullptr;         // scratch f32 [heads, batch * n]
  void* grad_terms = nullptr;      // scratch, as terms
  void* grad_qkv = nullptr;        // written whole; of q without what comes through P
  void* grad_positions = nullptr;  // of P, written whole
};

// `stream` is a cudaStream_t. Work is queued, nothing waits. The text of the launch error, or
// nullptr.
const char* relative_attention(const RelativeShape& shape, const RelativeForward& args,
                               void* stream);
const char* relative_attention_backward(const RelativeShape& shape, const RelativeBackward& args,
                                        void* stream);

}  // namespace lectio::cuda
