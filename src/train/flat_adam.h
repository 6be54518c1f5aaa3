// SPDX-License-Identifier: Apache-2.0
// AdamW with gradient clipping and a moving average of the weights, over flat buffers: some ten
// kernels a step, whatever the number of tensors.
#pragma once

#include <torch/torch.h>

#include "train/parameters.h"
#include "train/recipe.h"

namespace lectio::train {

class FlatAdam {
 public:
  FlatAdam(Parameters& parameters, const Recipe& recipe);

  // One update from grad (f32 [elements], overwritten); a gradient with a NaN or infinity changes
  // nothing. Returns its norm before clipping, on the device.
  torch::Tensor step(torch::Tensor grad, double learning_rate);

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
