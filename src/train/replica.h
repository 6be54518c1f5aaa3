// SPDX-License-Identifier: Apache-2.0
// One copy of the network on one device. Several copies see different batches, exchange their
// gradients and make the same update, so they stay equal to the bit without ever sending weights.
#pragma once

#include <torch/torch.h>

#include <barrier>
#include <memory>
#include <vector>

#include "train/flat_adam.h"
#include "train/losses.h"
#include "train/parameters.h"
#include "train/recipe.h"

namespace lectio::train {

// One thread at a time.
class Replica {
 public:
  Replica(const Recipe& recipe, torch::Device device);

  // Forward and backward of one batch; gradients are in parameters().grads() when this returns.
  LossTerms accumulate(const Batch& batch, const LossWeights& weights);
  // The optimiser's step with the sum of the gradients of all replicas divided by their number.
  // Call between two barriers of all replicas. Returns the gradient's norm.
  torch::Tensor update(const std::vector<std::unique_ptr<Replica>>& all, double learning_rate);
  void synchronize() const;  // waits for the device

  Batch to_device(const Batch& batch) const;
  Parameters& parameters() { return parameters_; }
  const Parameters& parameters() const { return parameters_; }
  FlatAdam& optimizer() { return *optimizer_; }

 private:
  const Recipe& recipe_;
  torch::Device device_;
  Parameters parameters_;
  std::unique_ptr<FlatAdam> optimizer_;
};

}  // namespace lectio::train
