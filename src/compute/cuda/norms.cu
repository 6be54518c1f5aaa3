// SPDX-License-Identifier: Apache-2.0
#include "compute/cuda/norms.h"

#include <cuda_bf16.h>

#include <algorithm>

#include "compute/cuda/column_sums.h"
#include "compute/cuda/launch.h"

namespace lectio::cuda {
namespace {

using Bf16 = __nv_bfloat16;
constexpr int kWarps = 8;
constexpr int kThreads = 32 * kWarps;
constexpr std::int64_t kRowsOfBlock = 32;  // backward: at least, where there are as many
constexpr std::int64_t kMostBlocks = 396;  // backward: three on each of 132 processors

// A lane's part of a row of up to 64 * kPairs numbers: columns 64 i + 2 lane and the next. Beyond
// the row it holds zeros.
template <int kPairs>
struct Part {
  float2 v[kPairs];
};

__device__ inline int pair_column(int i) {
  return 64 * i + 2 * (static_cast<int>(threadIdx.x) % 32);
}

template <int kPairs>
__device__ inline Part<kPairs> load(const Bf16* row, int width) {
  Part<kPairs> out;
#pragma unroll
  for (int i = 0; i < kPairs; ++i) {
    const int column = pair_column(i);
    out.v[i] = column < width
                   ? __bfloat1622float2(*reinterpret_cast<const __nv_bfloat162*>(row + column))
                   : float2{0, 0};
  }
  return out;
}

template <int kPairs>
__device__ inline void store(Bf16* row, int width, const Part<kPairs>& x) {
#pragma unroll
  for (int i = 0; i < kPairs; ++i) {
    const int column = pair_column(i);
    if (column < width) {
      *reinterpret_cast<__nv_bfloat162*>(row + column) = __floats2bfloat162_rn(x.v[i].x, x.v[i].y);
    }
  }
}

__device__ inline float warp_sum(float x) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(0xFFFFFFFFU, x, step);
  return x;
}

template <int kPairs, bool kCentred>
__global__ void __launch_bounds__(kThreads)
    norm_kernel(std::int64_t rows, int width, float epsilon, const Bf16* x, const Bf16* branch,
                const Bf16* weight, const Bf16* bias, Bf16* sum, Bf16* out, float* statistics) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (row >= rows) return;
  const std::int64_t at = row * width;
  Part<kPairs> numbers = load<kPairs>(x + at, width);
  if (branch != nullptr) {
    const Part<kPairs> more = load<kPairs>(branch + at, width);
#pragma unroll
    for (int i = 0; i < kPairs; ++i) {  // rounded: what is normed is what is written
      numbers.v[i] = __bfloat1622float2(
          __floats2bfloat162_rn(numbers.v[i].x + more.v[i].x, numbers.v[i].y + more.v[i].y));
    }
    store<kPairs>(sum + at, width, numbers);
  }
  const float share = 1.0F / static_cast<float>(width);
  float mean = 0;
  if constexpr (kCentred) {
#pragma unroll
    for (int i = 0; i < kPairs; ++i) mean += numbers.v[i].x + numbers.v[i].y;
    mean = warp_sum(mean) * share;
  }
  float square = 0;
#pragma unroll
  for (int i = 0; i < kPairs; ++i) {
    if (pair_column(i) < width) {
      numbers.v[i].x -= mean;
      numbers.v[i].y -= mean;
      square += numbers.v[i].x * numbers.v[i].x + numbers.v[i].y * numbers.v[i].y;
    }
  }
  const float scale = rsqrtf(warp_sum(square) * share + epsilon);
  const Part<kPairs> w = load<kPairs>(weight, width);
  Part<kPairs> b = {};
  if constexpr (kCentred) b = load<kPairs>(bias, width);
#pragma unroll
  for (int i = 0; i < kPairs; ++i) {
    numbers.v[i].x = numbers.v[i].x * scale * w.v[i].x + b.v[i].x;
    numbers.v[i].y = numbers.v[i].y * scale * w.v[i].y + b.v[i].y;
  }
  store<kPairs>(out + at, width, numbers);
  if (threadIdx.x % 32 == 0) {
    statistics[row] = scale;
    if constexpr (kCentred) statistics[rows + row] = mean;
  }
}

// What the warps of a block have summed, in their order, to to[width].
template <int kPairs>
__device__ inline void fold_warps(const Part<kPairs>& part, int width, float* shared, float* to) {
  const int warp = static_cast<int>(threadIdx.x) / 32;
  __syncthreads();
#pragma unroll
  for (int i = 0; i < kPairs; ++i) {
    *reinterpret_cast<float2*>(shared + warp * 64 * kPairs + pair_column(i)) = part.v[i];
  }
  __syncthreads();
  for (int column = static_cast<int>(threadIdx.x); column < width; column += kThreads) {
    float total = 0;
#pragma unroll
    for (int i = 0; i < kWarps; ++i) total += shared[i * 64 * kPairs + column];
    to[column] = total;
  }
}

// With n = (x - mean) * scale and g = grad_out * weight:
//   grad_x = scale * (g - mean(g) - n * mean(g n)) + grad_sum   (RMS norm: without mean(g))
//   grad_weight = sum of grad_out * n, grad_bias = sum of grad_out, over the rows
template <int kPairs, bool kCentred>
__global__ void __launch_bounds__(kThreads, kPairs > 6 ? 1 : 3)
    norm_backward_kernel(std::int64_t rows, int width, const Bf16* x, const Bf16* weight,
                         const float* statistics, const Bf16* grad_out, const Bf16* grad_sum,
                         Bf16* grad_x, float* partial) {
  __shared__ __align__(8) float shared[kWarps * 64 * kPairs];
  const float share = 1.0F / static_cast<float>(width);
  const Part<kPairs> w = load<kPairs>(weight, width);
  Part<kPairs> grad_weight = {}, grad_bias = {};
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * kWarps;
  for (std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
       row < rows; row += step) {
    const std::int64_t at = row * width;
    Part<kPairs> n = load<kPairs>(x + at, width), g = load<kPairs>(grad_out + at, width);
    Part<kPairs> other = {};
    if (grad_sum != nullptr) other = load<kPairs>(grad_sum + at, width);
    const float scale = statistics[row];
    float mean = 0;
    if constexpr (kCentred) mean = statistics[rows + row];
    float sum_g = 0, sum_gn = 0;
#pragma unroll
    for (int i = 0; i < kPairs; ++i) {  // beyond the row g is 0, and so is all that n goes into
      n.v[i].x = (n.v[i].x - mean) * scale;
      n.v[i].y = (n.v[i].y - mean) * scale;
      grad_weight.v[i].x += g.v[i].x * n.v[i].x;
      grad_weight.v[i].y += g.v[i].y * n.v[i].y;
      if constexpr (kCentred) {
        grad_bias.v[i].x += g.v[i].x;
        grad_bias.v[i].y += g.v[i].y;
      }
      g.v[i].x *= w.v[i].x;
      g.v[i].y *= w.v[i].y;
      sum_g += g.v[i].x + g.v[i].y;
      sum_gn += g.v[i].x * n.v[i].x + g.v[i].y * n.v[i].y;
    }
    const float mean_g = kCentred ? warp_sum(sum_g) * share : 0.0F;
    const float mean_gn = warp_sum(sum_gn) * share;
#pragma unroll
    for (int i = 0; i < kPairs; ++i) {
      other.v[i].x += scale * (g.v[i].x - mean_g - n.v[i].x * mean_gn);
      other.v[i].y += scale * (g.v[i].y - mean_g - n.v[i].y * mean_gn);
    }
    store<kPairs>(grad_x + at, width, other);
  }
  float* to = partial + static_cast<std::int64_t>(blockIdx.x) * (kCentred ? 2 * width : width);
  fold_warps<kPairs>(grad_weight, width, shared, to);
  if constexpr (kCentred) fold_warps<kPairs>(grad_bias, width, shared, to + width);
}

// run<kPairs, kCentred>() for the smallest of four sizes that holds a row.
template <typename Run>
void for_shape(const NormShape& shape, const Run& run) {
  const auto with = [&]<int kPairs>() {
    shape.centred ? run.template operator()<kPairs, true>()
                  : run.template operator()<kPairs, false>();
  };
  if (shape.width <= 64 * 3) return with.template operator()<3>();
  if (shape.width <= 64 * 5) return with.template operator()<5>();
  if (shape.width <= 64 * 6) return with.template operator()<6>();
  with.template operator()<static_cast<int>(kWidestNorm / 64)>();
}

}  // namespace

const char* norm(const NormShape& shape, float epsilon, const void* x, const void* branch,
                 const void* weight, const void* bias, void* sum, void* out, float* statistics,
                 void* stream) {
  const auto blocks = static_cast<unsigned>((shape.rows + kWarps - 1) / kWarps);
  for_shape(shape, [&]<int kPairs, bool kCentred>() {
    norm_kernel<kPairs, kCentred><<<blocks, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(
        shape.rows, static_cast<int>(shape.width), epsilon, static_cast<const Bf16*>(x),
        static_cast<const Bf16*>(branch), static_cast<const Bf16*>(weight),
        static_cast<const Bf16*>(bias), static_cast<Bf16*>(sum), static_cast<Bf16*>(out),
        statistics);
  });
  return launch_error();
}

std::int64_t norm_backward_blocks(std::int64_t rows) {
  return std::min(kMostBlocks, (rows + kRowsOfBlock - 1) / kRowsOfBlock);
}

const char* norm_backward(const NormShape& shape, const void* sum, const void* weight,
                          const float* statistics, const void* grad_out, const void* grad_sum,
                          void* grad_x, float* partial, void* grad_parameters, void* stream) {
  const std::int64_t blocks = norm_backward_blocks(shape.rows);
  for_shape(shape, [&]<int kPairs, bool kCentred>() {
    norm_backward_kernel<kPairs, kCentred>
        <<<static_cast<unsigned>(blocks), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(
            shape.rows, static_cast<int>(shape.width), static_cast<const Bf16*>(sum),
            static_cast<const Bf16*>(weight), statistics, static_cast<const Bf16*>(grad_out),
            static_cast<const Bf16*>(grad_sum), static_cast<Bf16*>(grad_x), partial);
  });
  if (const char* error = launch_error(); error != nullptr) return error;
  return fold_rows(blocks, shape.parameters(), partial, grad_parameters, stream);
}

}  // namespace lectio::cuda
