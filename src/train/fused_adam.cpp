// SPDX-License-Identifier: Apache-2.0
#include "train/fused_adam.h"

#include "base/check.h"

#ifdef LECTIO_CUDA
#include "compute/cuda/adam.h"
#include "train/cuda_call.h"
#endif

namespace lectio::train {

#ifdef LECTIO_CUDA
bool fused_adam_takes(const AdamBuffers& buffers, const torch::Tensor& grad) {
  const auto flat = [&](const torch::Tensor& t, torch::ScalarType type) {
    return t.is_cuda() && t.scalar_type() == type && t.is_contiguous() && t.numel() == grad.numel();
  };
  return (flat(grad, torch::kBFloat16) || flat(grad, torch::kFloat32)) && grad.numel() > 0 &&
         grad.numel() % 4 == 0 && flat(buffers.moment1, torch::kFloat32) &&
         flat(buffers.moment2, torch::kFloat32) && flat(buffers.master, torch::kFloat32) &&
         flat(buffers.decay_mask, torch::kFloat32) && flat(buffers.average, torch::kFloat32) &&
         flat(buffers.working, torch::kBFloat16);
}

void fused_adam(const AdamBuffers& buffers, const AdamStep& step, const torch::Tensor& grad,
                const torch::Tensor& norm) {
  const c10::cuda::CUDAGuard guard(grad.device());
  cuda::AdamBuffers flat;
  flat.elements = grad.numel();
  flat.grad = grad.data_ptr();
  flat.wide_grad = grad.scalar_type() == torch::kFloat32;
  flat.moment1 = buffers.moment1.data_ptr<float>();
  flat.moment2 = buffers.moment2.data_ptr<float>();
  flat.master = buffers.master.data_ptr<float>();
  flat.decay_mask = buffers.decay_mask.data_ptr<float>();
  flat.average = buffers.average.data_ptr<float>();
  flat.working = buffers.working.data_ptr();
  cuda::AdamScalars scalars;
  scalars.clip = static_cast<float>(step.clip);
  scalars.weight1 = static_cast<float>(1.0 - step.beta1);
  scalars.beta2 = static_cast<float>(step.beta2);
  scalars.weight2 = static_cast<float>(1.0 - step.beta2);
  scalars.scale2 = static_cast<float>(1.0 / step.correction2);
  scalars.epsilon = static_cast<float>(step.epsilon);
  scalars.decay = static_cast<float>(-step.learning_rate * step.weight_decay);
  scalars.rate = static_cast<float>(-step.learning_rate / step.correction1);
  scalars.average_weight = static_cast<float>(step.average_weight);
  check_launch(cuda::adam(flat, scalars, norm.data_ptr<float>(), current_stream()));
}
#else
bool fused_adam_takes(const AdamBuffers&, const torch::Tensor&) { return false; }
void fused_adam(const AdamBuffers&, const AdamStep&, const torch::Tensor&, const torch::Tensor&) {
  LECTIO_CHECK(false, "built without CUDA");
}
#endif

}  // namespace lectio::train
