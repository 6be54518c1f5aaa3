// SPDX-License-Identifier: Apache-2.0
#include "train/encoder_net.h"

#include <cmath>

#include "train/layers.h"

namespace lectio::train {
namespace {

std::string sam_block(std::int64_t i) { return "model.sam_model.blocks." + std::to_string(i); }
std::string clip_layer(std::int64_t i) {
  return "model.vision_model.transformer.layers." + std::to_string(i);
}

// Padding is not masked: its keys and values are the qkv bias (spec 3.1), as those of zeros are.
torch::Tensor sam_attention(const Parameters& p, const SamSpec& sam, std::int64_t block,
                            const torch::Tensor& x) {
  const std::string name = sam_block(block) + ".attn";
  const bool windowed = !sam.is_global(block);
  const torch::Tensor cut = windowed ? cut_windows(x, sam.window) : x;
  const std::int64_t h = cut.size(1), w = cut.size(2);
  const torch::Tensor qkv = linear(p, name + ".qkv", cut, true).flatten(1, 2);
  torch::Tensor mixed =
      relative_attention(qkv, sam.heads, resample_rows(p[name + ".rel_pos_h"], 2 * h - 1),
                         resample_rows(p[name + ".rel_pos_w"], 2 * w - 1), h, w);
  mixed = mixed.view({-1, h, w, sam.width});
  if (windowed) mixed = join_windows(mixed, x.size(0), x.size(1), x.size(2));
  return linear(p, name + ".proj", mixed, true);
}

torch::Tensor embed_patches(const Parameters& p, const SamSpec& sam, const torch::Tensor& pixels) {
  torch::Tensor kernel = p["model.sam_model.patch_embed.proj.weight"];
  if (pixels.size(1) == 1) kernel = kernel.sum(1, /*keepdim=*/true);
  const std::int64_t b = pixels.size(0), c = pixels.size(1), side = sam.patch;
  const std::int64_t h = pixels.size(2) / side, w = pixels.size(3) / side;
  const torch::Tensor patches = pixels.view({b, c, h, side, w, side})
                                    .permute({0, 2, 4, 1, 3, 5})
                                    .reshape({b, h, w, c * side * side});
  const torch::Tensor embedded = linear(patches, kernel.reshape({sam.width, c * side * side}),
                                        p["model.sam_model.patch_embed.proj.bias"]);
  return embedded + resize_positions(p["model.sam_model.pos_embed"].squeeze(0), h, w);
}

// Channels last all the way: a [B, h, w, C] tensor permuted to [B, C, h, w] already is cuDNN's
// NHWC.
torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& kernel, std::int64_t stride,
                       std::int64_t pad) {
  return torch::conv2d(x.permute({0, 3, 1, 2}), kernel, {}, stride, pad)
      .permute({0, 2, 3, 1})
      .contiguous();
}

torch::Tensor compress(const Parameters& p, const SamSpec& sam, const torch::Tensor& patches) {
  const std::string name = "model.sam_model.";
  const torch::Tensor narrow = torch::linear(patches, p[name + "neck.0.weight"].flatten(1));
  torch::Tensor x = layer_norm(p, name + "neck.1", narrow, sam.norm_eps);
  x = convolve(x, p[name + "neck.2.weight"], 1, 1);
  x = layer_norm(p, name + "neck.3", x, sam.norm_eps);
  x = convolve(x, p[name + "net_2.weight"], 2, 1);
  return convolve(x, p[name + "net_3.weight"], 2, 1);
}

torch::Tensor clip_attention(const Parameters& p, const ClipSpec& clip, const std::string& name,
                             const torch::Tensor& x) {
  const auto [q, k, v] = split_qkv(linear(p, name + ".qkv_proj", x, true), clip.heads);
  const double scale = 1.0 / std::sqrt(static_cast<double>(clip.head_dim()));
  return linear(p, name + ".out_proj", join_heads(attention(q, k, v, scale, false)), true);
}

// S [B, h, w, C] -> [B, h * w, C].
torch::Tensor clip_tower(const Parameters& p, const ClipSpec& clip, const torch::Tensor& s) {
  const std::string name = "model.vision_model.";
  const std::int64_t b = s.size(0), h = s.size(1), w = s.size(2), side = clip.table_side;
  const torch::Tensor table = p[name + "embeddings.position_embedding.weight"];
  const torch::Tensor grid =
      resize_positions(table.slice(0, 1).view({side, side, clip.width}), h, w);
  const torch::Tensor positions =
      torch::cat({table.slice(0, 0, 1), grid.reshape({h * w, clip.width})}, 0);
  const torch::Tensor first =
      p[name + "embeddings.class_embedding"].view({1, 1, clip.width}).expand({b, 1, clip.width});
  torch::Tensor x = torch::cat({first, s.reshape({b, h * w, clip.width})}, 1) + positions;
  x = layer_norm(p, name + "pre_layrnorm", x, clip.norm_eps);
  torch::Tensor branch;
  for (std::int64_t i = 0; i < clip.layers; ++i) {
    const std::string layer = clip_layer(i);
    const Normed outer = add_layer_norm(p, layer + ".layer_norm1", x, branch, clip.norm_eps);
    const torch::Tensor mixed = clip_attention(p, clip, layer + ".self_attn", outer.out);
    const Normed inner = add_layer_norm(p, layer + ".layer_norm2", outer.sum, mixed, clip.norm_eps);
    const torch::Tensor hidden = linear(p, layer + ".mlp.fc1", inner.out, true);
    x = inner.sum;
    branch = linear(p, layer + ".mlp.fc2", hidden * torch::sigmoid(1.702 * hidden), true);
  }
  return (x + branch).slice(1, 1);
}

void declare_sam(Parameters& p, const SamSpec& sam, std::int64_t neck_width) {
  const std::string name = "model.sam_model.";
  const double residual = 0.02 / std::sqrt(2.0 * static_cast<double>(sam.layers));
  p.declare(name + "pos_embed", {1, sam.table_side, sam.table_side, sam.width}, Init::kNormal);
  p.declare(name + "patch_embed.proj.weight", {sam.width, 3, sam.patch, sam.patch}, Init::kNormal,
            0.036);
  p.declare(name + "patch_embed.proj.bias", {sam.width}, Init::kZero);
  for (std::int64_t i = 0; i < sam.layers; ++i) {
    const std::string block = sam_block(i);
    declare_norm(p, block + ".norm1", sam.width, true);
    const std::int64_t rows = 2 * (sam.is_global(i) ? sam.table_side : sam.window) - 1;
    p.declare(block + ".attn.rel_pos_h", {rows, sam.head_dim()}, Init::kZero);
    p.declare(block + ".attn.rel_pos_w", {rows, sam.head_dim()}, Init::kZero);
    declare_linear(p, block + ".attn.qkv", 3 * sam.width, sam.width, true, 0.03);
    declare_linear(p, block + ".attn.proj", sam.width, sam.width, true, residual);
    declare_norm(p, block + ".norm2", sam.width, true);
    declare_linear(p, block + ".mlp.lin1", sam.mlp_ratio * sam.width, sam.width, true, 0.03);
    declare_linear(p, block + ".mlp.lin2", sam.width, sam.mlp_ratio * sam.width, true, residual);
  }
  const auto fan_in = [](std::int64_t count) {
    return 1.0 / std::sqrt(static_cast<double>(count));
  };
  p.declare(name + "neck.0.weight", {neck_width, sam.width, 1, 1}, Init::kNormal,
            fan_in(sam.width));
  declare_norm(p, name + "neck.1", neck_width, true);
  p.declare(name + "neck.2.weight", {neck_width, neck_width, 3, 3}, Init::kNormal,
            fan_in(9 * neck_width));
  declare_norm(p, name + "neck.3", neck_width, true);
  p.declare(name + "net_2.weight", {sam.net2_channels, neck_width, 3, 3}, Init::kNormal,
            fan_in(9 * neck_width));
  p.declare(name + "net_3.weight", {sam.net3_channels, sam.net2_channels, 3, 3}, Init::kNormal,
            fan_in(9 * sam.net2_channels));
}

void declare_clip(Parameters& p, const ClipSpec& clip) {
  const std::string name = "model.vision_model.";
  const double residual = 0.02 / std::sqrt(2.0 * static_cast<double>(clip.layers));
  p.declare(name + "embeddings.class_embedding", {clip.width}, Init::kNormal);
  p.declare(name + "embeddings.position_embedding.weight",
            {clip.table_side * clip.table_side + 1, clip.width}, Init::kNormal, 0.1);
  declare_norm(p, name + "pre_layrnorm", clip.width, true);
  for (std::int64_t i = 0; i < clip.layers; ++i) {
    const std::string layer = clip_layer(i);
    declare_norm(p, layer + ".layer_norm1", clip.width, true);
    declare_linear(p, layer + ".self_attn.qkv_proj", 3 * clip.width, clip.width, true, 0.03);
    declare_linear(p, layer + ".self_attn.out_proj", clip.width, clip.width, true, residual);
    declare_norm(p, layer + ".layer_norm2", clip.width, true);
    declare_linear(p, layer + ".mlp.fc1", clip.mlp_ratio * clip.width, clip.width, true, 0.03);
    declare_linear(p, layer + ".mlp.fc2", clip.width, clip.mlp_ratio * clip.width, true, residual);
  }
}

}  // namespace

void declare_encoder(Parameters& p, const NetworkSpec& spec, std::int64_t neck_width) {
  declare_sam(p, spec.sam, neck_width);
  declare_clip(p, spec.clip);
  declare_linear(p, "model.projector.layers", spec.decoder.width,
                 spec.clip.width + spec.sam.net3_channels, true, 0.03);
}

EncoderOutput encode(const Parameters& p, const NetworkSpec& spec, const torch::Tensor& pixels) {
  torch::Tensor x = embed_patches(p, spec.sam, pixels), branch;
  for (std::int64_t i = 0; i < spec.sam.layers; ++i) {
    const std::string block = sam_block(i);
    const Normed outer = add_layer_norm(p, block + ".norm1", x, branch, spec.sam.norm_eps);
    const torch::Tensor mixed = sam_attention(p, spec.sam, i, outer.out);
    const Normed inner = add_layer_norm(p, block + ".norm2", outer.sum, mixed, spec.sam.norm_eps);
    const torch::Tensor hidden = torch::gelu(linear(p, block + ".mlp.lin1", inner.out, true));
    x = inner.sum;
    branch = linear(p, block + ".mlp.lin2", hidden, true);
  }
  x = x + branch;
  const torch::Tensor s = compress(p, spec.sam, x);
  const torch::Tensor c = clip_tower(p, spec.clip, s);
  const torch::Tensor flat = s.reshape({s.size(0), s.size(1) * s.size(2), s.size(3)});
  return {x, linear(p, "model.projector.layers", torch::cat({c, flat}, -1), true)};
}

}  // namespace lectio::train
