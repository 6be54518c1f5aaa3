// SPDX-License-Identifier: Apache-2.0
#include "model/vision/causal_flow.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace lectio {
namespace {

// The query table for views of n tokens; the released network has two, and other sizes mean nothing
// to it.
const Tensor& queries_for(const CausalFlow& w, std::int64_t n) {
  const bool small = n == w.queries_768.shape()[0];
  LECTIO_CHECK(small || n == w.queries_1024.shape()[0],
               "no queries for views of " + std::to_string(n) + " tokens");
  return small ? w.queries_768 : w.queries_1024;
}

// normed[batch * 2n, width] -> y: grouped-query attention; positions run through image rows and
// queries.
void attend(const FlowLayer& w, const FlowSpec& spec, const Run& run, std::int64_t batch,
            TensorView normed, TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const std::int64_t length = normed.rows() / batch;
  const std::int64_t kv_width = spec.kv_heads * spec.head_dim();
  const TensorView q = scratch.make({normed.rows(), spec.width});
  const TensorView k = scratch.make({normed.rows(), kv_width});
  const TensorView v = scratch.make({normed.rows(), kv_width});
  const TensorView mixed = scratch.make({normed.rows(), spec.width});

  forward(w.q, run, normed, q);
  forward(w.k, run, normed, k);
  forward(w.v, run, normed, v);
  for (std::int64_t b = 0; b < batch; ++b) {
    run.ops.rope(run.context, q.row_range(b * length, length), spec.head_dim(), 0, spec.rope_theta);
    run.ops.rope(run.context, k.row_range(b * length, length), spec.head_dim(), 0, spec.rope_theta);
  }
  const kernels::AttentionArgs args{.q = q.f32(),
                                    .k = k.f32(),
                                    .v = v.f32(),
                                    .q_stride = spec.width,
                                    .k_stride = kv_width,
                                    .v_stride = kv_width,
                                    .batch = batch,
                                    .queries = length,
                                    .keys = length,
                                    .heads = spec.heads,
                                    .kv_heads = spec.kv_heads,
                                    .head_dim = spec.head_dim(),
                                    .scale = 1.0F / std::sqrt(static_cast<float>(spec.head_dim())),
                                    .mask = kernels::Mask::kPrefixCausal,
                                    .prefix = length / 2};
  run.ops.attention(run.context, args, mixed);
  forward(w.o, run, mixed, y);
}

}  // namespace

FlowLayer FlowLayer::bind(Binder& binder, const FlowSpec& spec, std::int64_t index) {
  const std::string name = "model.qwen2_model.model.model.layers." + std::to_string(index) + ".";
  const std::int64_t kv_width = spec.kv_heads * spec.head_dim();
  return {
      .norm1 = RmsNorm::bind(binder, name + "input_layernorm", spec.width, spec.norm_eps),
      .q = Linear::bind(binder, name + "self_attn.q_proj", spec.width, spec.width),
      .k = Linear::bind(binder, name + "self_attn.k_proj", kv_width, spec.width),
      .v = Linear::bind(binder, name + "self_attn.v_proj", kv_width, spec.width),
      .o = Linear::bind_without_bias(binder, name + "self_attn.o_proj", spec.width, spec.width),
      .norm2 = RmsNorm::bind(binder, name + "post_attention_layernorm", spec.width, spec.norm_eps),
      .mlp = GatedMlp::bind(binder, name + "mlp", spec.width, spec.hidden)};
}

CausalFlow CausalFlow::bind(Binder& binder, const FlowSpec& spec) {
  const std::string name = "model.qwen2_model.";
  CausalFlow flow{
      .queries_768 = binder.floats(name + "query_768.weight", {spec.queries_768, spec.width}),
      .queries_1024 = binder.floats(name + "query_1024.weight", {spec.queries_1024, spec.width}),
      .layers = {},
      .norm = RmsNorm::bind(binder, name + "model.model.norm", spec.width, spec.norm_eps)};
  for (std::int64_t i = 0; i < spec.layers; ++i)
    flow.layers.push_back(FlowLayer::bind(binder, spec, i));
  return flow;
}

void forward(const CausalFlow& w, const FlowSpec& spec, const Run& run, std::int64_t batch,
             TensorView sam, TensorView features) {
  ScratchScope scratch(run.context.scratch);
  const std::int64_t n = sam.rows() / batch;
  const Tensor& queries = queries_for(w, n);
  const TensorView x = scratch.make({batch * 2 * n, spec.width});
  for (std::int64_t b = 0; b < batch; ++b) {
    std::ranges::copy(sam.row_range(b * n, n).floats(), x.row_range(2 * b * n, n).f32());
    std::ranges::copy(queries.floats(), x.row_range((2 * b + 1) * n, n).f32());
  }
  for (std::size_t i = 0; i < w.layers.size(); ++i) {
    forward(w.layers[i], spec, run, batch, x);
    run.stages.show("qwen.layer", static_cast<std::int64_t>(i),
                    x.reshaped({batch, 2 * n, spec.width}));
  }
  for (std::int64_t b = 0; b < batch; ++b) {
    forward(w.norm, run, x.row_range((2 * b + 1) * n, n), features.row_range(b * n, n));
  }
  run.stages.show("qwen.out", features.reshaped({batch, n, spec.width}));
}

void forward(const FlowLayer& w, const FlowSpec& spec, const Run& run, std::int64_t batch,
             TensorView x) {
  ScratchScope scratch(run.context.scratch);
  const TensorView normed = scratch.make({x.rows(), spec.width});
  const TensorView branch = scratch.make({x.rows(), spec.width});

  forward(w.norm1, run, x, normed);
  attend(w, spec, run, batch, normed, branch);
  run.ops.add(run.context, x, branch, x);

  forward(w.norm2, run, x, normed);
  forward(w.mlp, run, normed, branch);
  run.ops.add(run.context, x, branch, x);
}

}  // namespace lectio
