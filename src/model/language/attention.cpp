// SPDX-License-Identifier: Apache-2.0
#include "model/language/attention.h"

#include <cmath>

namespace lectio {

Attention Attention::bind(Binder& binder, const std::string& name, const DecoderSpec& spec) {
  return {.q = Linear::bind_without_bias(binder, name + ".q_proj", spec.width, spec.width),
          .k = Linear::bind_without_bias(binder, name + ".k_proj", spec.width, spec.width),
          .v = Linear::bind_without_bias(binder, name + ".v_proj", spec.width, spec.width),
          .o = Linear::bind_without_bias(binder, name + ".o_proj", spec.width, spec.width)};
}

void forward(const Attention& w, const DecoderSpec& spec, const Run& run, const KvCache& cache,
             std::int64_t layer, TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const std::int64_t begin = cache.length();
  const TensorView q = scratch.make({x.rows(), spec.width});
  const TensorView mixed = scratch.make({x.rows(), spec.width});
  const TensorView new_keys = cache.keys(layer).row_range(begin, x.rows());
  const TensorView new_values = cache.values(layer).row_range(begin, x.rows());

  forward(w.q, run, x, q);
  forward(w.k, run, x, new_keys);
  forward(w.v, run, x, new_values);
  run.ops.rope(run.context, q, spec.head_dim(), begin, spec.rope_theta);
  run.ops.rope(run.context, new_keys, spec.head_dim(), begin, spec.rope_theta);
  const kernels::AttentionArgs args{.q = q.f32(),
                                    .k = cache.keys(layer).f32(),
                                    .v = cache.values(layer).f32(),
                                    .q_stride = spec.width,
                                    .k_stride = spec.width,
                                    .v_stride = spec.width,
                                    .queries = x.rows(),
                                    .keys = begin + x.rows(),
                                    .heads = spec.heads,
                                    .kv_heads = spec.heads,
                                    .head_dim = spec.head_dim(),
                                    .scale = 1.0F / std::sqrt(static_cast<float>(spec.head_dim())),
                                    .mask = kernels::Mask::kCausal};
  run.ops.attention(run.context, args, mixed);
  forward(w.o, run, mixed, y);
}

}  // namespace lectio
