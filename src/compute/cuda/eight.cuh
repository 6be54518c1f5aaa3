// SPDX-License-Identifier: Apache-2.0
// 16 bytes of bf16 as numbers.
#pragma once

#include <cuda_bf16.h>

namespace lectio::cuda {

using Bf16 = __nv_bfloat16;

struct Eight {
  float v[8];
};

__device__ inline Eight load(const Bf16* from) {
  const uint4 raw = *reinterpret_cast<const uint4*>(from);
  const auto* pairs = reinterpret_cast<const __nv_bfloat162*>(&raw);
  Eight out;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float2 two = __bfloat1622float2(pairs[i]);
    out.v[2 * i] = two.x;
    out.v[2 * i + 1] = two.y;
  }
  return out;
}

__device__ inline void store(Bf16* to, const Eight& x) {
  uint4 raw;
  auto* pairs = reinterpret_cast<__nv_bfloat162*>(&raw);
#pragma unroll
  for (int i = 0; i < 4; ++i) pairs[i] = __floats2bfloat162_rn(x.v[2 * i], x.v[2 * i + 1]);
  *reinterpret_cast<uint4*>(to) = raw;
}

}  // namespace lectio::cuda
