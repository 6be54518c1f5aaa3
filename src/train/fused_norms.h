// SPDX-License-Identifier: Apache-2.0
// Norms, with the addition before them, by the kernels of compute/cuda, with their gradients.
#pragma once

#include <torch/torch.h>

#include "train/layers.h"

namespace lectio::train {

// Whether the kernels take it: all bf16 on CUDA and contiguous, rows of a multiple of 8, at most
// 768, and a build with CUDA.
bool fused_norm_takes(const torch::Tensor& x, const torch::Tensor& branch,
                      const torch::Tensor& weight);
// plain_norm.
Normed fused_norm(const torch::Tensor& x, const torch::Tensor& branch, const torch::Tensor& weight,
                  const torch::Tensor& bias, double eps);

}  // namespace lectio::train
