// SPDX-License-Identifier: Apache-2.0
#include "model/language/attention.h"

#include <array>
#include <cmath>

namespace lectio {

Attention Attention::bind(Binder& binder, const std::string& name, const DecoderSpec& spec) {
  return {.q = Linear::bind_without_bias(binder, name + ".q_proj", spec.width, spec.width),
          .k = Linear::bind_without_bias(binder, name + ".k_proj", spec.width, spec.width),
          .v = Linear::bind_without_bias(binder, name + ".v_proj", spec.width, spec.width),
          .o = Linear::bind_without_bias(binder, name + ".o_proj", spec.width, spec.width)};
}

namespace {

float logit_scale(const DecoderSpec& spec) {
  return 1.0F / std::sqrt(static_cast<float>(spec.head_dim()));
}

}  // namespace

void forward(const Attention& w, const DecoderSpec& spec, const Run& run, const KvCache& cache,
             std::int64_t layer, TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const std::int64_t begin = cache.length();
  const std::int64_t end = begin + x.rows();
  const TensorView q = scratch.make({x.rows(), spec.width});
  const TensorView mixed = scratch.make({x.rows(), spec.width});
  // Rows of all positions as the cache holds them, the new ones at the end.
  const TensorView keys = scratch.make({end, spec.width});
  const TensorView values = scratch.make({end, spec.width});
  const TensorView new_keys = keys.row_range(begin, x.rows());
  const TensorView new_values = values.row_range(begin, x.rows());

  forward(w.q, run, x, q);
  forward(w.k, run, x, new_keys);
  forward(w.v, run, x, new_values);
  run.ops.rope(run.context, q, spec.head_dim(), begin, spec.rope_theta);
  run.ops.rope(run.context, new_keys, spec.head_dim(), begin, spec.rope_theta);
  run.ops.store_cached(run.context, new_keys, new_values, cache.layer(layer), begin);
  run.ops.load_cached(run.context, cache.layer(layer), keys, values);
  const kernels::AttentionArgs args{.q = q.f32(),
                                    .k = keys.f32(),
                                    .v = values.f32(),
                                    .q_stride = spec.width,
                                    .k_stride = spec.width,
                                    .v_stride = spec.width,
                                    .queries = x.rows(),
                                    .keys = end,
                                    .heads = spec.heads,
                                    .kv_heads = spec.heads,
                                    .head_dim = spec.head_dim(),
                                    .scale = logit_scale(spec),
                                    .mask = kernels::Mask::kCausal};
  run.ops.attention(run.context, args, mixed);
  forward(w.o, run, mixed, y);
}

void step(const Attention& w, const DecoderSpec& spec, const Run& run,
          std::span<KvCache* const> caches, std::int64_t layer, TensorView x, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const TensorView q = scratch.make(x.shape);
  const TensorView k = scratch.make(x.shape);
  const TensorView v = scratch.make(x.shape);
  const TensorView mixed = scratch.make(x.shape);
  const std::array<kernels::LinearJob, 3> inputs = {{
      {.x = x, .weight = w.q.weight, .gate = {}, .y = q},
      {.x = x, .weight = w.k.weight, .gate = {}, .y = k},
      {.x = x, .weight = w.v.weight, .gate = {}, .y = v},
  }};
  run.ops.linear_group(run.context, inputs);

  const auto queries = make_array<kernels::CachedQuery>(scratch, std::ssize(caches));
  for (std::int64_t i = 0; i < std::ssize(caches); ++i) {
    const KvCache& cache = *caches[static_cast<std::size_t>(i)];
    const std::int64_t position = cache.length();
    const TensorView key = k.row_range(i, 1);
    run.ops.rope(run.context, q.row_range(i, 1), spec.head_dim(), position, spec.rope_theta);
    run.ops.rope(run.context, key, spec.head_dim(), position, spec.rope_theta);
    run.ops.store_cached(run.context, key, v.row_range(i, 1), cache.layer(layer), position);
    queries[static_cast<std::size_t>(i)] = {.q = q.row_range(i, 1).f32(),
                                            .cache = cache.layer(layer),
                                            .keys = position + 1,
                                            .out = mixed.row_range(i, 1).f32()};
  }
  run.ops.attend_cached(run.context, queries, logit_scale(spec));
  const kernels::LinearJob output{.x = mixed, .weight = w.o.weight, .gate = {}, .y = y};
  run.ops.linear_group(run.context, {&output, 1});
}

}  // namespace lectio
