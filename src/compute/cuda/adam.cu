// SPDX-License-Identifier: Apache-2.0
#include "compute/cuda/adam.h"

#include <cuda_bf16.h>

#include "compute/cuda/launch.h"

namespace lectio::cuda {
namespace {

using Bf16 = __nv_bfloat16;
constexpr int kThreads = 256;

struct Four {
  float v[4];
};

__device__ inline Four load(const float* from) {
  const float4 x = *reinterpret_cast<const float4*>(from);
  return {{x.x, x.y, x.z, x.w}};
}

__device__ inline Four load(const Bf16* from) {
  const uint2 raw = *reinterpret_cast<const uint2*>(from);
  const auto* pairs = reinterpret_cast<const __nv_bfloat162*>(&raw);
  const float2 low = __bfloat1622float2(pairs[0]), high = __bfloat1622float2(pairs[1]);
  return {{low.x, low.y, high.x, high.y}};
}

__device__ inline void store(float* to, const Four& x) {
  *reinterpret_cast<float4*>(to) = float4{x.v[0], x.v[1], x.v[2], x.v[3]};
}

__device__ inline void store(Bf16* to, const Four& x) {
  uint2 raw;
  auto* pairs = reinterpret_cast<__nv_bfloat162*>(&raw);
  pairs[0] = __floats2bfloat162_rn(x.v[0], x.v[1]);
  pairs[1] = __floats2bfloat162_rn(x.v[2], x.v[3]);
  *reinterpret_cast<uint2*>(to) = raw;
}

// From the nearer end, as torch::lerp.
__device__ inline float lerp(float from, float to, float weight) {
  const float way = to - from;
  return weight < 0.5F ? from + weight * way : to - way * (1.0F - weight);
}

template <typename Grad>
__global__ void adam_kernel(AdamBuffers b, AdamScalars s, const float* norm) {
  const std::int64_t at = 4 * (static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x);
  if (at >= b.elements) return;
  const float length = *norm;
  const float factor = isfinite(length) ? fminf(s.clip / (length + 1e-6F), 1.0F) : 0.0F;
  const Four grad = load(static_cast<const Grad*>(b.grad) + at), mask = load(b.decay_mask + at);
  Four moment1 = load(b.moment1 + at), moment2 = load(b.moment2 + at);
  Four master = load(b.master + at), average = load(b.average + at);
#pragma unroll
  for (int k = 0; k < 4; ++k) {
    const float g = (isfinite(grad.v[k]) ? grad.v[k] : 0.0F) * factor;
    moment1.v[k] = lerp(moment1.v[k], g, s.weight1);
    moment2.v[k] = moment2.v[k] * s.beta2 + s.weight2 * g * g;
    const float denominator = sqrtf(moment2.v[k] * s.scale2) + s.epsilon;
    master.v[k] += s.decay * master.v[k] * mask.v[k];
    master.v[k] += s.rate * (moment1.v[k] / denominator);
    average.v[k] = lerp(average.v[k], master.v[k], s.average_weight);
  }
  store(b.moment1 + at, moment1);
  store(b.moment2 + at, moment2);
  store(b.master + at, master);
  store(b.average + at, average);
  store(static_cast<Bf16*>(b.working) + at, master);
}

}  // namespace

const char* adam(const AdamBuffers& buffers, const AdamScalars& scalars, const float* norm,
                 void* stream) {
  const std::int64_t threads = buffers.elements / 4;
  const auto blocks = static_cast<unsigned>((threads + kThreads - 1) / kThreads);
  const auto kernel = buffers.wide_grad ? adam_kernel<float> : adam_kernel<Bf16>;
  kernel<<<blocks, kThreads, 0, static_cast<cudaStream_t>(stream)>>>(buffers, scalars, norm);
  return launch_error();
}

}  // namespace lectio::cuda
