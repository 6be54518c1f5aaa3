// SPDX-License-Identifier: Apache-2.0
// AdamW with gradient clipping and a moving average of the weights, over flat buffers: a few
// kernels a step, whatever the number of tensors.
#pragma once

#include <torch/torch.h>

#include "train/parameters.h"
#include "train/recipe.h"

namespace lectio::train {

// What a step changes, all [elements]: f32, and the working copy in the compute type.
struct AdamBuffers {
  torch::Tensor moment1, moment2, master, decay_mask, average, working;
};

// The numbers of step t.
struct AdamStep {
  double clip = 1.0;  // of the gradient's norm
  double beta1 = 0.9, beta2 = 0.95;
  double correction1 = 1.0, correction2 = 1.0;  // 1 - beta^t
  double epsilon = 1e-8;
  double learning_rate = 0, weight_decay = 0;
  double average_weight = 0;  // of the new weights in the average
};

// One update by grad [elements], which is left alone; norm is that of grad, on the device. Runs by
// the kernel of compute/cuda where that takes the buffers, and as plain_adam elsewhere.
void adam(const AdamBuffers& buffers, const AdamStep& step, const torch::Tensor& grad,
          const torch::Tensor& norm);
void plain_adam(const AdamBuffers& buffers, const AdamStep& step, const torch::Tensor& grad,
                const torch::Tensor& norm);

class FlatAdam {
 public:
  FlatAdam(Parameters& parameters, const Recipe& recipe);

  // One update from grad ([elements], f32 or the compute type; left alone); a gradient with a NaN
  // or infinity counts as zeros. Returns its norm before clipping, on the device.
  torch::Tensor step(const torch::Tensor& grad, double learning_rate);

  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }
  torch::Tensor moment1() const { return moment1_; }
  torch::Tensor moment2() const { return moment2_; }
  torch::Tensor average() const { return average_; }

 private:
  Parameters& parameters_;
  const Recipe& recipe_;
  std::int64_t steps_ = 0;
  torch::Tensor moment1_, moment2_, average_;
};

}  // namespace lectio::train
