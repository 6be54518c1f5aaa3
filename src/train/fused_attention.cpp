// SPDX-License-Identifier: Apache-2.0
#include "train/fused_attention.h"

#include "base/check.h"

#ifdef LECTIO_CUDA
#include "compute/cuda/relative_attention.h"
#include "train/cuda_call.h"
#endif

namespace lectio::train {

#ifdef LECTIO_CUDA
namespace {

constexpr std::int64_t kHeadDim = cuda::kRelativeHeadDim;

cuda::RelativeShape shape_of(const torch::Tensor& qkv, std::int64_t heads, std::int64_t h,
                             std::int64_t w) {
  return {qkv.size(0), heads, h, w};
}

// q of all heads, [heads, batch * n, 64], copied together.
torch::Tensor gather_queries(const torch::Tensor& qkv, std::int64_t heads) {
  return qkv.view({-1, 3, heads, kHeadDim}).select(1, 0).transpose(0, 1).contiguous();
}

class RelativeAttention : public torch::autograd::Function<RelativeAttention> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& qkv,
                               const torch::Tensor& table_h, const torch::Tensor& table_w,
                               std::int64_t heads, std::int64_t h, std::int64_t w) {
    const c10::cuda::CUDAGuard guard(qkv.device());
    const cuda::RelativeShape shape = shape_of(qkv, heads, h, w);
    const std::int64_t rows = qkv.size(0) * qkv.size(1);
    const torch::Tensor tables = torch::constant_pad_nd(
        torch::cat({table_h, table_w}, 0),
        {0, 0, 0, shape.position_columns() - table_h.size(0) - table_w.size(0)});
    const torch::Tensor positions =
        torch::matmul(gather_queries(qkv, heads).view({-1, kHeadDim}), tables.t());
    const torch::Tensor terms = torch::empty({heads, rows, shape.term_columns()}, qkv.options());
    const torch::Tensor out =
        torch::empty({qkv.size(0), qkv.size(1), heads * kHeadDim}, qkv.options());
    const torch::Tensor log_sums =
        torch::empty({heads, rows}, qkv.options().dtype(torch::kFloat32));
    check_launch(cuda::relative_attention(shape,
                                          {qkv.data_ptr(), positions.data_ptr(), terms.data_ptr(),
                                           out.data_ptr(), log_sums.data_ptr<float>()},
                                          current_stream()));
    context->save_for_backward({qkv, tables, terms, out, log_sums});
    context->saved_data["heads"] = heads;
    context->saved_data["h"] = h;
    context->saved_data["w"] = w;
    return out;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list grads) {
    const std::vector<torch::Tensor> saved = context->get_saved_variables();
    const torch::Tensor &qkv = saved[0], &tables = saved[1], &terms = saved[2], &out = saved[3],
                        &log_sums = saved[4];
    const c10::cuda::CUDAGuard guard(qkv.device());
    const std::int64_t heads = context->saved_data["heads"].toInt();
    const std::int64_t h = context->saved_data["h"].toInt(), w = context->saved_data["w"].toInt();
    const cuda::RelativeShape shape = shape_of(qkv, heads, h, w);
    const torch::Tensor grad_out = grads[0].contiguous();
    const torch::Tensor deltas = torch::empty_like(log_sums);
    const torch::Tensor grad_terms = torch::empty_like(terms);
    const torch::Tensor grad_qkv = torch::empty_like(qkv);
    const torch::Tensor grad_positions =
        torch::empty({heads, qkv.size(0) * qkv.size(1), shape.position_columns()}, qkv.options());
    check_launch(cuda::relative_attention_backward(
        shape,
        {qkv.data_ptr(), terms.data_ptr(), out.data_ptr(), log_sums.data_ptr<float>(),
         grad_out.data_ptr(), deltas.data_ptr<float>(), grad_terms.data_ptr(), grad_qkv.data_ptr(),
         grad_positions.data_ptr()},
        current_stream()));
    // What comes through P = q tables^T.
    grad_qkv.view({-1, 3, heads, kHeadDim})
        .select(1, 0)
        .transpose(0, 1)
        .add_(torch::matmul(grad_positions, tables));
    const std::int64_t maps = heads * qkv.size(0);
    const torch::Tensor grad_tables =
        torch::bmm(grad_positions.view({maps, qkv.size(1), -1}).transpose(1, 2),
                   gather_queries(qkv, heads).view({maps, qkv.size(1), kHeadDim}))
            .sum(0, /*keepdim=*/false, torch::kFloat32)
            .to(tables.scalar_type());
    return {grad_qkv,
            grad_tables.narrow(0, 0, 2 * h - 1),
            grad_tables.narrow(0, 2 * h - 1, 2 * w - 1),
            {},
            {},
            {}};
  }
};

}  // namespace

bool fused_relative_attention_takes(const torch::Tensor& qkv, std::int64_t heads, std::int64_t h,
                                    std::int64_t w) {
  return qkv.is_cuda() && qkv.scalar_type() == torch::kBFloat16 && qkv.is_contiguous() &&
         qkv.size(2) == 3 * heads * kHeadDim && shape_of(qkv, heads, h, w).supported();
}

torch::Tensor fused_relative_attention(const torch::Tensor& qkv, std::int64_t heads,
                                       const torch::Tensor& table_h, const torch::Tensor& table_w,
                                       std::int64_t h, std::int64_t w) {
  return RelativeAttention::apply(qkv, table_h, table_w, heads, h, w);
}
#else
bool fused_relative_attention_takes(const torch::Tensor&, std::int64_t, std::int64_t,
                                    std::int64_t) {
  return false;
}

torch::Tensor fused_relative_attention(const torch::Tensor&, std::int64_t, const torch::Tensor&,
                                       const torch::Tensor&, std::int64_t, std::int64_t) {
  LECTIO_CHECK(false, "built without CUDA");
  return {};
}
#endif

}  // namespace lectio::train
