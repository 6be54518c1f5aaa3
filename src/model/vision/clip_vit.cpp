// SPDX-License-Identifier: Apache-2.0
#include "model/vision/clip_vit.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "model/vision/position_tables.h"

namespace lectio {
namespace {

std::int64_t grid_side(std::int64_t tokens) {
  const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(tokens))));
  LECTIO_CHECK(side * side == tokens, std::to_string(tokens) + " tokens are no square");
  return side;
}

// Row 0 as it is, the grid resized to side * side (spec 4.1, step 3).
Tensor fit_positions(const ClipVit& w, const ClipSpec& spec, std::int64_t side) {
  const TensorView table = w.positions.view();
  Tensor positions({1 + side * side, spec.width});
  const TensorView old_grid = table.row_range(1, spec.table_side * spec.table_side);
  std::ranges::copy(table.row_range(0, 1).floats(), positions.f32());
  const TensorView grid = positions.view().row_range(1, side * side);
  if (side == spec.table_side) {
    std::ranges::copy(old_grid.floats(), grid.f32());
  } else {
    std::ranges::copy(resize_grid(old_grid, spec.table_side, side).floats(), grid.f32());
  }
  return positions;
}

// sam[batch * n, width] -> x[batch * (n + 1), width]: class token first, positions added.
void embed(const ClipVit& w, const ClipSpec& spec, const Run& run, std::int64_t batch,
           TensorView sam, TensorView x) {
  const std::int64_t n = sam.rows() / batch;
  const Tensor positions = fit_positions(w, spec, grid_side(n));
  for (std::int64_t b = 0; b < batch; ++b) {
    const TensorView view = x.row_range(b * (n + 1), n + 1);
    std::ranges::copy(w.class_embedding.floats(), view.f32());
    std::ranges::copy(sam.row_range(b * n, n).floats(), view.row_range(1, n).f32());
    run.ops.add(run.context, view, positions.view(), view);
  }
}

// features = [x without class tokens | sam], channel by channel.
void join_features(std::int64_t batch, TensorView x, TensorView sam, TensorView features) {
  const std::int64_t n = sam.rows() / batch;
  for (std::int64_t row = 0; row < sam.rows(); ++row) {
    float* const out = features.f32() + row * features.columns();
    std::ranges::copy(x.row_range(row / n * (n + 1) + 1 + row % n, 1).floats(), out);
    std::ranges::copy(sam.row_range(row, 1).floats(), out + x.columns());
  }
}

}  // namespace

ClipLayer ClipLayer::bind(Binder& binder, const ClipSpec& spec, std::int64_t index) {
  const std::string name = "model.vision_model.transformer.layers." + std::to_string(index) + ".";
  const std::int64_t hidden = spec.mlp_ratio * spec.width;
  return {.norm1 = LayerNorm::bind(binder, name + "layer_norm1", spec.width, spec.norm_eps),
          .qkv = Linear::bind(binder, name + "self_attn.qkv_proj", 3 * spec.width, spec.width),
          .out = Linear::bind(binder, name + "self_attn.out_proj", spec.width, spec.width),
          .norm2 = LayerNorm::bind(binder, name + "layer_norm2", spec.width, spec.norm_eps),
          .fc1 = Linear::bind(binder, name + "mlp.fc1", hidden, spec.width),
          .fc2 = Linear::bind(binder, name + "mlp.fc2", spec.width, hidden)};
}

ClipVit ClipVit::bind(Binder& binder, const ClipSpec& spec) {
  const std::string name = "model.vision_model.";
  const std::int64_t positions = 1 + spec.table_side * spec.table_side;
  ClipVit vit{
      .class_embedding = binder.floats(name + "embeddings.class_embedding", {spec.width}),
      .positions =
          binder.floats(name + "embeddings.position_embedding.weight", {positions, spec.width}),
      .pre_norm = LayerNorm::bind(binder, name + "pre_layrnorm", spec.width, spec.norm_eps),  // sic
      .layers = {}};
  binder.tolerate(name + "embeddings.patch_embedding.weight");
  binder.tolerate(name + "embeddings.position_ids");
  for (std::int64_t i = 0; i < spec.layers; ++i)
    vit.layers.push_back(ClipLayer::bind(binder, spec, i));
  return vit;
}

void forward(const ClipVit& w, const ClipSpec& spec, const Run& run, std::int64_t batch,
             TensorView sam, TensorView features) {
  ScratchScope scratch(run.context.scratch);
  const std::int64_t tokens = sam.rows() / batch + 1;
  const TensorView x = scratch.make({batch * tokens, spec.width});
  const TensorView shown = x.reshaped({batch, tokens, spec.width});
  embed(w, spec, run, batch, sam, x);
  run.stages.show("clip.embed", shown);
  forward(w.pre_norm, run, x, x);
  run.stages.show("clip.preln", shown);
  for (std::size_t i = 0; i < w.layers.size(); ++i) {
    forward(w.layers[i], spec, run, batch, x);
    run.stages.show("clip.layer", static_cast<std::int64_t>(i), shown);
  }
  join_features(batch, x, sam, features);
}

void forward(const ClipLayer& w, const ClipSpec& spec, const Run& run, std::int64_t batch,
             TensorView x) {
  ScratchScope scratch(run.context.scratch);
  const TensorView normed = scratch.make({x.rows(), spec.width}, activation_type(run, w.qkv));
  const TensorView qkv = scratch.make({x.rows(), 3 * spec.width}, activation_type(run, w.qkv));
  const TensorView mixed = scratch.make({x.rows(), spec.width}, activation_type(run, w.qkv, w.out));

  forward(w.norm1, run, x, normed);
  forward(w.qkv, run, normed, qkv);
  const kernels::AttentionArgs args{.q = number_at(qkv, 0),
                                    .k = number_at(qkv, spec.width),
                                    .v = number_at(qkv, 2 * spec.width),
                                    .dtype = qkv.dtype,
                                    .q_stride = 3 * spec.width,
                                    .k_stride = 3 * spec.width,
                                    .v_stride = 3 * spec.width,
                                    .batch = batch,
                                    .queries = x.rows() / batch,
                                    .keys = x.rows() / batch,
                                    .heads = spec.heads,
                                    .kv_heads = spec.heads,
                                    .head_dim = spec.head_dim(),
                                    .scale = 1.0F / std::sqrt(static_cast<float>(spec.head_dim()))};
  run.ops.attention(run.context, args, mixed);
  forward(w.out, run, mixed, x, kernels::Activation::kAdd);

  const TensorView normed2 = scratch.make({x.rows(), spec.width}, activation_type(run, w.fc1));
  const TensorView hidden =
      scratch.make({x.rows(), spec.mlp_ratio * spec.width}, activation_type(run, w.fc1, w.fc2));
  forward(w.norm2, run, x, normed2);
  forward(w.fc1, run, normed2, hidden, kernels::Activation::kQuickGelu);
  forward(w.fc2, run, hidden, x, kernels::Activation::kAdd);
}

}  // namespace lectio
