// SPDX-License-Identifier: Apache-2.0
// The element-wise parts of the network by the kernels of compute/cuda, with their gradients. Each
// is what the function of the same name without `fused_` does in plain torch.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace lectio::train {

// Whether the kernels take it: bf16 on CUDA, contiguous, a last dimension that is a multiple of 8,
// and a build with CUDA.
bool fused_takes(const torch::Tensor& x);

torch::Tensor fused_rotate(const torch::Tensor& x, const torch::Tensor& cosine,
                           const torch::Tensor& sine);
torch::Tensor fused_gated(const torch::Tensor& gate, const torch::Tensor& up,
                          const torch::Tensor& weights);
torch::Tensor fused_cut_windows(const torch::Tensor& x, std::int64_t side);
torch::Tensor fused_join_windows(const torch::Tensor& windows, std::int64_t b, std::int64_t h,
                                 std::int64_t w);

}  // namespace lectio::train
