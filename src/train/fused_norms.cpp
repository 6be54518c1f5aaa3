// SPDX-License-Identifier: Apache-2.0
#include "train/fused_norms.h"

#include "base/check.h"
#include "train/fused_elementwise.h"

#ifdef LECTIO_CUDA
#include "compute/cuda/norms.h"
#include "train/cuda_call.h"
#endif

namespace lectio::train {

#ifdef LECTIO_CUDA
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

cuda::NormShape norm_shape(const torch::Tensor& x, bool centred) {
  return {x.numel() / x.size(-1), x.size(-1), centred};
}

void* data_or_null(const torch::Tensor& t) { return t.defined() ? t.data_ptr() : nullptr; }

class Norm : public torch::autograd::Function<Norm> {
 public:
  // branch and bias of no elements where there is none: an input of a Function has a device.
  static tensor_list forward(AutogradContext* context, const torch::Tensor& x,
                             const torch::Tensor& branch, const torch::Tensor& weight,
                             const torch::Tensor& bias, double eps) {
    const c10::cuda::CUDAGuard guard(x.device());
    const bool adds = branch.numel() > 0, centred = bias.numel() > 0;
    const cuda::NormShape shape = norm_shape(x, centred);
    const torch::Tensor out = torch::empty_like(x), sum = adds ? torch::empty_like(x) : x;
    const torch::Tensor statistics =
        torch::empty({shape.statistics()}, x.options().dtype(torch::kFloat32));
    check_launch(cuda::norm(shape, static_cast<float>(eps), x.data_ptr(),
                            adds ? branch.data_ptr() : nullptr, weight.data_ptr(),
                            centred ? bias.data_ptr() : nullptr, adds ? sum.data_ptr() : nullptr,
                            out.data_ptr(), statistics.data_ptr<float>(), current_stream()));
    context->save_for_backward({sum, weight, statistics});
    context->saved_data["adds"] = adds;
    context->saved_data["centred"] = centred;
    context->set_materialize_grads(false);
    return adds ? tensor_list{out, sum} : tensor_list{out};
  }
  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    const std::vector<torch::Tensor> saved = context->get_saved_variables();
    const torch::Tensor &sum = saved[0], &weight = saved[1], &statistics = saved[2];
    const c10::cuda::CUDAGuard guard(sum.device());
    const bool adds = context->saved_data["adds"].toBool();
    const cuda::NormShape shape = norm_shape(sum, context->saved_data["centred"].toBool());
    const torch::Tensor grad_out =
        grads[0].defined() ? grads[0].contiguous() : torch::zeros_like(sum);
    const torch::Tensor grad_sum =
        adds && grads[1].defined() ? grads[1].contiguous() : torch::Tensor();
    const torch::Tensor grad_x = torch::empty_like(sum);
    const torch::Tensor partial = torch::empty(
        {cuda::norm_backward_blocks(shape.rows), shape.parameters()}, statistics.options());
    const torch::Tensor grad_parameters = torch::empty({shape.parameters()}, sum.options());
    check_launch(cuda::norm_backward(
        shape, sum.data_ptr(), weight.data_ptr(), statistics.data_ptr<float>(), grad_out.data_ptr(),
        data_or_null(grad_sum), grad_x.data_ptr(), partial.data_ptr<float>(),
        grad_parameters.data_ptr(), current_stream()));
    const auto of_parameter = [&](std::int64_t i) {
      return grad_parameters.narrow(0, i * shape.width, shape.width);
    };
    return {grad_x, adds ? grad_x : torch::Tensor(), of_parameter(0),
            shape.centred ? of_parameter(1) : torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

bool fused_norm_takes(const torch::Tensor& x, const torch::Tensor& branch,
                      const torch::Tensor& weight) {
  return fused_takes(x) && fused_takes(weight) && x.numel() > 0 &&
         x.size(-1) <= cuda::kWidestNorm &&
         (!branch.defined() || (fused_takes(branch) && branch.sizes() == x.sizes()));
}

Normed fused_norm(const torch::Tensor& x, const torch::Tensor& branch, const torch::Tensor& weight,
                  const torch::Tensor& bias, double eps) {
  const torch::Tensor none = torch::empty({0}, x.options());
  const tensor_list results =
      Norm::apply(x, branch.defined() ? branch : none, weight, bias.defined() ? bias : none, eps);
  return {branch.defined() ? results[1] : x, results[0]};
}
#else
bool fused_norm_takes(const torch::Tensor&, const torch::Tensor&, const torch::Tensor&) {
  return false;
}
Normed fused_norm(const torch::Tensor&, const torch::Tensor&, const torch::Tensor&,
                  const torch::Tensor&, double) {
  LECTIO_CHECK(false, "built without CUDA");
  return {};
}
#endif

}  // namespace lectio::train
