// SPDX-License-Identifier: Apache-2.0
#include "model/layers/gated_mlp.h"

namespace lectio {

GatedMlp GatedMlp::bind(Binder& binder, const std::string& name, std::int64_t width,
                        std::int64_t hidden) {
  return {.gate = binder.weight(name + ".gate_proj.weight", {hidden, width}),
          .up = binder.weight(name + ".up_proj.weight", {hidden, width}),
          .down = binder.weight(name + ".down_proj.weight", {width, hidden})};
}

void forward(const GatedMlp& w, const Run& run, TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const std::int64_t hidden = w.gate.shape[0];
  const TensorView gate = scratch.make({x.rows(), hidden});
  const TensorView up = scratch.make({x.rows(), hidden});
  run.ops.linear(run.context, x, w.gate, {}, kernels::Activation::kNone, gate);
  run.ops.linear(run.context, x, w.up, {}, kernels::Activation::kNone, up);
  run.ops.silu_mul(run.context, gate, up, gate);
  run.ops.linear(run.context, gate, w.down, {}, kernels::Activation::kNone, y);
}

void step(const GatedMlp& w, const Run& run, TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const TensorView hidden = scratch.make({x.rows(), w.gate.shape[0]});
  const kernels::LinearJob inside{.x = x, .weight = w.up, .gate = w.gate, .y = hidden};
  run.ops.linear_group(run.context, {&inside, 1});
  const kernels::LinearJob outside{.x = hidden, .weight = w.down, .gate = {}, .y = y};
  run.ops.linear_group(run.context, {&outside, 1});
}

}  // namespace lectio
