// SPDX-License-Identifier: Apache-2.0
#include "train/parameters.h"

#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/splitmix.h"

namespace lectio::train {
namespace {

// Approximately normal numbers by Box-Muller from the project's own stream: the same on every
// machine.
void fill_normal(float* out, std::int64_t count, double deviation, std::uint64_t seed) {
  Random random(seed);
  for (std::int64_t i = 0; i < count; i += 2) {
    const double radius = deviation * std::sqrt(-2.0 * std::log(1.0 - random.unit()));
    const double angle = 6.283185307179586 * random.unit();
    out[i] = static_cast<float>(radius * std::cos(angle));
    if (i + 1 < count) out[i + 1] = static_cast<float>(radius * std::sin(angle));
  }
}

}  // namespace

void Parameters::declare(std::string name, std::vector<std::int64_t> shape, Init init,
                         double deviation, bool exported) {
  ParameterInfo info;
  info.elements = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  info.name = std::move(name);
  info.decay = shape.size() >= 2;
  info.shape = std::move(shape);
  info.init = init;
  info.deviation = deviation;
  info.exported = exported;
  info.offset = elements_;
  // Each view starts on a 64-element border, so that matrix kernels find aligned rows.
  elements_ += (info.elements + 63) / 64 * 64;
  infos_.push_back(std::move(info));
}

void Parameters::allocate(torch::Device device, torch::ScalarType compute_type,
                          std::uint64_t seed) {
  torch::NoGradGuard no_grad;
  torch::Tensor host = torch::zeros({elements_}, torch::kFloat32);
  torch::Tensor decay = torch::zeros({elements_}, torch::kFloat32);
  float* numbers = host.data_ptr<float>();
  for (std::size_t i = 0; i < infos_.size(); ++i) {
    const ParameterInfo& info = infos_[i];
    if (info.init == Init::kNormal) {
      fill_normal(numbers + info.offset, info.elements, info.deviation, splitmix64(seed + i));
    } else if (info.init == Init::kOne) {
      std::fill_n(numbers + info.offset, info.elements, 1.0F);
    }
    if (info.decay) decay.narrow(0, info.offset, info.elements).fill_(1.0F);
  }
  master_ = host.to(device);
  decay_ = decay.to(device);
  working_ = master_.to(compute_type, /*non_blocking=*/false, /*copy=*/true);
  grads_ = torch::zeros_like(working_);
  for (const ParameterInfo& info : infos_) {
    torch::Tensor leaf = working_.narrow(0, info.offset, info.elements).view(info.shape).detach();
    leaf.requires_grad_(true);
    leaves_[info.name] = {leaf, grads_.narrow(0, info.offset, info.elements).view(info.shape)};
  }
}

const torch::Tensor& Parameters::operator[](const std::string& name) const {
  const auto found = leaves_.find(name);
  LECTIO_CHECK(found != leaves_.end(), name);
  return found->second.values;
}

void Parameters::drop_gradients() {
  for (const auto& [name, leaf] : leaves_) leaf.values.mutable_grad().reset();
}

void Parameters::gather_gradients() {
  torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> to, from;
  for (const auto& [name, leaf] : leaves_) {
    const torch::Tensor& grad = leaf.values.grad();
    if (!grad.defined()) {
      leaf.grads.zero_();
      continue;
    }
    to.push_back(leaf.grads);
    from.push_back(grad);
  }
#if TORCH_VERSION_MAJOR >= 2
  at::_foreach_copy_(to, from);  // a few kernels for all
#else
  for (std::size_t i = 0; i < to.size(); ++i) to[i].copy_(from[i]);
#endif
}

void Parameters::publish() {
  torch::NoGradGuard no_grad;
  working_.copy_(master_);
}

}  // namespace lectio::train
