// SPDX-License-Identifier: Apache-2.0
#include "train/flat_adam.h"

#include <algorithm>
#include <cmath>

#include "train/fused_adam.h"

namespace lectio::train {

void plain_adam(const AdamBuffers& buffers, const AdamStep& step, const torch::Tensor& grad,
                const torch::Tensor& norm) {
  auto [moment1, moment2, master, decay_mask, average, working] = buffers;
  const torch::Tensor factor = torch::where(
      norm.isfinite(), (step.clip / (norm + 1e-6)).clamp_max(1.0), torch::zeros_like(norm));
  const torch::Tensor g = grad.to(master.scalar_type()).nan_to_num(0.0, 0.0, 0.0).mul_(factor);
  moment1.lerp_(g, 1.0 - step.beta1);
  moment2.mul_(step.beta2).addcmul_(g, g, 1.0 - step.beta2);
  const torch::Tensor denominator = (moment2 / step.correction2).sqrt_().add_(step.epsilon);
  master.addcmul_(master, decay_mask, -step.learning_rate * step.weight_decay);
  master.addcdiv_(moment1, denominator, -step.learning_rate / step.correction1);
  average.lerp_(master, step.average_weight);
  working.copy_(master);
}

void adam(const AdamBuffers& buffers, const AdamStep& step, const torch::Tensor& grad,
          const torch::Tensor& norm) {
  if (fused_adam_takes(buffers, grad)) {
    fused_adam(buffers, step, grad, norm);
  } else {
    plain_adam(buffers, step, grad, norm);
  }
}

FlatAdam::FlatAdam(Parameters& parameters, const Recipe& recipe)
    : parameters_(parameters),
      recipe_(recipe),
      moment1_(torch::zeros_like(parameters.master())),
      moment2_(torch::zeros_like(parameters.master())),
      average_(parameters.master().clone()) {}

torch::Tensor FlatAdam::step(const torch::Tensor& grad, double learning_rate) {
  torch::NoGradGuard no_grad;
  const auto t = static_cast<double>(++steps_);
  AdamStep step;
  step.clip = recipe_.clip;
  step.beta1 = recipe_.beta1;
  step.beta2 = recipe_.beta2;
  step.correction1 = 1.0 - std::pow(recipe_.beta1, t);
  step.correction2 = 1.0 - std::pow(recipe_.beta2, t);
  step.learning_rate = learning_rate;
  step.weight_decay = recipe_.weight_decay;
  // Short memory at first, so that the average does not hold on to the initial numbers.
  step.average_weight = 1.0 - std::min(recipe_.average_decay, (1.0 + t) / (10.0 + t));
  const torch::Tensor norm = grad.norm(2, torch::kFloat32);
  adam({moment1_, moment2_, parameters_.master(), parameters_.decay_mask(), average_,
        parameters_.working()},
       step, grad, norm);
  return norm;
}

}  // namespace lectio::train
