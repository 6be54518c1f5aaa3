// SPDX-License-Identifier: Apache-2.0
#include "model/vision/sam_vit.h"

#include <algorithm>
#include <cmath>

#include "model/vision/position_tables.h"

namespace lectio {
namespace {

// How a grid is cut into square windows; the last ones reach over the edge.
struct Windows {
  PatchGrids grids;
  std::int64_t side = 0;    // patches a side of a window
  std::int64_t across = 0;  // windows a side of the grid

  std::int64_t count() const { return grids.batch * across * across; }
  std::int64_t rows() const { return count() * side * side; }
};

// Calls body(grid_row, window_row, length) for every run of patches that lie side by side in both.
template <typename Body>
void for_each_run(const Windows& windows, const Body& body) {
  const std::int64_t side = windows.side;
  for (std::int64_t window = 0; window < windows.count(); ++window) {
    const std::int64_t grid = window / (windows.across * windows.across);
    const std::int64_t top = window / windows.across % windows.across * side;
    const std::int64_t left = window % windows.across * side;
    const std::int64_t height = std::min(side, windows.grids.side - top);
    const std::int64_t width = std::min(side, windows.grids.side - left);
    for (std::int64_t y = 0; y < height; ++y) {
      const std::int64_t grid_row =
          (grid * windows.grids.side + top + y) * windows.grids.side + left;
      body(grid_row, (window * side + y) * side, width);
    }
  }
}

// x[grids.rows(), width] -> y[windows.rows(), width]; zero beyond the edge of the grid.
void cut_windows(const Windows& windows, TensorView x, TensorView y) {
  const std::int64_t width = x.columns();
  std::ranges::fill(y.floats(), 0.0F);
  for_each_run(windows, [&](std::int64_t grid_row, std::int64_t window_row, std::int64_t length) {
    std::copy_n(x.f32() + grid_row * width, length * width, y.f32() + window_row * width);
  });
}

// The way back; what lies beyond the edge is dropped.
void join_windows(const Windows& windows, TensorView x, TensorView y) {
  const std::int64_t width = x.columns();
  for_each_run(windows, [&](std::int64_t grid_row, std::int64_t window_row, std::int64_t length) {
    std::copy_n(x.f32() + window_row * width, length * width, y.f32() + grid_row * width);
  });
}

// The relative table for windows of this side: its own rows, or as many as needed in between
// (spec 3.1).
Tensor fit_table(const Tensor& table, std::int64_t side) {
  return resize_line(table.view(), 2 * side - 1);
}

// x[grids.rows(), width] -> y: attention inside windows. The zeros beyond the edge take part as
// keys, where their projection is the bias of qkv: the network was trained that way (spec 3.1).
void attend(const SamBlock& w, const SamSpec& spec, const Run& run, PatchGrids grids, TensorView x,
            TensorView y) {
  ScratchScope scratch(run.context.scratch);
  const std::int64_t side = w.global ? grids.side : spec.window;
  const Windows windows{grids, side, (grids.side + side - 1) / side};
  const TensorView cut = scratch.make({windows.rows(), spec.width});
  const TensorView qkv = scratch.make({windows.rows(), 3 * spec.width});
  const TensorView mixed = scratch.make({windows.rows(), spec.width});
  const Tensor rel_h = fit_table(w.rel_h, side);
  const Tensor rel_w = fit_table(w.rel_w, side);

  cut_windows(windows, x, cut);
  forward(w.qkv, run, cut, qkv);
  const kernels::AttentionArgs args{.q = qkv.f32(),
                                    .k = qkv.f32() + spec.width,
                                    .v = qkv.f32() + 2 * spec.width,
                                    .q_stride = 3 * spec.width,
                                    .k_stride = 3 * spec.width,
                                    .v_stride = 3 * spec.width,
                                    .batch = windows.count(),
                                    .queries = side * side,
                                    .keys = side * side,
                                    .heads = spec.heads,
                                    .kv_heads = spec.heads,
                                    .head_dim = spec.head_dim(),
                                    .scale = 1.0F / std::sqrt(static_cast<float>(spec.head_dim())),
                                    .rel_h = rel_h.f32(),
                                    .rel_w = rel_w.f32(),
                                    .side = side};
  run.ops.attention(run.context, args, mixed);
  const TensorView joined = scratch.make({grids.rows(), spec.width});
  join_windows(windows, mixed, joined);
  forward(w.projection, run, joined, y);
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
  const TensorView normed = scratch.make({grids.rows(), spec.width});
  const TensorView branch = scratch.make({grids.rows(), spec.width});

  forward(w.norm1, run, x, normed);
  attend(w, spec, run, grids, normed, branch);
  run.ops.add(run.context, x, branch, x);

  const TensorView hidden = scratch.make({grids.rows(), spec.mlp_ratio * spec.width});
  forward(w.norm2, run, x, normed);
  forward(w.lin1, run, normed, hidden, kernels::Activation::kGelu);
  forward(w.lin2, run, hidden, branch);
  run.ops.add(run.context, x, branch, x);
}

}  // namespace lectio
