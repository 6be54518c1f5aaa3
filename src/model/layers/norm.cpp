// SPDX-License-Identifier: Apache-2.0
#include "model/layers/norm.h"

namespace lectio {

LayerNorm LayerNorm::bind(Binder& binder, const std::string& name, std::int64_t width, float eps) {
  return {binder.floats(name + ".weight", {width}), binder.floats(name + ".bias", {width}), eps};
}

RmsNorm RmsNorm::bind(Binder& binder, const std::string& name, std::int64_t width, float eps) {
  return {binder.floats(name + ".weight", {width}), eps};
}

void forward(const LayerNorm& w, const Run& run, TensorView x, TensorView y) {
  run.ops.layer_norm(run.context, x, w.weight.view(), w.bias.view(), w.eps, y);
}

void forward(const RmsNorm& w, const Run& run, TensorView x, TensorView y) {
  run.ops.rms_norm(run.context, x, w.weight.view(), w.eps, y);
}

}  // namespace lectio
