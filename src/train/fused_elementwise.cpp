// SPDX-License-Identifier: Apache-2.0
#include "train/fused_elementwise.h"

#include "base/check.h"

#ifdef LECTIO_CUDA
#include "compute/cuda/elementwise.h"
#include "train/cuda_call.h"
#endif

namespace lectio::train {

#ifdef LECTIO_CUDA
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

torch::Tensor turn(const torch::Tensor& x, const torch::Tensor& cosine, const torch::Tensor& sine,
                   bool backwards) {
  const c10::cuda::CUDAGuard guard(x.device());
  const torch::Tensor out = torch::empty_like(x);
  check_launch(cuda::rotate_halves(x.size(0) * x.size(1), x.size(2), x.size(3) / 2, x.size(1),
                                   x.data_ptr(), cosine.data_ptr<float>(), sine.data_ptr<float>(),
                                   backwards, out.data_ptr(), current_stream()));
  return out;
}

class Rotate : public torch::autograd::Function<Rotate> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& cosine, const torch::Tensor& sine) {
    context->save_for_backward({cosine, sine});
    return turn(x, cosine, sine, false);
  }
  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    const std::vector<torch::Tensor> saved = context->get_saved_variables();
    return {turn(grads[0].contiguous(), saved[0], saved[1], true), {}, {}};
  }
};

// weights [..., groups], or of no elements for ones: an input of a Function has a device.
cuda::GatedShape gated_shape(const torch::Tensor& gate, const torch::Tensor& weights) {
  const std::int64_t groups = weights.numel() > 0 ? weights.size(-1) : 1;
  return {gate.numel() / gate.size(-1), groups, gate.size(-1) / groups};
}

class Gated : public torch::autograd::Function<Gated> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& gate,
                               const torch::Tensor& up, const torch::Tensor& weights) {
    const c10::cuda::CUDAGuard guard(gate.device());
    const torch::Tensor out = torch::empty_like(gate);
    check_launch(cuda::gated(gated_shape(gate, weights), gate.data_ptr(), up.data_ptr(),
                             weights.numel() > 0 ? weights.data_ptr<float>() : nullptr,
                             out.data_ptr(), current_stream()));
    context->save_for_backward({gate, up, weights});
    return out;
  }
  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    const std::vector<torch::Tensor> saved = context->get_saved_variables();
    const torch::Tensor &gate = saved[0], &up = saved[1], &weights = saved[2];
    const c10::cuda::CUDAGuard guard(gate.device());
    const torch::Tensor grad_out = grads[0].contiguous();
    const torch::Tensor grad_gate = torch::empty_like(gate), grad_up = torch::empty_like(up);
    torch::Tensor grad_weights;
    if (weights.numel() > 0) grad_weights = torch::empty_like(weights);
    check_launch(cuda::gated_backward(
        gated_shape(gate, weights), gate.data_ptr(), up.data_ptr(),
        weights.numel() > 0 ? weights.data_ptr<float>() : nullptr, grad_out.data_ptr(),
        grad_gate.data_ptr(), grad_up.data_ptr(),
        weights.numel() > 0 ? grad_weights.data_ptr<float>() : nullptr, current_stream()));
    return {grad_gate, grad_up, grad_weights};
  }
};

cuda::WindowShape window_shape(const torch::Tensor& map, std::int64_t side) {
  return {map.size(0), map.size(1), map.size(2), map.size(3), side};
}

torch::Tensor cut(const torch::Tensor& map, std::int64_t side) {
  const c10::cuda::CUDAGuard guard(map.device());
  const cuda::WindowShape shape = window_shape(map, side);
  const torch::Tensor windows = torch::empty(
      {map.size(0) * shape.rows() * shape.columns(), side, side, map.size(3)}, map.options());
  check_launch(cuda::cut_windows(shape, map.data_ptr(), windows.data_ptr(), current_stream()));
  return windows;
}

torch::Tensor join(const torch::Tensor& windows, std::int64_t b, std::int64_t h, std::int64_t w) {
  const c10::cuda::CUDAGuard guard(windows.device());
  const torch::Tensor map = torch::empty({b, h, w, windows.size(3)}, windows.options());
  check_launch(cuda::join_windows(window_shape(map, windows.size(1)), windows.data_ptr(),
                                  map.data_ptr(), current_stream()));
  return map;
}

class CutWindows : public torch::autograd::Function<CutWindows> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& map,
                               std::int64_t side) {
    context->saved_data["b"] = map.size(0);
    context->saved_data["h"] = map.size(1);
    context->saved_data["w"] = map.size(2);
    return cut(map, side);
  }
  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    return {join(grads[0].contiguous(), context->saved_data["b"].toInt(),
                 context->saved_data["h"].toInt(), context->saved_data["w"].toInt()),
            {}};
  }
};

class JoinWindows : public torch::autograd::Function<JoinWindows> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& windows,
                               std::int64_t b, std::int64_t h, std::int64_t w) {
    context->saved_data["side"] = windows.size(1);
    return join(windows, b, h, w);
  }
  static tensor_list backward(AutogradContext* context, tensor_list grads) {
    return {cut(grads[0].contiguous(), context->saved_data["side"].toInt()), {}, {}, {}};
  }
};

}  // namespace

bool fused_takes(const torch::Tensor& x) {
  return x.is_cuda() && x.scalar_type() == torch::kBFloat16 && x.is_contiguous() &&
         x.size(-1) % 8 == 0;
}

torch::Tensor fused_rotate(const torch::Tensor& x, const torch::Tensor& cosine,
                           const torch::Tensor& sine) {
  return Rotate::apply(x, cosine, sine);
}

torch::Tensor fused_gated(const torch::Tensor& gate, const torch::Tensor& up,
                          const torch::Tensor& weights) {
  return Gated::apply(
      gate, up,
      weights.defined() ? weights : torch::empty({0}, gate.options().dtype(torch::kFloat32)));
}

torch::Tensor fused_cut_windows(const torch::Tensor& x, std::int64_t side) {
  return CutWindows::apply(x, side);
}

torch::Tensor fused_join_windows(const torch::Tensor& windows, std::int64_t b, std::int64_t h,
                                 std::int64_t w) {
  return JoinWindows::apply(windows, b, h, w);
}
#else
namespace {

torch::Tensor without_cuda() {
  LECTIO_CHECK(false, "built without CUDA");
  return {};
}

}  // namespace

bool fused_takes(const torch::Tensor&) { return false; }
torch::Tensor fused_rotate(const torch::Tensor&, const torch::Tensor&, const torch::Tensor&) {
  return without_cuda();
}
torch::Tensor fused_gated(const torch::Tensor&, const torch::Tensor&, const torch::Tensor&) {
  return without_cuda();
}
torch::Tensor fused_cut_windows(const torch::Tensor&, std::int64_t) { return without_cuda(); }
torch::Tensor fused_join_windows(const torch::Tensor&, std::int64_t, std::int64_t, std::int64_t) {
  return without_cuda();
}
#endif

}  // namespace lectio::train
