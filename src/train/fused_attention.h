// SPDX-License-Identifier: Apache-2.0
// Relative attention by the kernels of compute/cuda, with its gradient.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace lectio::train {

// Whether the kernels take it: bf16 on CUDA, heads of 64, sides of at most 80 patches, and a build
// with CUDA.
bool fused_relative_attention_takes(const torch::Tensor& qkv, std::int64_t heads, std::int64_t h,
                                    std::int64_t w);
// As relative_attention (layers.h), where they take it.
torch::Tensor fused_relative_attention(const torch::Tensor& qkv, std::int64_t heads,
                                       const torch::Tensor& table_h, const torch::Tensor& table_w,
                                       std::int64_t h, std::int64_t w);

}  // namespace lectio::train
