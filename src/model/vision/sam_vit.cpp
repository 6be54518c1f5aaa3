// SPDX-License-Identifier: Apache-2.0
#include "model/vision/sam_vit.h"

#include <cmath>
#include <string>

#include "model/vision/position_tables.h"

namespace lectio {
namespace {

// The relative table for windows of this side: its own rows, or as many as needed in between
// (spec 3.1).
Tensor fit_table(const Tensor& table, std::int64_t side) {
  return resize_line(table.view(), 2 * side - 1);
}

// normed[grids.rows(), width], added to x: attention inside windows. The zeros beyond the edge take
// part as keys, where their projection is the bias of qkv: the network was trained that way (spec
// 3.1).
void attend(const SamBlock& w, const SamSpec& spec, const Run& run, PatchGrids grids,
            TensorView normed, TensorView x) {
  ScratchScope scratch(run.context.scratch);
  const std::int64_t side = w.global ? grids.side : spec.window;
  const TensorView qkv = scratch.make({grids.rows(), 3 * spec.width}, activation_type(run, w.qkv));
  const TensorView mixed =
      scratch.make({grids.rows(), spec.width}, activation_type(run, w.qkv, w.projection));
  const Tensor rel_h = fit_table(w.rel_h, side);
  const Tensor rel_w = fit_table(w.rel_w, side);

  forward(w.qkv, run, normed, qkv);
  const kernels::AttentionArgs args{.q = number_at(qkv, 0),
                                    .k = number_at(qkv, spec.width),
                                    .v = number_at(qkv, 2 * spec.width),
                                    .dtype = qkv.dtype,
                                    .q_stride = 3 * spec.width,
                                    .k_stride = 3 * spec.width,
                                    .v_stride = 3 * spec.width,
                                    .batch = grids.batch,
                                    .queries = grids.side * grids.side,
                                    .keys = grids.side * grids.side,
                                    .heads = spec.heads,
                                    .kv_heads = spec.heads,
                                    .head_dim = spec.head_dim(),
                                    .scale = 1.0F / std::sqrt(static_cast<float>(spec.head_dim())),
                                    .rel_h = rel_h.f32(),
                                    .rel_w = rel_w.f32(),
                                    .side = side,
                                    .grid = w.global ? 0 : grids.side,
                                    .pad_k = w.qkv.bias.f32() + spec.width,
                                    .pad_v = w.qkv.bias.f32() + 2 * spec.width};
  run.ops.attention(run.context, args, mixed);
  forward(w.projection, run, mixed, x, kernels::Activation::kAdd);
}

// pixels[batch, 3, N, N] -> [batch, N, N, 3]
void to_channels_last(TensorView pixels, TensorView out) {
  const std::int64_t channels = pixels.shape[1];
  const std::int64_t plane = pixels.shape[2] * pixels.shape[3];
  for (std::int64_t b = 0; b < pixels.shape[0]; ++b) {
    for (std::int64_t c = 0; c < channels; ++c) {
      const float* const in = pixels.f32() + (b * channels + c) * plane;
      float* const first = out.f32() + b * channels * plane + c;
      for (std::int64_t i = 0; i < plane; ++i) first[i * channels] = in[i];
    }
  }
}

void embed_patches(const SamVit& w, const SamSpec& spec, const Run& run, TensorView pixels,
                   PatchGrids grids, TensorView x) {
  ScratchScope scratch(run.context.scratch);
  const std::int64_t size = pixels.shape[2];
  const TensorView channels_last = scratch.make({grids.batch, size, size, 3});
  to_channels_last(pixels, channels_last);
  run.ops.conv2d(run.context, channels_last, w.patch_weight, w.patch_bias.view(), spec.patch, 0,
                 x.reshaped({grids.batch, grids.side, grids.side, spec.width}));

  const TensorView table =
      w.positions.view().reshaped({spec.table_side * spec.table_side, spec.width});
  Tensor resized;
  if (grids.side != spec.table_side) resized = resize_grid(table, spec.table_side, grids.side);
  const TensorView positions = grids.side == spec.table_side ? table : resized.view();
  for (std::int64_t b = 0; b < grids.batch; ++b) {
    const TensorView grid = x.row_range(b * positions.rows(), positions.rows());
    run.ops.add(run.context, grid, positions, grid);
  }
}

}  // namespace

SamBlock SamBlock::bind(Binder& binder, const SamSpec& spec, std::int64_t index) {
  const std::string name = "model.sam_model.blocks." + std::to_string(index) + ".";
  const bool global = spec.is_global(index);
  const std::int64_t table_length = 2 * (global ? spec.table_side : spec.window) - 1;
  const std::int64_t hidden = spec.mlp_ratio * spec.width;
  return {.global = global,
          .norm1 = LayerNorm::bind(binder, name + "norm1", spec.width, spec.norm_eps),
          .qkv = Linear::bind(binder, name + "attn.qkv", 3 * spec.width, spec.width),
          .projection = Linear::bind(binder, name + "attn.proj", spec.width, spec.width),
          .rel_h = binder.floats(name + "attn.rel_pos_h", {table_length, spec.head_dim()}),
          .rel_w = binder.floats(name + "attn.rel_pos_w", {table_length, spec.head_dim()}),
          .norm2 = LayerNorm::bind(binder, name + "norm2", spec.width, spec.norm_eps),
          .lin1 = Linear::bind(binder, name + "mlp.lin1", hidden, spec.width),
          .lin2 = Linear::bind(binder, name + "mlp.lin2", spec.width, hidden)};
}

SamVit SamVit::bind(Binder& binder, const SamSpec& spec) {
  const std::string name = "model.sam_model.";
  SamVit vit{.patch_weight = binder.weight(name + "patch_embed.proj.weight",
                                           {spec.width, 3, spec.patch, spec.patch}),
             .patch_bias = binder.floats(name + "patch_embed.proj.bias", {spec.width}),
             .positions = binder.floats(name + "pos_embed",
                                        {1, spec.table_side, spec.table_side, spec.width}),
             .blocks = {}};
  for (std::int64_t i = 0; i < spec.layers; ++i)
    vit.blocks.push_back(SamBlock::bind(binder, spec, i));
  return vit;
}

void forward(const SamVit& w, const SamSpec& spec, const Run& run, TensorView pixels,
             TensorView x) {
  const PatchGrids grids{pixels.shape[0], pixels.shape[2] / spec.patch};
  const TensorView shown = x.reshaped({grids.batch, grids.side, grids.side, spec.width});
  embed_patches(w, spec, run, pixels, grids, x);
  run.stages.show("sam.embed", shown);
  for (std::size_t i = 0; i < w.blocks.size(); ++i) {
    forward(w.blocks[i], spec, run, grids, x);
    run.stages.show("sam.block", static_cast<std::int64_t>(i), shown);
  }
}

void forward(const SamBlock& w, const SamSpec& spec, const Run& run, PatchGrids grids,
             TensorView x) {
  ScratchScope scratch(run.context.scratch);
  const TensorView normed = scratch.make({grids.rows(), spec.width}, activation_type(run, w.qkv));
  forward(w.norm1, run, x, normed);
  attend(w, spec, run, grids, normed, x);

  const TensorView normed2 = scratch.make({grids.rows(), spec.width}, activation_type(run, w.lin1));
  const TensorView hidden = scratch.make({grids.rows(), spec.mlp_ratio * spec.width},
                                         activation_type(run, w.lin1, w.lin2));
  forward(w.norm2, run, x, normed2);
  forward(w.lin1, run, normed2, hidden, kernels::Activation::kGelu);
  forward(w.lin2, run, hidden, x, kernels::Activation::kAdd);
}

}  // namespace lectio
