// SPDX-License-Identifier: Apache-2.0
#include "model/language/decoder.h"

#include <algorithm>
#include <string>

namespace lectio {
namespace {

// x[n, width], in place: x += attention(norm1(x)); x += feed_forward(norm2(x)).
void forward(const DecoderLayer& w, const DecoderSpec& spec, const Run& run, const KvCache& cache,
             std::int64_t index, TensorView x) {
  ScratchScope scratch(run.context.scratch);
  const TensorView normed = scratch.make({x.rows(), spec.width});
  const TensorView branch = scratch.make({x.rows(), spec.width});

  forward(w.norm1, run, x, normed);
  forward(w.attention, spec, run, cache, index, normed, branch);
  run.ops.add(run.context, x, branch, x);

  forward(w.norm2, run, x, normed);
  if (const auto* dense = std::get_if<GatedMlp>(&w.feed_forward)) {
    forward(*dense, run, normed, branch);
  } else {
    forward(std::get<MixtureOfExperts>(w.feed_forward), spec, run, index, normed, branch);
  }
  run.ops.add(run.context, x, branch, x);
}

// The same for one row each of several sequences.
void step(const DecoderLayer& w, const DecoderSpec& spec, const Run& run,
          std::span<KvCache* const> caches, std::int64_t index, TensorView x) {
  ScratchScope scratch(run.context.scratch);
  const TensorView normed = scratch.make(x.shape);
  const TensorView branch = scratch.make(x.shape);

  forward(w.norm1, run, x, normed);
  step(w.attention, spec, run, caches, index, normed, branch);
  run.ops.add(run.context, x, branch, x);

  forward(w.norm2, run, x, normed);
  if (const auto* dense = std::get_if<GatedMlp>(&w.feed_forward)) {
    step(*dense, run, normed, branch);
  } else {
    step(std::get<MixtureOfExperts>(w.feed_forward), spec, run, index, normed, branch);
  }
  run.ops.add(run.context, x, branch, x);
}

}  // namespace

DecoderLayer DecoderLayer::bind(Binder& binder, const DecoderSpec& spec, std::int64_t index) {
  const std::string name = "model.layers." + std::to_string(index) + ".";
  DecoderLayer layer{
      .norm1 = RmsNorm::bind(binder, name + "input_layernorm", spec.width, spec.norm_eps),
      .attention = Attention::bind(binder, name + "self_attn", spec),
      .norm2 = RmsNorm::bind(binder, name + "post_attention_layernorm", spec.width, spec.norm_eps),
      .feed_forward = {}};
  if (index < spec.dense_layers) {
    layer.feed_forward = GatedMlp::bind(binder, name + "mlp", spec.width, spec.dense_hidden);
  } else {
    layer.feed_forward = MixtureOfExperts::bind(binder, name + "mlp", spec);
  }
  return layer;
}

Decoder Decoder::bind(Binder& binder, const DecoderSpec& spec) {
  Decoder decoder{
      .embeddings = binder.weight("model.embed_tokens.weight", {spec.vocabulary, spec.width}),
      .layers = {},
      .norm = RmsNorm::bind(binder, "model.norm", spec.width, spec.norm_eps),
      .head = binder.weight("lm_head.weight", {spec.vocabulary, spec.width})};
  for (std::int64_t i = 0; i < spec.layers; ++i)
    decoder.layers.push_back(DecoderLayer::bind(binder, spec, i));
  return decoder;
}

void forward(const Decoder& w, const DecoderSpec& spec, const Run& run, TensorView rows,
             KvCache& cache, TensorView logits) {
  if (rows.rows() == 1) {
    KvCache* const only = &cache;
    return step(w, spec, run, rows, {&only, 1}, logits);
  }
  ScratchScope scratch(run.context.scratch);
  const TensorView x = scratch.make({rows.rows(), spec.width});
  std::ranges::copy(rows.floats(), x.f32());
  for (std::size_t i = 0; i < w.layers.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    forward(w.layers[i], spec, run, cache, index, x);
    run.stages.show("dec.layer", index, x);
  }
  cache.advance(rows.rows());

  const std::int64_t count = logits.rows();
  const TensorView last = x.row_range(x.rows() - count, count);
  forward(w.norm, run, last, last);
  run.stages.show("dec.norm", last);
  run.ops.linear(run.context, last, w.head, {}, kernels::Activation::kNone, logits);
  run.stages.show("logits", logits);
}

void step(const Decoder& w, const DecoderSpec& spec, const Run& run, TensorView rows,
          std::span<KvCache* const> caches, TensorView logits) {
  LECTIO_CHECK(rows.rows() == std::ssize(caches) && logits.rows() == rows.rows(),
               rows.shape.to_string() + " to " + logits.shape.to_string());
  ScratchScope scratch(run.context.scratch);
  const TensorView x = scratch.make({rows.rows(), spec.width});
  std::ranges::copy(rows.floats(), x.f32());
  for (std::size_t i = 0; i < w.layers.size(); ++i) {
    const auto index = static_cast<std::int64_t>(i);
    step(w.layers[i], spec, run, caches, index, x);
    run.stages.show("dec.layer", index, x);
  }
  for (KvCache* const cache : caches) cache->advance(1);
  forward(w.norm, run, x, x);
  run.stages.show("dec.norm", x);
  const kernels::LinearJob head{.x = x, .weight = w.head, .gate = {}, .y = logits};
  run.ops.linear_group(run.context, {&head, 1});
  run.stages.show("logits", logits);
}

}  // namespace lectio
