// SPDX-License-Identifier: Apache-2.0
#include "train/flat_adam.h"

#include <algorithm>
#include <cmath>

namespace lectio::train {
namespace {

constexpr double kEpsilon = 1e-8;

}  // namespace

FlatAdam::FlatAdam(Parameters& parameters, const Recipe& recipe)
    : parameters_(parameters),
      recipe_(recipe),
      moment1_(torch::zeros_like(parameters.master())),
      moment2_(torch::zeros_like(parameters.master())),
      average_(parameters.master().clone()) {}

torch::Tensor FlatAdam::step(torch::Tensor grad, double learning_rate) {
  torch::NoGradGuard no_grad;
  ++steps_;
  const torch::Tensor norm = grad.norm();
  const torch::Tensor finite = norm.isfinite();
  const torch::Tensor factor =
      torch::where(finite, (recipe_.clip / (norm + 1e-6)).clamp_max(1.0), torch::zeros_like(norm));
  grad.nan_to_num_(0.0, 0.0, 0.0).mul_(factor);
  const auto t = static_cast<double>(steps_);
  moment1_.lerp_(grad, 1.0 - recipe_.beta1);
  moment2_.mul_(recipe_.beta2).addcmul_(grad, grad, 1.0 - recipe_.beta2);
  const torch::Tensor denominator =
      (moment2_ / (1.0 - std::pow(recipe_.beta2, t))).sqrt_().add_(kEpsilon);
  torch::Tensor master = parameters_.master();
  master.addcmul_(master, parameters_.decay_mask(), -learning_rate * recipe_.weight_decay);
  master.addcdiv_(moment1_, denominator, -learning_rate / (1.0 - std::pow(recipe_.beta1, t)));
  // Short memory at first, so that the average does not hold on to the initial numbers.
  average_.lerp_(master, 1.0 - std::min(recipe_.average_decay, (1.0 + t) / (10.0 + t)));
  parameters_.publish();
  return norm;
}

}  // namespace lectio::train
