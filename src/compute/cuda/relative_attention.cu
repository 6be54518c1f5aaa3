// SPDX-License-Identifier: Apache-2.0
#include <cuda_bf16.h>

#include <algorithm>
#include <cmath>

#include "compute/cuda/launch.h"
#include "compute/cuda/products.cuh"
#include "compute/cuda/relative_attention.h"

namespace lectio::cuda {
namespace {

constexpr int kThreads = 128;      // a group of four warps
constexpr int kQueries = 64;       // of a tile: 16 a warp
constexpr int kForwardGroups = 2;  // of the forward pass, each with a tile
constexpr int kKeyTile = 128;      // of the gradients of keys and values: twice 16 a warp
constexpr float kScale = 0.125F;   // 1 / sqrt(64)
constexpr float kLog2E = 1.4426950408889634F;
constexpr int kTermPad = 8;  // elements between rows of terms in shared memory

// Key columns of a tile: the width of the map rounded up, so that eight neighbouring keys lie in
// one row of the map; narrow maps take several rows at once.
int tile_columns(std::int64_t w) { return static_cast<int>((w + 15) / 16 * 16); }
constexpr int tile_rows(int columns) { return columns == 16 ? 4 : columns == 32 ? 2 : 1; }

struct Geometry {
  int batch, heads, h, w, tokens;
  int height_pitch;  // first column of A_w in terms
  int term_columns, position_columns;
  std::int64_t rows;  // batch * tokens
};

Geometry geometry(const RelativeShape& shape) {
  Geometry g{};
  g.batch = static_cast<int>(shape.batch);
  g.heads = static_cast<int>(shape.heads);
  g.h = static_cast<int>(shape.h);
  g.w = static_cast<int>(shape.w);
  g.tokens = g.h * g.w;
  g.height_pitch = (g.h + 7) / 8 * 8;
  g.term_columns = g.height_pitch + tile_columns(shape.w);
  g.position_columns = static_cast<int>(shape.position_columns());
  g.rows = shape.batch * g.tokens;
  return g;
}

// Of the terms of a tile of queries in shared memory.
__host__ __device__ inline int terms_bytes(const Geometry& g) {
  return kQueries * (g.term_columns + kTermPad) * 2;
}
// Of what the gradients of keys and values hold of a tile of queries: q, the gradient of the
// output, two sums and the terms; so that the next one begins where a tile may.
__host__ __device__ inline int key_stage_bytes(const Geometry& g) {
  const int bytes = 2 * kQueries * Rows::kBytes + kQueries * 8 + terms_bytes(g);
  return (bytes + kTileAlignment - 1) / kTileAlignment * kTileAlignment;
}

// P -> A_h | A_w; -inf where there is no such row or column of the map.
__global__ void select_terms(Geometry g, const Bf16* positions, Bf16* terms) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (row >= g.rows * g.heads) return;
  const int token = static_cast<int>(row % g.rows % g.tokens), y = token / g.w, x = token % g.w;
  const Bf16* from = positions + row * g.position_columns;
  Bf16* to = terms + row * g.term_columns;
  for (int k = threadIdx.x; k < g.term_columns; k += blockDim.x) {
    const int column = k - g.height_pitch;
    Bf16 value = __float2bfloat16(-INFINITY);
    if (k < g.h) {
      value = from[y - k + g.h - 1];
    } else if (column >= 0 && column < g.w) {
      value = from[2 * g.h - 1 + x - column + g.w - 1];
    }
    to[k] = value;
  }
}

// The gradient of select_terms: each entry of P was taken once or not at all.
__global__ void spread_terms(Geometry g, const Bf16* grad_terms, Bf16* grad_positions) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (row >= g.rows * g.heads) return;
  const int token = static_cast<int>(row % g.rows % g.tokens), y = token / g.w, x = token % g.w;
  const Bf16* from = grad_terms + row * g.term_columns;
  Bf16* to = grad_positions + row * g.position_columns;
  for (int c = threadIdx.x; c < g.position_columns; c += blockDim.x) {
    const int key_row = y + g.h - 1 - c, key_column = x + g.w - 1 - (c - (2 * g.h - 1));
    Bf16 value = __float2bfloat16(0.0F);
    if (c < 2 * g.h - 1) {
      if (key_row >= 0 && key_row < g.h) value = from[key_row];
    } else if (key_column >= 0 && key_column < g.w) {
      value = from[g.height_pitch + key_column];
    }
    to[c] = value;
  }
}

// sum over the head of grad_out * out, which every score's gradient subtracts. Eight threads a row.
__global__ void sum_deltas(Geometry g, const Bf16* out, const Bf16* grad_out, float* deltas) {
  const std::int64_t index = (static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) / 8;
  const int part = static_cast<int>(threadIdx.x % 8);
  if (index >= g.rows * g.heads) return;
  const std::int64_t at = index * kRelativeHeadDim + part * 8;
  const uint4 a = *reinterpret_cast<const uint4*>(out + at);
  const uint4 b = *reinterpret_cast<const uint4*>(grad_out + at);
  const auto* pa = reinterpret_cast<const Bf16*>(&a);
  const auto* pb = reinterpret_cast<const Bf16*>(&b);
  float sum = 0;
  for (int i = 0; i < 8; ++i) sum += __bfloat162float(pa[i]) * __bfloat162float(pb[i]);
  for (int step = 1; step < 8; step *= 2) sum += __shfl_xor_sync(0xFFFFFFFFU, sum, step);
  if (part == 0) deltas[index % g.heads * g.rows + index / g.heads] = sum;
}

// One of q, k, v (0, 1, 2) of a map and head.
__device__ inline std::int64_t qkv_offset(const Geometry& g, int part, int batch, int head) {
  return ((static_cast<std::int64_t>(batch) * g.tokens * 3 + part) * g.heads + head) *
         kRelativeHeadDim;
}

// Rows [first, first + kCount) of a map, zeros past its end.
template <int kCount, int kGroups = 1>
__device__ inline void load_tokens(const Geometry& g, const Rows& to, const Bf16* from,
                                   std::int64_t stride, int first) {
  for (int i = static_cast<int>(threadIdx.x); i < kCount * 8; i += kThreads * kGroups) {
    const int row = i >> 3, piece = i & 7, token = first + row;
    const bool valid = token < g.tokens;
    copy_async(to.piece(row, piece), from + (valid ? token * stride : 0) + piece * 8, valid);
  }
}

// Keys of the map's rows [y, y + kR), kC of each, zeros outside.
template <int kC, int kR, int kGroups>
__device__ inline void load_keys(const Geometry& g, const Rows& to, const Bf16* from,
                                 std::int64_t stride, int y) {
  for (int i = static_cast<int>(threadIdx.x); i < kC * kR * 8; i += kThreads * kGroups) {
    const int row = i >> 3, piece = i & 7, ky = y + row / kC, kx = row % kC;
    const bool valid = ky < g.h && kx < g.w;
    copy_async(to.piece(row, piece), from + (valid ? (ky * g.w + kx) * stride : 0) + piece * 8,
               valid);
  }
}

template <int kCount, int kGroups = 1>
__device__ inline void load_terms(const Geometry& g, Bf16* to, const Bf16* from, int first) {
  const int pieces = g.term_columns / 8, pitch = g.term_columns + kTermPad;
  for (int i = static_cast<int>(threadIdx.x); i < kCount * pieces; i += kThreads * kGroups) {
    const int row = i / pieces, piece = i % pieces, token = first + row;
    const bool valid = token < g.tokens;
    copy_async(to + row * pitch + piece * 8,
               from + (valid ? static_cast<std::int64_t>(token) * g.term_columns : 0) + piece * 8,
               valid);
  }
}

__device__ inline float low(std::uint32_t pair) { return __uint_as_float(pair << 16); }
__device__ inline float high(std::uint32_t pair) { return __uint_as_float(pair & 0xFFFF0000U); }

// Where a block of tiles lies: which map, head and first token; where this thread's accumulators
// lie in it, 16 rows a warp.
template <int kGroups>
struct Place {
  int batch = static_cast<int>(blockIdx.z), head = static_cast<int>(blockIdx.y);
  int first = static_cast<int>(blockIdx.x) * kQueries * kGroups;
  int warp_row = static_cast<int>(threadIdx.x / 32) * 16;
  int row = warp_row + static_cast<int>(threadIdx.x % 32) / 4;  // and row + 8
  int column = static_cast<int>(threadIdx.x % 4) * 2;           // and column + 1, of eight
};

// s, which is q k^T for the warp's 16 queries and a tile of keys, becomes log2(e) (q k^T / 8 + A_h
// + A_w).
template <int kC, int kR, int kGroups>
__device__ inline void add_terms(const Geometry& g, float (&s)[kC * kR / 8][4], const Bf16* terms,
                                 const Place<kGroups>& at, int y) {
  const int pitch = g.term_columns + kTermPad;
  const Bf16* upper = terms + at.row * pitch;
  const Bf16* lower = upper + 8 * pitch;
#pragma unroll
  for (int r = 0; r < kR; ++r) {
    const float first = __bfloat162float(upper[y + r]) * kLog2E;
    const float second = __bfloat162float(lower[y + r]) * kLog2E;
#pragma unroll
    for (int j = 0; j < kC / 8; ++j) {
      float(&t)[4] = s[r * (kC / 8) + j];
      const int column = g.height_pitch + 8 * j + at.column;
      const std::uint32_t a = *reinterpret_cast<const std::uint32_t*>(upper + column);
      const std::uint32_t b = *reinterpret_cast<const std::uint32_t*>(lower + column);
      t[0] = t[0] * (kScale * kLog2E) + (first + low(a) * kLog2E);
      t[1] = t[1] * (kScale * kLog2E) + (first + high(a) * kLog2E);
      t[2] = t[2] * (kScale * kLog2E) + (second + low(b) * kLog2E);
      t[3] = t[3] * (kScale * kLog2E) + (second + high(b) * kLog2E);
    }
  }
}

__device__ inline float quad_max(float x) {
  x = fmaxf(x, __shfl_xor_sync(0xFFFFFFFFU, x, 1));
  return fmaxf(x, __shfl_xor_sync(0xFFFFFFFFU, x, 2));
}
__device__ inline float quad_sum(float x) {
  x += __shfl_xor_sync(0xFFFFFFFFU, x, 1);
  return x + __shfl_xor_sync(0xFFFFFFFFU, x, 2);
}

// acc [16 x 64] of the warp's rows, times `first` and `second` by row half, as bf16.
__device__ inline void store_rows(const Geometry& g, const float (&acc)[8][4], Bf16* to,
                                  std::int64_t stride, int token, int column, float first,
                                  float second) {
#pragma unroll
  for (int n = 0; n < 8; ++n) {
    if (token < g.tokens) {
      *reinterpret_cast<std::uint32_t*>(to + token * stride + 8 * n + column) =
          pack(acc[n][0] * first, acc[n][1] * first);
    }
    if (token + 8 < g.tokens) {
      *reinterpret_cast<std::uint32_t*>(to + (token + 8) * stride + 8 * n + column) =
          pack(acc[n][2] * second, acc[n][3] * second);
    }
  }
}

// Two tiles of queries, a group of warps each, share the keys and values.
template <int kC, int kR>
__global__ void __launch_bounds__(kThreads* kForwardGroups, 2)
    forward_kernel(Geometry g, const Bf16* qkv, const Bf16* terms, Bf16* out, float* log_sums) {
  constexpr int kKeys = kC * kR, kTiles = kKeys / 8, kG = kForwardGroups, kRows = kQueries * kG;
  extern __shared__ __align__(kTileAlignment) unsigned char memory[];
  const Rows queries{memory};
  const auto keys = [&](int i) { return Rows{memory + (kRows + i * kKeys) * Rows::kBytes}; };
  const auto values = [&](int i) { return keys(2 + i); };
  auto* const held_terms = reinterpret_cast<Bf16*>(memory + (kRows + 4 * kKeys) * Rows::kBytes);
  const Place<kG> at;
  const std::int64_t stride = 3LL * g.heads * kRelativeHeadDim;
  const std::int64_t head_row = at.head * g.rows + static_cast<std::int64_t>(at.batch) * g.tokens;
  const Bf16* k = qkv + qkv_offset(g, 1, at.batch, at.head);
  const Bf16* v = qkv + qkv_offset(g, 2, at.batch, at.head);

  load_tokens<kRows, kG>(g, queries, qkv + qkv_offset(g, 0, at.batch, at.head), stride, at.first);
  load_terms<kRows, kG>(g, held_terms, terms + head_row * g.term_columns, at.first);
  commit_copies();
  load_keys<kC, kR, kG>(g, keys(0), k, stride, 0);
  load_keys<kC, kR, kG>(g, values(0), v, stride, 0);
  commit_copies();
  wait_copies<1>();
  __syncthreads();
  const LeftRows own_queries(queries, at.warp_row);

  float o[8][4] = {};
  float most[2] = {-INFINITY, -INFINITY}, sum[2] = {};
  int turn = 0;
  for (int y = 0; y < g.h; y += kR, turn ^= 1) {
    wait_copies<0>();
    show_copies();
    __syncthreads();
    if (y + kR < g.h) {
      load_keys<kC, kR, kG>(g, keys(turn ^ 1), k, stride, y + kR);
      load_keys<kC, kR, kG>(g, values(turn ^ 1), v, stride, y + kR);
      commit_copies();
    }
    float s[kTiles][4];
    multiply_by_rows(s, own_queries, keys(turn), 0);
    finish_products(s);
    add_terms<kC, kR>(g, s, held_terms, at, y);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      float top = most[half];
#pragma unroll
      for (int j = 0; j < kTiles; ++j) top = fmaxf(top, fmaxf(s[j][2 * half], s[j][2 * half + 1]));
      top = quad_max(top);
      const float shrink = exp2f(most[half] - top);
      most[half] = top;
      float part = 0;
#pragma unroll
      for (int j = 0; j < kTiles; ++j) {
#pragma unroll
        for (int e = 2 * half; e < 2 * half + 2; ++e) {
          s[j][e] = exp2f(s[j][e] - top);
          part += s[j][e];
        }
      }
      sum[half] = sum[half] * shrink + part;
#pragma unroll
      for (int n = 0; n < 8; ++n) {
        o[n][2 * half] *= shrink;
        o[n][2 * half + 1] *= shrink;
      }
    }
    multiply_by_columns(o, s, values(turn), 0);
    finish_products(o);
  }
  const int token = at.first + at.row;
  const float first = quad_sum(sum[0]), second = quad_sum(sum[1]);
  store_rows(
      g, o,
      out + (static_cast<std::int64_t>(at.batch) * g.tokens * g.heads + at.head) * kRelativeHeadDim,
      static_cast<std::int64_t>(g.heads) * kRelativeHeadDim, token, at.column, 1.0F / first,
      1.0F / second);
  if (at.column != 0) return;
  if (token < g.tokens) log_sums[head_row + token] = most[0] + log2f(first);
  if (token + 8 < g.tokens) log_sums[head_row + token + 8] = most[1] + log2f(second);
}

// Gradients of q (through q k^T) and of the terms, by tiles of queries.
template <int kC, int kR>
__global__ void __launch_bounds__(kThreads)
    backward_queries(Geometry g, const Bf16* qkv, const Bf16* terms, const float* log_sums,
                     const float* deltas, const Bf16* grad_out, Bf16* grad_qkv, Bf16* grad_terms) {
  constexpr int kKeys = kC * kR, kTiles = kKeys / 8;
  extern __shared__ __align__(kTileAlignment) unsigned char memory[];
  const Rows queries{memory}, grads{memory + kQueries * Rows::kBytes};
  const auto keys = [&](int i) { return Rows{memory + (2 * kQueries + i * kKeys) * Rows::kBytes}; };
  const auto values = [&](int i) { return keys(2 + i); };
  auto* const held_terms =
      reinterpret_cast<Bf16*>(memory + (2 * kQueries + 4 * kKeys) * Rows::kBytes);
  const int pitch = g.term_columns + kTermPad;
  const Place<1> at;
  const std::int64_t stride = 3LL * g.heads * kRelativeHeadDim;
  const std::int64_t out_stride = static_cast<std::int64_t>(g.heads) * kRelativeHeadDim;
  const std::int64_t head_row = at.head * g.rows + static_cast<std::int64_t>(at.batch) * g.tokens;
  const Bf16* k = qkv + qkv_offset(g, 1, at.batch, at.head);
  const Bf16* v = qkv + qkv_offset(g, 2, at.batch, at.head);

  load_tokens<kQueries>(g, queries, qkv + qkv_offset(g, 0, at.batch, at.head), stride, at.first);
  load_tokens<kQueries>(
      g, grads,
      grad_out +
          (static_cast<std::int64_t>(at.batch) * g.tokens * g.heads + at.head) * kRelativeHeadDim,
      out_stride, at.first);
  load_terms<kQueries>(g, held_terms, terms + head_row * g.term_columns, at.first);
  commit_copies();
  load_keys<kC, kR, 1>(g, keys(0), k, stride, 0);
  load_keys<kC, kR, 1>(g, values(0), v, stride, 0);
  commit_copies();
  wait_copies<1>();
  __syncthreads();
  const LeftRows own_queries(queries, at.warp_row), own_grads(grads, at.warp_row);

  const int token = at.first + at.row;
  float log_sum[2], delta[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const bool valid = token + 8 * half < g.tokens;
    log_sum[half] = valid ? log_sums[head_row + token + 8 * half] : INFINITY;
    delta[half] = valid ? deltas[head_row + token + 8 * half] : 0.0F;
  }
  float grad_q[8][4] = {};
  float grad_columns[kC / 8][4] = {};
  int turn = 0;
  for (int y = 0; y < g.h; y += kR, turn ^= 1) {
    wait_copies<0>();
    show_copies();
    __syncthreads();
    if (y + kR < g.h) {
      load_keys<kC, kR, 1>(g, keys(turn ^ 1), k, stride, y + kR);
      load_keys<kC, kR, 1>(g, values(turn ^ 1), v, stride, y + kR);
      commit_copies();
    }
    float s[kTiles][4], grad_p[kTiles][4];
    multiply_by_rows(s, own_queries, keys(turn), 0);
    multiply_by_rows(grad_p, own_grads, values(turn), 0);
    finish_products(s, grad_p);
    add_terms<kC, kR>(g, s, held_terms, at, y);
#pragma unroll
    for (int j = 0; j < kTiles; ++j) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        s[j][e] = exp2f(s[j][e] - log_sum[e / 2]) * (grad_p[j][e] - delta[e / 2]);
        grad_columns[j % (kC / 8)][e] += s[j][e];
      }
    }
    // Each row of terms is read and written by one quad alone.
    __syncwarp();
#pragma unroll
    for (int r = 0; r < kR; ++r) {
      float first = 0, second = 0;
#pragma unroll
      for (int j = 0; j < kC / 8; ++j) {
        first += s[r * (kC / 8) + j][0] + s[r * (kC / 8) + j][1];
        second += s[r * (kC / 8) + j][2] + s[r * (kC / 8) + j][3];
      }
      first = quad_sum(first);
      second = quad_sum(second);
      if (at.column == 0) {
        held_terms[at.row * pitch + y + r] = __float2bfloat16(first);
        held_terms[(at.row + 8) * pitch + y + r] = __float2bfloat16(second);
      }
    }
    multiply_by_columns(grad_q, s, keys(turn), 0);
    finish_products(grad_q);
  }
  store_rows(g, grad_q, grad_qkv + qkv_offset(g, 0, at.batch, at.head), stride, token, at.column,
             kScale, kScale);
#pragma unroll
  for (int half = 0; half < 2; ++half) {
#pragma unroll
    for (int j = 0; j < kC / 8; ++j) {
      *reinterpret_cast<std::uint32_t*>(held_terms + (at.row + 8 * half) * pitch + g.height_pitch +
                                        8 * j + at.column) =
          pack(grad_columns[j][2 * half], grad_columns[j][2 * half + 1]);
    }
  }
  __syncwarp();
  const int pieces = g.term_columns / 8;
  for (int i = static_cast<int>(threadIdx.x) % 32; i < 16 * pieces; i += 32) {
    const int row = at.warp_row + i / pieces, piece = i % pieces;
    if (at.first + row >= g.tokens) break;
    *reinterpret_cast<uint4*>(grad_terms + (head_row + at.first + row) * g.term_columns +
                              piece * 8) =
        *reinterpret_cast<const uint4*>(held_terms + row * pitch + piece * 8);
  }
}

// The bias of a query and this thread's keys, of which the terms lie in shared memory. Where the
// width of the map is a multiple of 16, the sixteen keys of a warp lie in one row of it.
template <bool kOneRow>
struct KeyTerms {
  int y[4], x[4];  // columns of terms, for the keys at rows 0, 8, 64 and 72

  __device__ KeyTerms(const Geometry& g, int token) {
    for (int i = 0; i < 4; ++i) {
      const int key = min(token + 64 * (i / 2) + 8 * (i % 2), g.tokens - 1);
      y[i] = key / g.w;
      x[i] = g.height_pitch + key % g.w;
    }
  }
  __device__ void read(const Bf16* of, float (&bias)[4]) const {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      bias[i] = __bfloat162float(of[x[i]]) + __bfloat162float(of[y[kOneRow ? i & 2 : i]]);
    }
  }
};

// Gradients of k and v, by tiles of 128 keys: the roles exchanged, rows of the accumulators are
// keys, twice 16 a warp, so that a tile of queries serves more of them.
template <bool kOneRow>
__global__ void __launch_bounds__(kThreads)
    backward_keys(Geometry g, const Bf16* qkv, const Bf16* terms, const float* log_sums,
                  const float* deltas, const Bf16* grad_out, Bf16* grad_qkv) {
  extern __shared__ __align__(kTileAlignment) unsigned char memory[];
  const int pitch = g.term_columns + kTermPad;
  const int stage_bytes = key_stage_bytes(g);
  const Rows keys{memory}, values{memory + kKeyTile * Rows::kBytes};
  unsigned char* const stages = memory + 2 * kKeyTile * Rows::kBytes;
  const auto queries = [&](int i) { return Rows{stages + i * stage_bytes}; };
  const auto grads = [&](int i) {
    return Rows{stages + i * stage_bytes + kQueries * Rows::kBytes};
  };
  // Of each query the logarithm of its sum, then its delta.
  const auto sums = [&](int i) {
    return reinterpret_cast<float2*>(stages + i * stage_bytes + 2 * kQueries * Rows::kBytes);
  };
  const auto held_terms = [&](int i) { return reinterpret_cast<Bf16*>(sums(i) + kQueries); };

  const int batch = static_cast<int>(blockIdx.z), head = static_cast<int>(blockIdx.y);
  const int first_key = static_cast<int>(blockIdx.x) * kKeyTile;
  const int warp_row = static_cast<int>(threadIdx.x / 32) * 16;
  const int column = static_cast<int>(threadIdx.x % 4) * 2;
  const std::int64_t stride = 3LL * g.heads * kRelativeHeadDim;
  const std::int64_t out_stride = static_cast<std::int64_t>(g.heads) * kRelativeHeadDim;
  const std::int64_t head_row = head * g.rows + static_cast<std::int64_t>(batch) * g.tokens;
  const Bf16* q = qkv + qkv_offset(g, 0, batch, head);
  const Bf16* grad =
      grad_out + (static_cast<std::int64_t>(batch) * g.tokens * g.heads + head) * kRelativeHeadDim;
  const auto load_stage = [&](int i, int first) {
    load_tokens<kQueries>(g, queries(i), q, stride, first);
    load_tokens<kQueries>(g, grads(i), grad, out_stride, first);
    load_terms<kQueries>(g, held_terms(i), terms + head_row * g.term_columns, first);
    if (threadIdx.x < kQueries) {
      const int token = first + static_cast<int>(threadIdx.x);
      const bool valid = token < g.tokens;
      sums(i)[threadIdx.x] = {valid ? log_sums[head_row + token] : INFINITY,
                              valid ? deltas[head_row + token] : 0.0F};
    }
  };
  load_tokens<kKeyTile>(g, keys, qkv + qkv_offset(g, 1, batch, head), stride, first_key);
  load_tokens<kKeyTile>(g, values, qkv + qkv_offset(g, 2, batch, head), stride, first_key);
  load_stage(0, 0);
  commit_copies();

  const int token = first_key + warp_row + static_cast<int>(threadIdx.x % 32) / 4;
  const KeyTerms<kOneRow> key_terms(g, token);
  float grad_k[2][8][4] = {}, grad_v[2][8][4] = {};
  int turn = 0;
  for (int first = 0; first < g.tokens; first += kQueries, turn ^= 1) {
    wait_copies<0>();
    show_copies();
    __syncthreads();
    if (first + kQueries < g.tokens) {
      load_stage(turn ^ 1, first + kQueries);
      commit_copies();
    }
#pragma unroll 1
    for (int part = 0; part < kQueries; part += 32) {
      float s[2][4][4], grad_p[2][4][4];
#pragma unroll
      for (int m = 0; m < 2; ++m) {
        multiply_by_rows(s[m], keys, 64 * m, queries(turn), part);
        multiply_by_rows(grad_p[m], values, 64 * m, grads(turn), part);
      }
      finish_products(s[0], s[1], grad_p[0], grad_p[1]);
#pragma unroll
      for (int j = 0; j < 4; ++j) {
#pragma unroll
        for (int c = 0; c < 2; ++c) {
          const int query = part + 8 * j + column + c;
          const float2 sum = sums(turn)[query];
          float bias[4];
          key_terms.read(held_terms(turn) + query * pitch, bias);
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            float& score = s[i / 2][j][c + i % 2 * 2];
            float& slope = grad_p[i / 2][j][c + i % 2 * 2];
            score = exp2f((score * kScale + bias[i]) * kLog2E - sum.x);
            slope = score * (slope - sum.y);
          }
        }
      }
#pragma unroll
      for (int m = 0; m < 2; ++m) {
        multiply_by_columns(grad_v[m], s[m], grads(turn), part);
        multiply_by_columns(grad_k[m], grad_p[m], queries(turn), part);
      }
      finish_products(grad_v[0], grad_v[1], grad_k[0], grad_k[1]);
    }
  }
  for (int m = 0; m < 2; ++m) {
    store_rows(g, grad_k[m], grad_qkv + qkv_offset(g, 1, batch, head), stride, token + 64 * m,
               column, kScale, kScale);
    store_rows(g, grad_v[m], grad_qkv + qkv_offset(g, 2, batch, head), stride, token + 64 * m,
               column, 1.0F, 1.0F);
  }
}

template <typename Kernel>
void allow_shared(Kernel* kernel, int bytes) {
  cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
}

dim3 tile_grid(const Geometry& g, int tokens_of_tile) {
  return {static_cast<unsigned>((g.tokens + tokens_of_tile - 1) / tokens_of_tile),
          static_cast<unsigned>(g.heads), static_cast<unsigned>(g.batch)};
}

// Calls run with the tile that fits the map's width as template arguments.
template <typename Run>
void for_tile(const Geometry& g, Run&& run) {
  switch (tile_columns(g.w)) {
    case 16:
      return run.template operator()<16, tile_rows(16)>();
    case 32:
      return run.template operator()<32, tile_rows(32)>();
    case 48:
      return run.template operator()<48, tile_rows(48)>();
    case 64:
      return run.template operator()<64, tile_rows(64)>();
    default:
      return run.template operator()<80, tile_rows(80)>();
  }
}

const dim3 kRowBlock(32, 8);
unsigned row_blocks(const Geometry& g) {
  return static_cast<unsigned>((g.rows * g.heads + kRowBlock.y - 1) / kRowBlock.y);
}

}  // namespace

std::int64_t RelativeShape::term_columns() const { return (h + 7) / 8 * 8 + tile_columns(w); }

bool RelativeShape::supported() const {
  return batch > 0 && batch <= 65535 && heads > 0 && heads <= 65535 && h > 0 && w > 0 &&
         h <= kRelativeMaxSide && w <= kRelativeMaxSide;
}

const char* relative_attention(const RelativeShape& shape, const RelativeForward& args,
                               void* stream_handle) {
  if (!shape.supported()) return "relative_attention: unsupported shape";
  const Geometry g = geometry(shape);
  auto* const stream = static_cast<cudaStream_t>(stream_handle);
  select_terms<<<row_blocks(g), kRowBlock, 0, stream>>>(g, static_cast<const Bf16*>(args.positions),
                                                        static_cast<Bf16*>(args.terms));
  for_tile(g, [&]<int kC, int kR>() {
    constexpr int kG = kForwardGroups;
    const int bytes = (kG * kQueries + 4 * kC * kR) * Rows::kBytes + kG * terms_bytes(g);
    allow_shared(forward_kernel<kC, kR>, bytes);
    forward_kernel<kC, kR><<<tile_grid(g, kG * kQueries), kG * kThreads, bytes, stream>>>(
        g, static_cast<const Bf16*>(args.qkv), static_cast<const Bf16*>(args.terms),
        static_cast<Bf16*>(args.out), args.log_sums);
  });
  return launch_error();
}

const char* relative_attention_backward(const RelativeShape& shape, const RelativeBackward& args,
                                        void* stream_handle) {
  if (!shape.supported()) return "relative_attention_backward: unsupported shape";
  const Geometry g = geometry(shape);
  auto* const stream = static_cast<cudaStream_t>(stream_handle);
  const auto* qkv = static_cast<const Bf16*>(args.qkv);
  const auto* terms = static_cast<const Bf16*>(args.terms);
  const auto* grad_out = static_cast<const Bf16*>(args.grad_out);
  auto* grad_qkv = static_cast<Bf16*>(args.grad_qkv);
  auto* grad_terms = static_cast<Bf16*>(args.grad_terms);
  sum_deltas<<<static_cast<unsigned>((g.rows * g.heads * 8 + 255) / 256), 256, 0, stream>>>(
      g, static_cast<const Bf16*>(args.out), grad_out, args.deltas);
  for_tile(g, [&]<int kC, int kR>() {
    const int bytes = (2 * kQueries + 4 * kC * kR) * Rows::kBytes + terms_bytes(g);
    allow_shared(backward_queries<kC, kR>, bytes);
    backward_queries<kC, kR><<<tile_grid(g, kQueries), kThreads, bytes, stream>>>(
        g, qkv, terms, args.log_sums, args.deltas, grad_out, grad_qkv, grad_terms);
  });
  const int bytes = 2 * kKeyTile * Rows::kBytes + 2 * key_stage_bytes(g);
  auto* const keys = g.w % 16 == 0 ? backward_keys<true> : backward_keys<false>;
  allow_shared(keys, bytes);
  keys<<<tile_grid(g, kKeyTile), kThreads, bytes, stream>>>(g, qkv, terms, args.log_sums,
                                                            args.deltas, grad_out, grad_qkv);
  spread_terms<<<row_blocks(g), kRowBlock, 0, stream>>>(g, grad_terms,
                                                        static_cast<Bf16*>(args.grad_positions));
  return launch_error();
}

}  // namespace lectio::cuda
