// SPDX-License-Identifier: Apache-2.0
#include "train/fused_linear.h"

#include "base/check.h"
#include "train/fused_elementwise.h"

#ifdef LECTIO_CUDA
#include "compute/cuda/column_sums.h"
#include "train/cuda_call.h"
#endif

namespace lectio::train {

#ifdef LECTIO_CUDA
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// x [rows, columns] -> [columns].
torch::Tensor sum_of_rows(const torch::Tensor& x) {
  const c10::cuda::CUDAGuard guard(x.device());
  const std::int64_t rows = x.size(0), columns = x.size(1);
  const torch::Tensor partial =
      torch::empty({cuda::column_sum_blocks(rows), columns}, x.options().dtype(torch::kFloat32));
  const torch::Tensor sums = torch::empty({columns}, x.options());
  check_launch(cuda::column_sums(rows, columns, x.data_ptr(), partial.data_ptr<float>(),
                                 sums.data_ptr(), current_stream()));
  return sums;
}

class Linear : public torch::autograd::Function<Linear> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const torch::Tensor& bias) {
    context->save_for_backward({x, weight});
    std::vector<std::int64_t> shape = x.sizes().vec();
    shape.back() = weight.size(0);
    // As rows, so that the product adds the bias itself whatever the dimensions of x.
    return at::_unsafe_view(torch::addmm(bias, x.reshape({-1, x.size(-1)}), weight.t()), shape);
  }
  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    const std::vector<torch::Tensor> saved = context->get_saved_variables();
    const torch::Tensor &x = saved[0], &weight = saved[1];
    const torch::Tensor grad = grads[0].contiguous().view({-1, weight.size(0)});
    tensor_list results(3);
    if (context->needs_input_grad(0)) results[0] = grad.mm(weight).view(x.sizes());
    if (context->needs_input_grad(1)) results[1] = grad.t().mm(x.reshape({-1, x.size(-1)}));
    if (context->needs_input_grad(2)) results[2] = sum_of_rows(grad);
    return results;
  }
};

}  // namespace

bool fused_linear_takes(const torch::Tensor& x, const torch::Tensor& weight,
                        const torch::Tensor& bias) {
  return x.is_cuda() && x.scalar_type() == torch::kBFloat16 && x.numel() > 0 &&
         weight.scalar_type() == torch::kBFloat16 && fused_takes(bias);
}

torch::Tensor fused_linear(const torch::Tensor& x, const torch::Tensor& weight,
                           const torch::Tensor& bias) {
  return Linear::apply(x, weight, bias);
}
#else
bool fused_linear_takes(const torch::Tensor&, const torch::Tensor&, const torch::Tensor&) {
  return false;
}
torch::Tensor fused_linear(const torch::Tensor&, const torch::Tensor&, const torch::Tensor&) {
  LECTIO_CHECK(false, "built without CUDA");
  return {};
}
#endif

}  // namespace lectio::train
