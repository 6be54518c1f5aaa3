// SPDX-License-Identifier: Apache-2.0
// plain_adam in one pass, by the kernel of compute/cuda.
#pragma once

#include "train/flat_adam.h"

namespace lectio::train {

// Whether the kernel takes it: f32 buffers and a bf16 working copy on CUDA, a gradient in either
// type, all contiguous, a multiple of 4 elements, and a build with CUDA.
bool fused_adam_takes(const AdamBuffers& buffers, const torch::Tensor& grad);
// norm: f32.
void fused_adam(const AdamBuffers& buffers, const AdamStep& step, const torch::Tensor& grad,
                const torch::Tensor& norm);

}  // namespace lectio::train
