// SPDX-License-Identifier: Apache-2.0
#include "train/replica.h"

namespace lectio::train {

Replica::Replica(const Recipe& recipe, torch::Device device) : recipe_(recipe), device_(device) {
  declare_network(parameters_, recipe.network, recipe.neck_width);
  declare_cell_heads(parameters_, recipe.network);
  parameters_.allocate(device, device.is_cuda() ? torch::kBFloat16 : torch::kFloat32, recipe.seed);
  optimizer_ = std::make_unique<FlatAdam>(parameters_, recipe);
}

Batch Replica::to_device(const Batch& batch) const {
  Batch moved = batch;
  moved.for_each_tensor([this](torch::Tensor& t) { t = t.to(device_, /*non_blocking=*/true); });
  return moved;
}

LossTerms Replica::accumulate(const Batch& batch, const LossWeights& weights) {
  parameters_.drop_gradients();
  LossTerms terms = compute_losses(parameters_, recipe_.network, to_device(batch), weights);
  terms.total.backward();
  parameters_.gather_gradients();
  for (torch::Tensor* t : {&terms.total, &terms.text, &terms.patch_cells, &terms.token_cells,
                           &terms.align, &terms.balance, &terms.expert_shares}) {
    if (t->defined()) *t = t->detach();
  }
  return terms;
}

torch::Tensor Replica::update(const std::vector<std::unique_ptr<Replica>>& all,
                              double learning_rate) {
  if (all.size() == 1) return optimizer_->step(parameters_.grads(), learning_rate);
  torch::NoGradGuard no_grad;
  // Every replica adds in the same order, so that all get the same bits.
  torch::Tensor sum = torch::zeros_like(parameters_.master());
  for (const auto& replica : all) sum.add_(replica->parameters().grads().to(device_));
  return optimizer_->step(sum.div_(static_cast<double>(all.size())), learning_rate);
}

void Replica::synchronize() const {
  if (device_.is_cuda()) torch::cuda::synchronize(device_.index());
}

}  // namespace lectio::train
