// SPDX-License-Identifier: Apache-2.0
// A step of AdamW with clipping and a moving average of the weights, in one pass over the buffers:
// 16 bytes of f32 a thread. Pointers are to device memory, aligned to 16 bytes; `stream` is a
// cudaStream_t. Returns the text of the launch error, or nullptr.
#pragma once

#include <cstdint>

namespace lectio::cuda {

// All [elements], a multiple of 4; no two overlap.
struct AdamBuffers {
  std::int64_t elements = 0;
  const void* grad = nullptr;  // bf16 or f32; read alone
  bool wide_grad = false;      // f32
  float* moment1 = nullptr;
  float* moment2 = nullptr;
  float* master = nullptr;
  const float* decay_mask = nullptr;
  float* average = nullptr;
  void* working = nullptr;  // bf16, written: the masters rounded
};

// g = grad * min(1, clip / (norm + 1e-6)), and 0 where grad is not finite or the norm is not:
//   moment1 moves to g by `weight1`; moment2 = moment2 * beta2 + weight2 * g * g
//   master += decay * master * decay_mask
//   master += rate * moment1 / (sqrt(moment2 * scale2) + epsilon)
//   average moves to master by `average_weight`
struct AdamScalars {
  float clip, weight1, beta2, weight2, scale2, epsilon, decay, rate, average_weight;
};

// norm: of the whole gradient, one f32 on the device.
const char* adam(const AdamBuffers& buffers, const AdamScalars& scalars, const float* norm,
                 void* stream);

}  // namespace lectio::cuda
