// SPDX-License-Identifier: Apache-2.0
#include "compute/cuda/elementwise.h"

#include "compute/cuda/eight.cuh"
#include "compute/cuda/launch.h"

namespace lectio::cuda {
namespace {

constexpr int kThreads = 256;

__device__ inline std::int64_t thread_index() {
  return static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x;
}

__global__ void rotate_kernel(std::int64_t rows, std::int64_t heads, std::int64_t half,
                              std::int64_t length, const Bf16* x, const float* cosine,
                              const float* sine, float sign, Bf16* out) {
  const std::int64_t pieces = half / 8, i = thread_index();
  if (i >= rows * heads * pieces) return;
  const std::int64_t piece = i % pieces, head = i / pieces, position = head / heads % length;
  const std::int64_t at = head * 2 * half + 8 * piece;
  const Eight a = load(x + at), b = load(x + at + half);
  Eight first, second;
#pragma unroll
  for (int k = 0; k < 8; ++k) {
    const std::int64_t angle = position * half + 8 * piece + k;
    const float c = cosine[angle], s = sign * sine[angle];
    first.v[k] = a.v[k] * c - b.v[k] * s;
    second.v[k] = b.v[k] * c + a.v[k] * s;
  }
  store(out + at, first);
  store(out + at + half, second);
}

__device__ inline float sigmoid(float x) { return 1.0F / (1.0F + __expf(-x)); }

__global__ void gated_kernel(GatedShape shape, const Bf16* gate, const Bf16* up,
                             const float* weights, Bf16* out) {
  const std::int64_t i = thread_index();
  if (i * 8 >= shape.rows * shape.groups * shape.group) return;
  const Eight g = load(gate + 8 * i), u = load(up + 8 * i);
  const float weight = weights == nullptr ? 1.0F : weights[8 * i / shape.group];
  Eight result;
#pragma unroll
  for (int k = 0; k < 8; ++k) result.v[k] = g.v[k] * sigmoid(g.v[k]) * u.v[k] * weight;
  store(out + 8 * i, result);
}

constexpr int kLanes = 16;  // of the threads that sum over one group

__global__ void gated_backward_kernel(GatedShape shape, const Bf16* gate, const Bf16* up,
                                      const float* weights, const Bf16* grad_out, Bf16* grad_gate,
                                      Bf16* grad_up, float* grad_weights) {
  const std::int64_t index = thread_index() / kLanes;
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const bool inside = index < shape.rows * shape.groups;
  const float weight = weights == nullptr || !inside ? 1.0F : weights[index];
  float sum = 0;
  for (std::int64_t c = 8 * lane; inside && c < shape.group; c += 8 * kLanes) {
    const std::int64_t at = index * shape.group + c;
    const Eight g = load(gate + at), u = load(up + at), grad = load(grad_out + at);
    Eight dg, du;
#pragma unroll
    for (int k = 0; k < 8; ++k) {
      const float s = sigmoid(g.v[k]), silu = g.v[k] * s;
      sum += grad.v[k] * silu * u.v[k];
      du.v[k] = grad.v[k] * weight * silu;
      dg.v[k] = grad.v[k] * weight * u.v[k] * s * (1.0F + g.v[k] * (1.0F - s));
    }
    store(grad_gate + at, dg);
    store(grad_up + at, du);
  }
  if (weights == nullptr) return;
  for (int step = 1; step < kLanes; step *= 2) sum += __shfl_xor_sync(0xFFFFFFFFU, sum, step);
  if (inside && lane == 0) grad_weights[index] = sum;
}

// One thread a 16-byte piece of the windows. kCut copies from the map, zeros where there is none;
// otherwise to the map.
template <bool kCut>
__global__ void window_kernel(WindowShape s, int rows, int columns, const uint4* from, uint4* to) {
  const std::int64_t pieces = s.channels / 8, i = thread_index();
  if (i >= s.batch * rows * columns * s.side * s.side * pieces) return;
  std::int64_t rest = i / pieces;
  const std::int64_t piece = i % pieces, x = rest % s.side;
  rest /= s.side;
  const std::int64_t y = rest % s.side;
  rest /= s.side;
  const std::int64_t column = rest % columns * s.side + x;
  rest /= columns;
  const std::int64_t row = rest % rows * s.side + y, batch = rest / rows;
  const bool inside = row < s.height && column < s.width;
  const std::int64_t at = ((batch * s.height + row) * s.width + column) * pieces + piece;
  if constexpr (kCut) {
    to[i] = inside ? from[at] : uint4{0, 0, 0, 0};
  } else if (inside) {
    to[at] = from[i];
  }
}

unsigned blocks(std::int64_t threads) {
  return static_cast<unsigned>((threads + kThreads - 1) / kThreads);
}

template <bool kCut>
const char* permute_windows(const WindowShape& shape, const void* from, void* to, void* stream) {
  const auto rows = static_cast<int>(shape.rows()), columns = static_cast<int>(shape.columns());
  const std::int64_t threads =
      shape.batch * rows * columns * shape.side * shape.side * shape.channels / 8;
  window_kernel<kCut><<<blocks(threads), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(
      shape, rows, columns, static_cast<const uint4*>(from), static_cast<uint4*>(to));
  return launch_error();
}

}  // namespace

const char* rotate_halves(std::int64_t rows, std::int64_t heads, std::int64_t half,
                          std::int64_t length, const void* x, const float* cosine,
                          const float* sine, bool backwards, void* out, void* stream) {
  rotate_kernel<<<blocks(rows * heads * half / 8), kThreads, 0,
                  static_cast<cudaStream_t>(stream)>>>(
      rows, heads, half, length, static_cast<const Bf16*>(x), cosine, sine,
      backwards ? -1.0F : 1.0F, static_cast<Bf16*>(out));
  return launch_error();
}

const char* gated(const GatedShape& shape, const void* gate, const void* up, const float* weights,
                  void* out, void* stream) {
  gated_kernel<<<blocks(shape.rows * shape.groups * shape.group / 8), kThreads, 0,
                 static_cast<cudaStream_t>(stream)>>>(shape, static_cast<const Bf16*>(gate),
                                                      static_cast<const Bf16*>(up), weights,
                                                      static_cast<Bf16*>(out));
  return launch_error();
}

const char* gated_backward(const GatedShape& shape, const void* gate, const void* up,
                           const float* weights, const void* grad_out, void* grad_gate,
                           void* grad_up, float* grad_weights, void* stream) {
  gated_backward_kernel<<<blocks(shape.rows * shape.groups * kLanes), kThreads, 0,
                          static_cast<cudaStream_t>(stream)>>>(
      shape, static_cast<const Bf16*>(gate), static_cast<const Bf16*>(up), weights,
      static_cast<const Bf16*>(grad_out), static_cast<Bf16*>(grad_gate),
      static_cast<Bf16*>(grad_up), grad_weights);
  return launch_error();
}

const char* cut_windows(const WindowShape& shape, const void* map, void* windows, void* stream) {
  return permute_windows<true>(shape, map, windows, stream);
}

const char* join_windows(const WindowShape& shape, const void* windows, void* map, void* stream) {
  return permute_windows<false>(shape, windows, map, stream);
}

}  // namespace lectio::cuda
