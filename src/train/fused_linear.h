// SPDX-License-Identifier: Apache-2.0
// A linear layer with a bias whose gradient is summed by the kernel of compute/cuda; the products
// are torch's.
#pragma once

#include <torch/torch.h>

namespace lectio::train {

// Whether the kernel takes it: all bf16 on CUDA, a bias of a multiple of 8, and a build with CUDA.
bool fused_linear_takes(const torch::Tensor& x, const torch::Tensor& weight,
                        const torch::Tensor& bias);
// torch::linear.
torch::Tensor fused_linear(const torch::Tensor& x, const torch::Tensor& weight,
                           const torch::Tensor& bias);

}  // namespace lectio::train
