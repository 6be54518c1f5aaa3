// SPDX-License-Identifier: Apache-2.0
#include "model/layers/linear.h"

namespace lectio {

Linear Linear::bind(Binder& binder, const std::string& name, std::int64_t out, std::int64_t in) {
  return {binder.weight(name + ".weight", {out, in}), binder.floats(name + ".bias", {out})};
}

Linear Linear::bind_without_bias(Binder& binder, const std::string& name, std::int64_t out,
                                 std::int64_t in) {
  return {binder.weight(name + ".weight", {out, in}), {}};
}

void forward(const Linear& w, const Run& run, TensorView x, TensorView y,
             kernels::Activation activation) {
  run.ops.linear(run.context, x, w.weight, w.bias.view(), activation, y);
}

DType activation_type(const Run& run, const Linear& to) {
  return kernels::activation_type(run.ops, to.weight.dtype);
}

DType activation_type(const Run& run, const Linear& from, const Linear& to) {
  const DType written = activation_type(run, from);
  return written == DType::kF32 ? written : activation_type(run, to);
}

}  // namespace lectio
